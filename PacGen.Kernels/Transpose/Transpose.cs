using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Swaps the axes of a matrix: (M, N) → (N, M), y[j, i] = x[i, j].</summary>
public sealed record Transpose : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Expect(inputs, "a matrix (M, N)", 2);
        return new Shape(inputs[0][1], inputs[0][0]);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new TransposeGpu(device, shapes[0], inputs[0], output);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(device, CpuDevice.Address(inputs[0]), CpuDevice.Address(output), shapes[0][0], shapes[0][1]);

    /// <summary>Blocks of 64×64, which a first-level cache holds twice, each of register tiles.</summary>
    private sealed unsafe class Kernel<T>(CpuDevice device, float* x, float* y, int rows, int columns) : CpuLaunch(device)
        where T : struct, IMemoryLane<T>
    {
        private const int Side = 64;
        private const int BlocksPerTask = 8;
        private readonly int blockRows = (rows + Side - 1) / Side;
        private readonly int blocks = ((rows + Side - 1) / Side) * ((columns + Side - 1) / Side);

        public override int Tasks => (blocks + BlocksPerTask - 1) / BlocksPerTask;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int end = Math.Min((task + 1) * BlocksPerTask, blocks);
            for (int block = task * BlocksPerTask; block < end; block++)
            {
                int row = block % blockRows * Side, column = block / blockRows * Side;
                Tile.Transpose<T>(
                    x + ((long)row * columns) + column,
                    columns,
                    y + ((long)column * rows) + row,
                    rows,
                    Math.Min(Side, rows - row),
                    Math.Min(Side, columns - column));
            }
        }
    }
}
