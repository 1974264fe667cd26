using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Inputs g (N) and index (N): y (N, <paramref name="Columns"/>), zero but for y[n, index[n]] = g[n].</summary>
/// <remarks>
/// Linear in g; its adjoint is <see cref="GatherColumn"/>. Running the launch throws an <see cref="InvalidDataException"/> that
/// names the row and the value where an index is not an integer in [0, <paramref name="Columns"/>).
/// </remarks>
/// <param name="Columns">The number of columns, at least 1.</param>
public sealed record ScatterColumn(int Columns) : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "values (N) and indices (N)";
        Expect(inputs, Expected, 1, 1);
        return inputs[0] == inputs[1] ? new Shape(inputs[0][0], Columns) : throw Mismatch(inputs, Expected);
    }

    /// <summary>One store a row: nothing for a vector to do.</summary>
    private protected override int WidthFor(ReadOnlySpan<Shape> shapes, int width) => 1;

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Packs.InFours(Columns, output)
            ? new ScatterColumnGpu<Quad>(device, shapes[0][0], Columns, inputs[0], inputs[1], output)
            : new ScatterColumnGpu<One>(device, shapes[0][0], Columns, inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0], Columns);

    private sealed unsafe class Kernel(CpuDevice device, float* g, float* index, float* y, int rows, int columns)
        : CpuLaunch(device)
    {
        private readonly int share = Math.Max(1, 32768 / Math.Min(32768, columns));

        public override int Tasks => (rows + share - 1) / share;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int start = task * share, end = Math.Min(start + share, rows);
            new Span<float>(y + ((long)start * columns), (end - start) * columns).Clear();
            for (int row = start; row < end; row++)
            {
                y[((long)row * columns) + ColumnIndex.Read(index, row, columns, nameof(ScatterColumn))] = g[row];
            }
        }
    }
}
