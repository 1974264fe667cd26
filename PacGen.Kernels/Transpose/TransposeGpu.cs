using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// The transpose on a GPU: tiles of 32×32 by way of shared memory, so that both sides are walked along their rows.
/// </summary>
internal sealed class TransposeGpu : Launch
{
    private const int Side = 32;
    private const int GroupSize = 256;

    // A column more than the tile has, so that its columns fall into different banks.
    private const int Pitch = Side + 1;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, int, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x, y;
    private readonly int rows, columns;

    public TransposeGpu(GpuDevice device, Shape shape, Region x, Region y)
    {
        _ = Packs.Count(device, nameof(Transpose), shape.Count);
        this.x = GpuDevice.View(x);
        this.y = GpuDevice.View(y);
        (rows, columns) = (shape[0], shape[1]);
        grid = device.Groups(((rows + Side - 1) / Side) * ((columns + Side - 1) / Side), GroupSize);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, y, rows, columns);

    internal static void Kernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Side * Pitch);
        int across = (columns + Side - 1) / Side, tiles = ((rows + Side - 1) / Side) * across;
        for (int t = Grid.IdxX; t < tiles; t += Grid.DimX)
        {
            int top = t / across * Side, left = t % across * Side;
            for (int i = Group.IdxX; i < Side * Side; i += Group.DimX)
            {
                int row = top + (i / Side), column = left + (i % Side);
                if (row < rows && column < columns)
                {
                    tile[((i / Side) * Pitch) + (i % Side)] = x[(row * columns) + column];
                }
            }

            Group.Barrier();
            for (int i = Group.IdxX; i < Side * Side; i += Group.DimX)
            {
                int row = top + (i % Side), column = left + (i / Side);
                if (row < rows && column < columns)
                {
                    y[(column * rows) + row] = tile[((i % Side) * Pitch) + (i / Side)];
                }
            }

            Group.Barrier();
        }
    }
}
