using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels.PerParameter;

/// <summary>The perturbation on a GPU: a thread takes the four parameters of one Philox counter at a time.</summary>
internal sealed class PerturbGpu<TNoise> : PerturbLaunch
    where TNoise : struct, INoise
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, PerturbSettings> kernel;
    private readonly ArrayView<float> weights, secondMoment, gradient, output;
    private readonly KernelConfig grid;
    private readonly int count;

    public PerturbGpu(GpuDevice device, Region weights, Region secondMoment, Region gradient, Region output)
    {
        this.weights = GpuDevice.View(weights);
        this.secondMoment = GpuDevice.View(secondMoment);
        this.gradient = GpuDevice.View(gradient);
        this.output = GpuDevice.View(output);
        count = BlockSumGpu.Count(device, weights.Count);
        grid = device.Grid((weights.Count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, PerturbSettings>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, weights, secondMoment, gradient, output, count, Settings);

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> h, ArrayView<float> g, ArrayView<float> target, int count, PerturbSettings settings)
    {
        int quads = (count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(settings.Stream), word3 = new(settings.Step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, settings.Key0, settings.Key1);
            int i = 4 * quad;
            One(w, h, g, target, i, count, word0, settings);
            One(w, h, g, target, i + 1, count, word1, settings);
            One(w, h, g, target, i + 2, count, word2, settings);
            One(w, h, g, target, i + 3, count, word3, settings);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        ArrayView<float> w, ArrayView<float> h, ArrayView<float> g, ArrayView<float> target, int i, int count, Words1 word, PerturbSettings settings)
    {
        if (i < count)
        {
            GpuFloat weight = new(w[i]);
            GpuFloat u = Perturbed<TNoise>.Sample(weight, new GpuFloat(h[i]), new GpuFloat(g[i]), word, settings);
            target[i] = (weight + u).Value;
        }
    }
}
