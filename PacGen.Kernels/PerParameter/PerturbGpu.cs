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
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, PerturbSettings> kernel;
    private readonly ArrayView<float> weights, secondMoment, gradient, output;
    private readonly KernelConfig grid;
    private readonly QuadExtent extent;
    private GpuBuffer scalars;
    private bool follows;

    public PerturbGpu(GpuDevice device, Region weights, Region secondMoment, Region gradient, Region output)
    {
        this.weights = GpuDevice.View(weights);
        this.secondMoment = GpuDevice.View(secondMoment);
        this.gradient = GpuDevice.View(gradient);
        this.output = GpuDevice.View(output);
        extent = new QuadExtent(BlockSumGpu.Count(device, weights.Count), weights, secondMoment, gradient, output);
        scalars = (GpuBuffer)device.Allocate(StepScalars.Count);
        grid = device.Grid((weights.Count + 3) / 4);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, PerturbSettings>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, weights, secondMoment, gradient, output, scalars.View, extent, Settings);

    /// <inheritdoc/>
    internal override void Follow(GpuBuffer scalars)
    {
        if (!follows)
        {
            this.scalars.Dispose();
        }

        (this.scalars, follows) = (scalars, true);
    }

    /// <summary>Whether the settings are on the device: then no argument changes.</summary>
    public override bool MayBeRecorded => follows;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !follows)
        {
            scalars.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> h, ArrayView<float> g, ArrayView<float> target, ArrayView<float> scalars, QuadExtent extent, PerturbSettings settings)
    {
        settings = StepScalars.Apply(scalars, settings);
        int quads = scalars[StepScalars.Mode] == StepScalars.Refused ? 0 : (extent.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            Words1 word0 = new((uint)quad), word1 = new(0), word2 = new(settings.Stream), word3 = new(settings.Step);
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, settings.Key0, settings.Key1);
            int i = 4 * quad;
            Quad weights = extent.Load(w, i), moments = extent.Load(h, i), gradients = extent.Load(g, i);
            extent.Store(target, i, new Quad(
                Perturbed(weights.X, moments.X, gradients.X, word0, settings),
                Perturbed(weights.Y, moments.Y, gradients.Y, word1, settings),
                Perturbed(weights.Z, moments.Z, gradients.Z, word2, settings),
                Perturbed(weights.W, moments.W, gradients.W, word3, settings)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Perturbed(float w, float h, float g, Words1 word, PerturbSettings settings)
    {
        GpuFloat weight = new(w);
        return (weight + Perturbed<TNoise>.Sample(weight, new GpuFloat(h), new GpuFloat(g), word, settings)).Value;
    }
}
