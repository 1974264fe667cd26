using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Inputs z (N, C), logits, and labels (N): each example's loss (N) in nats, ln Σⱼ exp(z[n, j]) − z[n, label[n]].
/// </summary>
/// <remarks>
/// Computed as (m − z_label) + ln(1 + r), where m is the row's maximum and r sums exp(z − m) over all columns but one that holds
/// m: accurate in relative terms however small the loss. Its gradient by z is <see cref="SoftmaxCrossEntropyGradient"/>.
/// Running the launch throws an <see cref="InvalidDataException"/> that names the row and the value where a label is not an
/// integer in [0, C).
/// </remarks>
public sealed record SoftmaxCrossEntropy : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "logits (N, C) and labels (N)";
        Expect(inputs, Expected, 2, 1);
        return inputs[0][0] == inputs[1][0] ? inputs[1] : throw Mismatch(inputs, Expected);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new SoftmaxGpu<Losses>(device, Name, shapes[0], inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0],
            shapes[0][1]);

    private sealed unsafe class Kernel<T>(CpuDevice device, float* z, float* labels, float* losses, int rows, int columns)
        : RowTileLaunch<T>(device, z, rows, columns)
        where T : struct, IMemoryLane<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void Run(float* tile, long row, int rows)
        {
            float* chosen = stackalloc float[T.Count];
            for (int i = 0; i < rows; i++)
            {
                int label = ColumnIndex.Read(labels, row + i, Columns, nameof(SoftmaxCrossEntropy));
                chosen[i] = tile[(label * T.Count) + i];
            }

            T largest = T.Load(tile), place = T.Constant(0);
            for (int j = 1; j < Columns; j++)
            {
                T value = T.Load(tile + (j * T.Count)), takes = T.Less(largest, value);
                largest = T.Select(takes, value, largest);
                place = T.Select(takes, T.Constant(j), place);
            }

            T rest = T.Constant(0);
            for (int block = 0; block < Columns; block += SoftmaxFormula.Block)
            {
                T sum = T.Constant(0);
                int end = Math.Min(block + SoftmaxFormula.Block, Columns);
                for (int j = block; j < end; j++)
                {
                    T e = T.Exp(T.Load(tile + (j * T.Count)) - largest);
                    sum += T.Select(T.Equal(place, T.Constant(j)), T.Constant(0), e);
                }

                rest += sum;
            }

            StorePerRow(losses, row, rows, largest - T.Load(chosen) + SoftmaxFormula.LogOnePlus(rest));
        }
    }
}
