using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// The scattering of rows on a GPU: a thread owns a column of some rows of the output and looks through all indices for them, so
/// that sums are taken in the CPU's order.
/// </summary>
internal sealed class ScatterRowsGpu : Launch
{
    private const int RowsPerThread = 32;
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> g, index, y;
    private readonly ArrayView<int> faults;
    private readonly int source, count, rows, columns;

    public ScatterRowsGpu(GpuDevice device, Shape shape, int rows, Region g, Region index, Region y)
    {
        _ = Packs.Count(device, nameof(ScatterRows), Math.Max(shape.Count, (long)rows * shape[1]));
        this.g = GpuDevice.View(g);
        this.index = GpuDevice.View(index);
        this.y = GpuDevice.View(y);
        (count, columns, this.rows) = (shape[0], shape[1], rows);
        faults = device.Faults.Record;
        source = ColumnIndex.Source(device, nameof(ScatterRows));
        grid = device.Grid((rows + RowsPerThread - 1) / RowsPerThread * (long)columns);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int, int>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, g, index, y, faults, source, count, rows, columns);

    internal static void Kernel(
        ArrayView<float> g, ArrayView<float> index, ArrayView<float> y, ArrayView<int> faults, int source, int count, int rows,
        int columns)
    {
        int stride = Grid.DimX * Group.DimX, blocks = (rows + RowsPerThread - 1) / RowsPerThread * columns;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < blocks; i += stride)
        {
            int block = i / columns, column = i - (block * columns), first = block * RowsPerThread;
            int end = Math.Min(first + RowsPerThread, rows);
            for (int row = first; row < end; row++)
            {
                y[(row * columns) + column] = 0f;
            }

            for (int n = 0; n < count; n++)
            {
                int row = ColumnIndex.Read(index, n, rows, faults, source);
                if (row >= first && row < end)
                {
                    int at = (row * columns) + column;
                    y[at] = GpuArithmetic.Add(y[at], g[(n * columns) + column]);
                }
            }
        }
    }
}
