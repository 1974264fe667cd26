using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Inputs x (V, C) and index (N): y (N, C), y[n] = x[index[n]]: the rows that an embedding looks up.</summary>
/// <remarks>
/// Linear in x; its adjoint is <see cref="ScatterRows"/>. Running the launch throws an <see cref="InvalidDataException"/> that
/// names the place and the value where an index is not an integer in [0, V).
/// </remarks>
public sealed record GatherRows : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "a matrix (V, C) and indices (N)", 2, 1);
        return new Shape(inputs[1][0], inputs[0][1]);
    }

    /// <summary>Whole rows are copied: nothing for a vector to do.</summary>
    private protected override int WidthFor(ReadOnlySpan<Shape> shapes, int width) => 1;

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new GatherRowsGpu(device, shapes[0], shapes[1][0], inputs[0], inputs[1], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel(
            device, CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output), shapes[0][0],
            shapes[0][1], shapes[1][0]);

    private sealed unsafe class Kernel(
        CpuDevice device, float* x, float* index, float* y, int rows, int columns, int count) : CpuLaunch(device)
    {
        private readonly int share = Math.Max(1, 32768 / Math.Min(32768, columns));

        public override int Tasks => (count + share - 1) / share;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int end = Math.Min((task + 1) * share, count);
            for (int n = task * share; n < end; n++)
            {
                int row = ColumnIndex.Read(index, n, rows, nameof(GatherRows));
                new ReadOnlySpan<float>(x + ((long)row * columns), columns).CopyTo(
                    new Span<float>(y + ((long)n * columns), columns));
            }
        }
    }
}
