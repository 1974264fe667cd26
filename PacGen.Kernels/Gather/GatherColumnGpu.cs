using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>The gathering on a GPU: a thread a row.</summary>
internal sealed class GatherColumnGpu : Launch
{
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x, index, y;
    private readonly ArrayView<int> faults;
    private readonly int source, rows, columns;

    public GatherColumnGpu(GpuDevice device, Shape shape, Region x, Region index, Region y)
    {
        _ = Packs.Count(device, nameof(GatherColumn), shape.Count);
        this.x = GpuDevice.View(x);
        this.index = GpuDevice.View(index);
        this.y = GpuDevice.View(y);
        (rows, columns) = (shape[0], shape[1]);
        faults = device.Faults.Record;
        source = ColumnIndex.Source(device, nameof(GatherColumn));
        grid = device.Grid(rows);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, index, y, faults, source, rows, columns);

    internal static void Kernel(
        ArrayView<float> x, ArrayView<float> index, ArrayView<float> y, ArrayView<int> faults, int source, int rows, int columns)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int row = (Grid.IdxX * Group.DimX) + Group.IdxX; row < rows; row += stride)
        {
            int column = ColumnIndex.Read(index, row, columns, faults, source);
            y[row] = column < 0 ? float.NaN : x[(row * columns) + column];
        }
    }
}
