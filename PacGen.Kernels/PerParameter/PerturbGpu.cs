using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    private readonly Action<StepMemory> start;
    private readonly StepMemory own;
    private StepMemory? followed;

    public PerturbGpu(GpuDevice device, Region weights, Region secondMoment, Region gradient, Region output)
    {
        var kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<StepState>, ArrayView<float>, QuadExtent>(Kernel));
        QuadExtent extent = new(BlockSumGpu.Count(device, weights.Count), weights, secondMoment, gradient, output);
        KernelConfig grid = device.Grid((weights.Count + 3) / 4);
        ArrayView<float> w = GpuDevice.View(weights), h = GpuDevice.View(secondMoment), g = GpuDevice.View(gradient), target = GpuDevice.View(output);
        own = new StepMemory(device, Unsafe.SizeOf<StepSettings>() / sizeof(float));
        start = memory => kernel(grid, w, h, g, target, memory.State, memory.Settings, extent);
    }

    /// <summary>Whether the settings come from a ledger.</summary>
    public override bool MayBeRecorded => followed is not null;

    /// <inheritdoc/>
    public override void Run()
    {
        if (followed is { IsHeld: true } memory)
        {
            start(memory);
            return;
        }

        if (!AreSent)
        {
            MemoryMarshal.Write(MemoryMarshal.AsBytes(own.Next), new StepSettings { Perturb = Settings });
            own.WriteAll(new StepState { GradientScale = Settings.GradientScale, RhoScale = Settings.RhoScale });
            AreSent = true;
        }

        start(own);
    }

    /// <inheritdoc/>
    internal override void Follow(StepMemory memory) => followed = memory;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            own.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> h, ArrayView<float> g, ArrayView<float> target, ArrayView<StepState> state, ArrayView<float> step, QuadExtent extent)
    {
        PerturbSettings settings = StepState.Perturbation(state, step);
        int quads = state[0].Refused != 0 ? 0 : (extent.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
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
