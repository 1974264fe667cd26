using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels;

/// <summary>
/// Input: the step, one element that holds an integer of [0, 2²⁴). Output: independent uniform numbers of [0, 1), multiples of
/// 2⁻²⁴, a function of (seed, stream, step, element) by the convention of <see cref="Philox"/>: a graph that is replayed with
/// another step gives other numbers, and with the same step the same ones, on any device.
/// </summary>
/// <remarks>
/// Running the launch throws an <see cref="InvalidDataException"/> that names the value where the step is not such an integer.
/// </remarks>
/// <param name="Shape">The shape of the output.</param>
/// <param name="Stream">Which of the run's random arrays.</param>
/// <param name="Seed">The run's seed.</param>
public sealed record RandomUniform(Shape Shape, uint Stream, ulong Seed) : VectorOperation
{
    internal const int Steps = 1 << 24;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) =>
        inputs.Length == 1 && inputs[0].Count == 1 ? Shape : throw Mismatch(inputs, "the step, of one element");

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new RandomUniformGpu(device, this, inputs[0], output);

    private protected override unsafe Launch Bind<T, TWords>(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T, TWords>(device, this, CpuDevice.Address(inputs[0]), CpuDevice.Address(output));

    /// <summary>The error of a step that is no such integer.</summary>
    internal static InvalidDataException Invalid(float step) =>
        new($"{nameof(RandomUniform)}: the step is {step:R}, which is not an integer from 0 to {Steps - 1}.");

    private sealed unsafe class Kernel<T, TWords>(CpuDevice device, RandomUniform operation, float* step, float* y) : CpuLaunch(device)
        where T : struct, ILane<T, TWords>, IMemoryLane<T>
        where TWords : struct, IWords<TWords>
    {
        // Whole groups at every width.
        private const int Chunk = 960;
        private const long FloatsPerTask = 16 * Chunk;
        private readonly long count = operation.Shape.Count;

        public override int Tasks => (int)((count + FloatsPerTask - 1) / FloatsPerTask);

        public override void RunTask(int task, int worker)
        {
            float now = *step;
            if (!(now is >= 0 and < Steps) || now != (uint)now)
            {
                throw Invalid(now);
            }

            long start = task * FloatsPerTask, end = Math.Min(start + FloatsPerTask, count);
            uint* words = stackalloc uint[Chunk];
            for (; start < end; start += Chunk)
            {
                int length = (int)Math.Min(Chunk, end - start), i = 0;
                Philox.Fill<TWords>(
                    words, (length + (4 * T.Count) - 1) / (4 * T.Count), start,
                    operation.Stream, (uint)now, (uint)operation.Seed, (uint)(operation.Seed >> 32));
                for (; i + T.Count <= length; i += T.Count)
                {
                    T.Store(y + start + i, UniformSampler.Unit<T, TWords>(Unsafe.ReadUnaligned<TWords>(words + i)));
                }

                for (; i < length; i++)
                {
                    y[start + i] = UniformSampler.Unit<Float1, Words1>(new(words[i])).Value;
                }
            }
        }
    }
}
