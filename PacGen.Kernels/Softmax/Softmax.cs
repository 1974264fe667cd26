using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Input z (N, C): y (N, C), y[n, c] = exp(z[n, c]) / Σⱼ exp(z[n, j]), computed from z less the row's maximum.</summary>
/// <remarks>A row with a NaN becomes NaN.</remarks>
public sealed record Softmax : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "a matrix (N, C)", 2);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new SoftmaxGpu<Probabilities>(device, Name, shapes[0], inputs[0], null, output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(device, CpuDevice.Address(inputs[0]), CpuDevice.Address(output), shapes[0][0], shapes[0][1]);

    private sealed unsafe class Kernel<T>(CpuDevice device, float* z, float* y, int rows, int columns)
        : RowTileLaunch<T>(device, z, rows, columns)
        where T : struct, IMemoryLane<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void Run(float* tile, long row, int rows)
        {
            T largest = SoftmaxFormula.Largest<T>(tile, Columns), total = T.Constant(0);
            for (int block = 0; block < Columns; block += SoftmaxFormula.Block)
            {
                T sum = T.Constant(0);
                int end = Math.Min(block + SoftmaxFormula.Block, Columns);
                for (int j = block; j < end; j++)
                {
                    T e = T.Exp(T.Load(tile + (j * T.Count)) - largest);
                    sum += e;
                    T.Store(tile + (j * T.Count), e);
                }

                total += sum;
            }

            for (int j = 0; j < Columns; j++)
            {
                T.Store(tile + (j * T.Count), T.Load(tile + (j * T.Count)) / total);
            }

            StoreRows(tile, y, row, rows);
        }
    }
}
