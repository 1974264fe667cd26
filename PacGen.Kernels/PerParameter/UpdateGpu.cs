using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Optimization;

namespace PacGen.Kernels;

/// <summary>The update on a GPU, a group a block, closed over the rule, the number of its states and the keeping of h.</summary>
internal sealed class UpdateGpu<TRule, TStates, TKeeping> : UpdateLaunch<TRule>
    where TRule : unmanaged, IUpdateRule
    where TStates : struct, IStateCount
    where TKeeping : struct, ISecondMomentKeeping
{
    private readonly Action<StepMemory> start;
    private readonly GpuBuffer blocks;
    private readonly StepMemory own;
    private readonly float[] sums;
    private StepMemory? followed;

    public UpdateGpu(GpuDevice device, UpdateRegions regions)
    {
        QuadExtent extent = new(
            BlockSumGpu.Count(device, regions.Weights.Count),
            [regions.Weights, regions.Gradient, regions.SecondMoment, .. regions.States]);
        sums = new float[BlockSum.Blocks(extent.Count)];
        var kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                ArrayView<float>, ArrayView<float>, ArrayView<StepCarry>, ArrayView<float>, QuadExtent>(Kernel));

        // Set to zero: the end of a step that is refused reads them, though it has no use for them.
        blocks = (GpuBuffer)device.Allocate(sums.Length);
        try
        {
            own = new StepMemory(device, StepFloats);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }

        KernelConfig grid = device.Groups(sums.Length, BlockSumGpu.Quads);
        ArrayView<float> w = GpuDevice.View(regions.Weights), g = GpuDevice.View(regions.Gradient);
        ArrayView<float> h = GpuDevice.View(regions.SecondMoment);
        ArrayView<float> s0 = GpuDevice.View(regions.State(0)), s1 = GpuDevice.View(regions.State(1));
        ArrayView<float> s2 = GpuDevice.View(regions.State(2)), s3 = GpuDevice.View(regions.State(3));
        start = memory => kernel(grid, w, g, s0, s1, s2, s3, h, blocks.View, memory.Carry, memory.Settings, extent);
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

    /// <summary>Whether the settings come from a ledger.</summary>
    public override bool MayBeRecorded => followed is not null;

    /// <inheritdoc/>
    internal override GpuBuffer BlockSums => blocks;

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
            Fill(own.Next, default);
            own.WriteAll(new StepCarry { GradientScale = Settings.GradientScale });
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
            blocks.Dispose();
            own.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> g, ArrayView<float> s0, ArrayView<float> s1, ArrayView<float> s2,
        ArrayView<float> s3,
        ArrayView<float> h, ArrayView<float> sums, ArrayView<StepCarry> carry, ArrayView<float> step, QuadExtent extent)
    {
        UpdateSettings<TRule> settings = step.Cast<StepSettings<TRule>>()[0].Update;
        settings.GradientScale = carry[0].GradientScale;
        int blocks = carry[0].Refused != 0 ? 0 : (int)sums.Length;
        ArrayView<Quad> accumulators = BlockSumGpu.Accumulators();
        for (int block = Grid.IdxX; block < blocks; block += Grid.DimX)
        {
            for (int quad = Group.IdxX; quad < BlockSumGpu.Quads; quad += Group.DimX)
            {
                GpuFloat a0 = default, a1 = default, a2 = default, a3 = default;
                for (int row = 0; row < BlockSum.Block; row += BlockSum.Accumulators)
                {
                    int i = (block * BlockSum.Block) + row + (4 * quad);
                    Quad weights = extent.Load(w, i), gradients = extent.Load(g, i), moments = default;
                    Quad first = default, second = default, third = default, fourth = default;
                    if (TStates.Count > 0)
                    {
                        first = extent.Load(s0, i);
                    }

                    if (TStates.Count > 1)
                    {
                        second = extent.Load(s1, i);
                    }

                    if (TStates.Count > 2)
                    {
                        third = extent.Load(s2, i);
                    }

                    if (TStates.Count > 3)
                    {
                        fourth = extent.Load(s3, i);
                    }

                    if (TKeeping.Keeps)
                    {
                        moments = extent.Load(h, i);
                    }

                    One(ref weights.X, gradients.X, ref first.X, ref second.X, ref third.X, ref fourth.X, ref moments.X,
                        i < extent.Count, ref a0, settings);
                    One(ref weights.Y, gradients.Y, ref first.Y, ref second.Y, ref third.Y, ref fourth.Y, ref moments.Y,
                        i + 1 < extent.Count, ref a1, settings);
                    One(ref weights.Z, gradients.Z, ref first.Z, ref second.Z, ref third.Z, ref fourth.Z, ref moments.Z,
                        i + 2 < extent.Count, ref a2, settings);
                    One(ref weights.W, gradients.W, ref first.W, ref second.W, ref third.W, ref fourth.W, ref moments.W,
                        i + 3 < extent.Count, ref a3, settings);
                    extent.Store(w, i, weights);
                    if (TStates.Count > 0)
                    {
                        extent.Store(s0, i, first);
                    }

                    if (TStates.Count > 1)
                    {
                        extent.Store(s1, i, second);
                    }

                    if (TStates.Count > 2)
                    {
                        extent.Store(s2, i, third);
                    }

                    if (TStates.Count > 3)
                    {
                        extent.Store(s3, i, fourth);
                    }

                    if (TKeeping.Keeps)
                    {
                        extent.Store(h, i, moments);
                    }
                }

                accumulators[quad] = new Quad(a0.Value, a1.Value, a2.Value, a3.Value);
            }

            BlockSumGpu.Fold(accumulators);
            if (Group.IdxX == 0)
            {
                sums[block] = BlockSumGpu.Within(accumulators[0]);
            }

            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        ref float w, float g, ref float s0, ref float s1, ref float s2, ref float s3, ref float h, bool counts,
        ref GpuFloat accumulator,
        UpdateSettings<TRule> settings)
    {
        States<GpuFloat> states = default;
        states.First = new GpuFloat(s0);
        states.Second = new GpuFloat(s1);
        states.Third = new GpuFloat(s2);
        states.Fourth = new GpuFloat(s3);
        GpuFloat moment = new(h);
        w = UpdateStep<TRule, TStates, TKeeping>.Next(
            new GpuFloat(w), new GpuFloat(g) * new GpuFloat(settings.GradientScale), ref states, ref moment, ref settings.Rule,
            new GpuFloat(settings.SecondMomentBeta), new GpuFloat(settings.OneMinusSecondMomentBeta),
            out GpuFloat change).Value;
        s0 = states.First.Value;
        s1 = states.Second.Value;
        s2 = states.Third.Value;
        s3 = states.Fourth.Value;
        h = moment.Value;
        if (counts)
        {
            accumulator = GpuFloat.Fma(change, change, accumulator);
        }
    }
}
