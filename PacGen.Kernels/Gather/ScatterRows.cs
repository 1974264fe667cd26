using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Inputs g (N, C) and index (N): y (<paramref name="Rows"/>, C), y[v] = Σ g[n] over the n with index[n] = v, added in the order
/// of n.
/// </summary>
/// <remarks>
/// Linear in g; its adjoint is <see cref="GatherRows"/>. Running the launch throws an <see cref="InvalidDataException"/> that
/// names the place and the value where an index is not an integer in [0, <paramref name="Rows"/>).
/// </remarks>
/// <param name="Rows">The number of rows, at least 1.</param>
public sealed record ScatterRows(int Rows) : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "a matrix (N, C) and indices (N)";
        Expect(inputs, Expected, 2, 1);
        return inputs[0][0] == inputs[1][0] ? new Shape(Rows, inputs[0][1]) : throw Mismatch(inputs, Expected);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new ScatterRowsGpu(device, shapes[0], Rows, inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0],
            shapes[0][1], Rows);

    /// <summary>A task owns some rows of the output, and looks through all indices for them.</summary>
    private sealed unsafe class Kernel<T>(
        CpuDevice device, float* g, float* index, float* y, int count, int columns, int rows) : CpuLaunch(device)
        where T : struct, IMemoryLane<T>
    {
        private const int MostTasks = 16;
        private readonly int share = (rows + MostTasks - 1) / MostTasks;

        public override int Tasks => (rows + share - 1) / share;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int first = task * share, own = Math.Min(share, rows - first);
            new Span<float>(y + ((long)first * columns), checked(own * columns)).Clear();
            for (int n = 0; n < count; n++)
            {
                int row = ColumnIndex.Read(index, n, rows, nameof(ScatterRows)) - first;
                if (row >= 0 && row < own)
                {
                    RowTiles<T>.Copy(g + ((long)n * columns), y + (((long)first + row) * columns), columns, true);
                }
            }
        }
    }
}
