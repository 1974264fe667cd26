using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Inputs z (N, C), logits, and labels (N): the gradient (N, C) of each example's loss, softmax(z)[n, c] − [c = label[n]].
/// </summary>
/// <remarks>
/// At the label it is computed as minus the sum of the other columns' probabilities, accurate in relative terms however sure
/// the network is. Running the launch throws an <see cref="InvalidDataException"/> that names the row and the value where a
/// label is not an integer in [0, C).
/// </remarks>
public sealed record SoftmaxCrossEntropyGradient : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "logits (N, C) and labels (N)";
        Expect(inputs, Expected, 2, 1);
        return inputs[0][0] == inputs[1][0] ? inputs[0] : throw Mismatch(inputs, Expected);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new SoftmaxGpu<LossGradients>(device, Name, shapes[0], inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0],
            shapes[0][1]);

    private sealed unsafe class Kernel<T>(CpuDevice device, float* z, float* labels, float* gradient, int rows, int columns)
        : RowTileLaunch<T>(device, z, rows, columns)
        where T : struct, IMemoryLane<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void Run(float* tile, long row, int rows)
        {
            for (int i = 0; i < rows; i++)
            {
                _ = ColumnIndex.Read(labels, row + i, Columns, nameof(SoftmaxCrossEntropyGradient));
            }

            T label = LoadPerRow(labels, row, rows), largest = SoftmaxFormula.Largest<T>(tile, Columns);
            T others = T.Constant(0), own = T.Constant(0);
            for (int block = 0; block < Columns; block += SoftmaxFormula.Block)
            {
                T sum = T.Constant(0);
                int end = Math.Min(block + SoftmaxFormula.Block, Columns);
                for (int j = block; j < end; j++)
                {
                    T e = T.Exp(T.Load(tile + (j * T.Count)) - largest), isLabel = T.Equal(label, T.Constant(j));
                    own = T.Select(isLabel, e, own);
                    sum += T.Select(isLabel, T.Constant(0), e);
                    T.Store(tile + (j * T.Count), e);
                }

                others += sum;
            }

            T total = others + own;
            for (int j = 0; j < Columns; j++)
            {
                T e = T.Load(tile + (j * T.Count));
                T.Store(tile + (j * T.Count), T.Select(T.Equal(label, T.Constant(j)), -others, e) / total);
            }

            StoreRows(tile, gradient, row, rows);
        }
    }
}
