using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>The random numbers on a GPU: a thread takes the four elements of one Philox counter at a time.</summary>
internal sealed class RandomUniformGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, QuadExtent, PhiloxDraw> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> step, y;
    private readonly ArrayView<int> faults;
    private readonly QuadExtent extent;
    private readonly PhiloxDraw draw;
    private readonly int source;

    public RandomUniformGpu(GpuDevice device, RandomUniform operation, Region step, Region output)
    {
        extent = new QuadExtent(Packs.Count(device, operation.Name, operation.Shape.Count), output);
        draw = new PhiloxDraw(operation.Seed, operation.Stream, 0);
        this.step = GpuDevice.View(step);
        y = GpuDevice.View(output);
        faults = device.Faults.Record;
        source = device.Faults.Source(operation.Name, (_, value, _) => RandomUniform.Invalid(value));
        grid = device.Grid((extent.Count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<int>, int, QuadExtent, PhiloxDraw>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, step, y, faults, source, extent, draw);

    internal static void Kernel(
        ArrayView<float> step, ArrayView<float> y, ArrayView<int> faults, int source, QuadExtent extent, PhiloxDraw draw)
    {
        float now = step[0];
        bool isStep = now >= 0f && now < RandomUniform.Steps;
        int whole = isStep ? (int)now : 0;
        if (whole != now && Grid.IdxX == 0 && Group.IdxX == 0)
        {
            GpuFaults.Report(faults, source, 0, now, 0);
        }

        int quads = (extent.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(draw.Stream), word3 = new((uint)whole);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, draw.Key0, draw.Key1);
            extent.Store(y, 4 * quad, new Quad(
                UniformSampler.Unit<GpuFloat, Words1>(word0).Value,
                UniformSampler.Unit<GpuFloat, Words1>(word1).Value,
                UniformSampler.Unit<GpuFloat, Words1>(word2).Value,
                UniformSampler.Unit<GpuFloat, Words1>(word3).Value));
        }
    }
}
