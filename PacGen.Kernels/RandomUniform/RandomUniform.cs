using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

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

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Region all = output.Slice(0, Shape.Count);
        RandomMapCpu<Numbers, PhiloxDraw, T, TWords> numbers = new(device, all, all, all, all);
        return new Kernel(this, CpuDevice.Address(inputs[0]), numbers);
    }

    /// <summary>The error of a step that is no such integer.</summary>
    internal static InvalidDataException Invalid(float step) =>
        new($"{nameof(RandomUniform)}: the step is {step:R}, which is not an integer from 0 to {Steps - 1}.");

    private sealed unsafe class Kernel(RandomUniform operation, float* step, IPassKernel<PhiloxDraw> numbers) : Launch
    {
        public override void Run()
        {
            float now = *step;
            if (!(now is >= 0 and < Steps) || now != (uint)now)
            {
                throw Invalid(now);
            }

            numbers.Settings = new PhiloxDraw(operation.Seed, operation.Stream, (uint)now);
            numbers.Run();
        }
    }

    /// <summary>A uniform number a word; the scalars are the random numbers' key and counter.</summary>
    private readonly struct Numbers : IRandomMap<PhiloxDraw>
    {
        public static int Inputs => 0;

        public static PhiloxDraw Random(PhiloxDraw settings) => settings;

        public static LaneConstants<T> Constants<T>(PhiloxDraw settings)
            where T : struct, ILane<T> => default;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords> => UniformSampler.Unit<T, TWords>(word);
    }
}
