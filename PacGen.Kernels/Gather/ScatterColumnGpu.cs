using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>The scattering on a GPU: a thread a pack of the output, which asks whether the row's value belongs there.</summary>
internal sealed class ScatterColumnGpu<TPack> : Launch
    where TPack : unmanaged, IPack<TPack>
{
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<TPack>, ArrayView<int>, int, int, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> g, index;
    private readonly ArrayView<TPack> y;
    private readonly ArrayView<int> faults;
    private readonly int source, count, columns;

    public ScatterColumnGpu(GpuDevice device, int rows, int columns, Region g, Region index, Region y)
    {
        count = Packs.Count(device, nameof(ScatterColumn), (long)rows * columns) / TPack.Count;
        this.columns = columns;
        this.g = GpuDevice.View(g);
        this.index = GpuDevice.View(index);
        this.y = Packs.View<TPack>(y);
        faults = device.Faults.Record;
        source = ColumnIndex.Source(device, nameof(ScatterColumn));
        grid = device.Grid(count);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<TPack>, ArrayView<int>, int, int, int>(
                Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, g, index, y, faults, source, count, columns);

    internal static void Kernel(
        ArrayView<float> g, ArrayView<float> index, ArrayView<TPack> y, ArrayView<int> faults, int source, int count, int columns)
    {
        int stride = Grid.DimX * Group.DimX, packs = columns / TPack.Count;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += stride)
        {
            int row = i / packs, first = (i - (row * packs)) * TPack.Count;
            int column = ColumnIndex.Read(index, row, columns, faults, source);
            y[i] = column < 0
                ? TPack.Constant(float.NaN)
                : TPack.WhereEqual(TPack.Constant(column - first), TPack.Sequence(0f), TPack.Constant(g[row]));
        }
    }
}
