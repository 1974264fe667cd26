using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Inputs x (N, C) and index (N): y (N), y[n] = x[n, index[n]].</summary>
/// <remarks>
/// Linear in x; its adjoint is <see cref="ScatterColumn"/>. Running the launch throws an <see cref="InvalidDataException"/> that
/// names the row and the value where an index is not an integer in [0, C).
/// </remarks>
public sealed record GatherColumn : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "a matrix (N, C) and indices (N)";
        Expect(inputs, Expected, 2, 1);
        return inputs[0][0] == inputs[1][0] ? inputs[1] : throw Mismatch(inputs, Expected);
    }

    /// <summary>One load a row: nothing for a vector to do.</summary>
    private protected override int WidthFor(ReadOnlySpan<Shape> shapes, int width) => 1;

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new GatherColumnGpu(device, shapes[0], inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0],
            shapes[0][1]);

    private sealed unsafe class Kernel(CpuDevice device, float* x, float* index, float* y, int rows, int columns)
        : CpuLaunch(device)
    {
        private const int RowsPerTask = 8192;

        public override int Tasks => (rows + RowsPerTask - 1) / RowsPerTask;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int end = Math.Min((task + 1) * RowsPerTask, rows);
            for (int row = task * RowsPerTask; row < end; row++)
            {
                y[row] = x[((long)row * columns) + ColumnIndex.Read(index, row, columns, nameof(GatherColumn))];
            }
        }
    }
}
