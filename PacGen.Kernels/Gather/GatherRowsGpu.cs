using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>The gathering of rows on a GPU: a thread an element.</summary>
internal sealed class GatherRowsGpu : Launch
{
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x, index, y;
    private readonly ArrayView<int> faults;
    private readonly int source, elements, rows, columns;

    public GatherRowsGpu(GpuDevice device, Shape shape, int count, Region x, Region index, Region y)
    {
        _ = Packs.Count(device, nameof(GatherRows), shape.Count);
        elements = Packs.Count(device, nameof(GatherRows), (long)count * shape[1]);
        this.x = GpuDevice.View(x);
        this.index = GpuDevice.View(index);
        this.y = GpuDevice.View(y);
        (rows, columns) = (shape[0], shape[1]);
        faults = device.Faults.Record;
        source = ColumnIndex.Source(device, nameof(GatherRows));
        grid = device.Grid(elements);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, int, int, int>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, index, y, faults, source, elements, rows, columns);

    internal static void Kernel(
        ArrayView<float> x, ArrayView<float> index, ArrayView<float> y, ArrayView<int> faults, int source, int elements, int rows,
        int columns)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < elements; i += stride)
        {
            int n = i / columns, row = ColumnIndex.Read(index, n, rows, faults, source);
            y[i] = row < 0 ? float.NaN : x[(row * columns) + i - (n * columns)];
        }
    }
}
