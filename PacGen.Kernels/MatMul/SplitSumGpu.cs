using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Adds the matrices that the parts of a product's terms gave, in the parts' order.</summary>
internal sealed class SplitSumGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, int, int> kernel;
    private readonly ArrayView<float> parts, output;
    private readonly KernelConfig grid;
    private readonly int splits, count;

    public SplitSumGpu(GpuDevice device, Region parts, int splits, Region output)
    {
        this.parts = GpuDevice.View(parts);
        this.output = GpuDevice.View(output);
        this.splits = splits;
        count = (int)output.Count;
        bool wide = Packs.InFours(count, output);
        grid = device.Grid(wide ? count / 4 : count);
        kernel = wide
            ? device.Load(((Delegate)Quads).Method, accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(Quads))
            : device.Load(((Delegate)Singles).Method, accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(Singles));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, parts, output, splits, count);

    internal static void Quads(ArrayView<float> parts, ArrayView<float> output, int splits, int count)
    {
        int stride = 4 * Grid.DimX * Group.DimX;
        for (int i = 4 * ((Grid.IdxX * Group.DimX) + Group.IdxX); i < count; i += stride)
        {
            Quad sum = Quad.Load(parts, i);
            for (int split = 1; split < splits; split++)
            {
                sum = Quad.Add(sum, Quad.Load(parts, (split * count) + i));
            }

            Quad.Store(output, i, sum);
        }
    }

    internal static void Singles(ArrayView<float> parts, ArrayView<float> output, int splits, int count)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += stride)
        {
            float sum = parts[i];
            for (int split = 1; split < splits; split++)
            {
                sum = GpuArithmetic.Add(sum, parts[(split * count) + i]);
            }

            output[i] = sum;
        }
    }
}
