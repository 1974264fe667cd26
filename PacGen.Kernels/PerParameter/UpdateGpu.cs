using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;
using PacGen.Kernels.Gpu;

namespace PacGen.Kernels.PerParameter;

/// <summary>The update on a GPU, a group a block, closed over the rule and the keeping of h.</summary>
internal sealed class UpdateGpu<TRule, TKeeping> : UpdateLaunch
    where TRule : struct, IUpdateRule
    where TKeeping : struct, ISecondMomentKeeping
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, UpdateSettings> kernel;
    private readonly ArrayView<float> weights, gradient, state0, state1, secondMoment;
    private readonly GpuBuffer blocks;
    private GpuBuffer scalars;
    private bool follows;
    private readonly float[] sums;
    private readonly KernelConfig grid;
    private readonly QuadExtent extent;

    public UpdateGpu(GpuDevice device, Region weights, Region gradient, Region state0, Region state1, Region secondMoment)
    {
        this.weights = GpuDevice.View(weights);
        this.gradient = GpuDevice.View(gradient);
        this.state0 = GpuDevice.View(state0);
        this.state1 = GpuDevice.View(state1);
        this.secondMoment = GpuDevice.View(secondMoment);
        extent = new QuadExtent(BlockSumGpu.Count(device, weights.Count), weights, gradient, state0, state1, secondMoment);
        sums = new float[BlockSum.Blocks(extent.Count)];
        blocks = (GpuBuffer)device.Allocate(sums.Length);
        scalars = (GpuBuffer)device.Allocate(StepScalars.Count);
        grid = device.Groups(sums.Length, BlockSumGpu.Quads);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, QuadExtent, UpdateSettings>(
                Kernel));
    }

    /// <inheritdoc/>
    public override double SquaredChange
    {
        get
        {
            blocks.Read(0, sums);
            return BlockSum.Total(sums);
        }
    }

    /// <inheritdoc/>
    internal override GpuBuffer BlockSums => blocks;

    /// <inheritdoc/>
    public override void Run() => kernel(grid, weights, gradient, state0, state1, secondMoment, blocks.View, scalars.View, extent, Settings);

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
        if (disposing)
        {
            blocks.Dispose();
            if (!follows)
            {
                scalars.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> g, ArrayView<float> s0, ArrayView<float> s1, ArrayView<float> h, ArrayView<float> sums,
        ArrayView<float> scalars, QuadExtent extent, UpdateSettings settings)
    {
        settings = StepScalars.Apply(scalars, settings);
        int blocks = scalars[StepScalars.Mode] == StepScalars.Refused ? 0 : (int)sums.Length;
        ArrayView<float> accumulators = SharedMemory.Allocate<float>(BlockSum.Accumulators);
        for (int block = Grid.IdxX; block < blocks; block += Grid.DimX)
        {
            for (int quad = Group.IdxX; quad < BlockSumGpu.Quads; quad += Group.DimX)
            {
                GpuFloat a0 = default, a1 = default, a2 = default, a3 = default;
                for (int row = 0; row < BlockSum.Block; row += BlockSum.Accumulators)
                {
                    int i = (block * BlockSum.Block) + row + (4 * quad);
                    Quad weights = extent.Load(w, i), gradients = extent.Load(g, i), first = default, second = default, moments = default;
                    if (TRule.StateCount > 0)
                    {
                        first = extent.Load(s0, i);
                    }

                    if (TRule.StateCount > 1)
                    {
                        second = extent.Load(s1, i);
                    }

                    if (TKeeping.Keeps)
                    {
                        moments = extent.Load(h, i);
                    }

                    One(ref weights.X, gradients.X, ref first.X, ref second.X, ref moments.X, i < extent.Count, ref a0, settings);
                    One(ref weights.Y, gradients.Y, ref first.Y, ref second.Y, ref moments.Y, i + 1 < extent.Count, ref a1, settings);
                    One(ref weights.Z, gradients.Z, ref first.Z, ref second.Z, ref moments.Z, i + 2 < extent.Count, ref a2, settings);
                    One(ref weights.W, gradients.W, ref first.W, ref second.W, ref moments.W, i + 3 < extent.Count, ref a3, settings);
                    extent.Store(w, i, weights);
                    if (TRule.StateCount > 0)
                    {
                        extent.Store(s0, i, first);
                    }

                    if (TRule.StateCount > 1)
                    {
                        extent.Store(s1, i, second);
                    }

                    if (TKeeping.Keeps)
                    {
                        extent.Store(h, i, moments);
                    }
                }

                accumulators[4 * quad] = a0.Value;
                accumulators[(4 * quad) + 1] = a1.Value;
                accumulators[(4 * quad) + 2] = a2.Value;
                accumulators[(4 * quad) + 3] = a3.Value;
            }

            BlockSumGpu.Fold(accumulators);
            if (Group.IdxX == 0)
            {
                sums[block] = accumulators[0];
            }

            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        ref float w, float g, ref float s0, ref float s1, ref float h, bool counts, ref GpuFloat accumulator, UpdateSettings settings)
    {
        GpuFloat weight = new(w), gradient = new GpuFloat(g) * new GpuFloat(settings.GradientScale), first = new(s0), second = new(s1);
        GpuFloat next = TRule.Step(weight, gradient, ref first, ref second, settings);
        w = next.Value;
        s0 = first.Value;
        s1 = second.Value;
        GpuFloat change = next - weight, zero = new(0f);
        if (TRule.StateCount > 0)
        {
            change = GpuFloat.Fma(first, zero, change);
        }

        if (TRule.StateCount > 1)
        {
            change = GpuFloat.Fma(second, zero, change);
        }

        if (TKeeping.Keeps)
        {
            GpuFloat moment = SecondMoment.Smooth(
                new GpuFloat(h), gradient, new GpuFloat(settings.SecondMomentBeta), new GpuFloat(settings.OneMinusSecondMomentBeta));
            h = moment.Value;
            change = GpuFloat.Fma(moment, zero, change);
        }

        if (counts)
        {
            accumulator = GpuFloat.Fma(change, change, accumulator);
        }
    }
}
