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
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, UpdateSettings> kernel;
    private readonly ArrayView<float> weights, gradient, state0, state1, secondMoment;
    private readonly GpuBuffer blocks;
    private readonly float[] sums;
    private readonly KernelConfig grid;
    private readonly int count;

    public UpdateGpu(GpuDevice device, Region weights, Region gradient, Region state0, Region state1, Region secondMoment)
    {
        this.weights = GpuDevice.View(weights);
        this.gradient = GpuDevice.View(gradient);
        this.state0 = GpuDevice.View(state0);
        this.state1 = GpuDevice.View(state1);
        this.secondMoment = GpuDevice.View(secondMoment);
        count = BlockSumGpu.Count(device, weights.Count);
        sums = new float[BlockSum.Blocks(count)];
        blocks = (GpuBuffer)device.Allocate(sums.Length);
        grid = device.Groups(sums.Length, BlockSumGpu.Quads);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, UpdateSettings>(Kernel));
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
    public override void Run() => kernel(grid, weights, gradient, state0, state1, secondMoment, blocks.View, count, Settings);

    internal static void Kernel(
        ArrayView<float> w, ArrayView<float> g, ArrayView<float> s0, ArrayView<float> s1, ArrayView<float> h, ArrayView<float> sums,
        int count, UpdateSettings settings)
    {
        ArrayView<float> accumulators = SharedMemory.Allocate<float>(BlockSum.Accumulators);
        for (int block = Grid.IdxX; block < (int)sums.Length; block += Grid.DimX)
        {
            for (int quad = Group.IdxX; quad < BlockSumGpu.Quads; quad += Group.DimX)
            {
                GpuFloat a0 = default, a1 = default, a2 = default, a3 = default;
                for (int row = 0; row < BlockSum.Block; row += BlockSum.Accumulators)
                {
                    int i = (block * BlockSum.Block) + row + (4 * quad);
                    One(w, g, s0, s1, h, i, count, ref a0, settings);
                    One(w, g, s0, s1, h, i + 1, count, ref a1, settings);
                    One(w, g, s0, s1, h, i + 2, count, ref a2, settings);
                    One(w, g, s0, s1, h, i + 3, count, ref a3, settings);
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
        ArrayView<float> w, ArrayView<float> g, ArrayView<float> s0, ArrayView<float> s1, ArrayView<float> h,
        int i, int count, ref GpuFloat accumulator, UpdateSettings settings)
    {
        if (i < count)
        {
            GpuFloat weight = new(w[i]);
            GpuFloat gradient = new GpuFloat(g[i]) * new GpuFloat(settings.GradientScale);
            GpuFloat first = default, second = default;
            if (TRule.StateCount > 0)
            {
                first = new GpuFloat(s0[i]);
            }

            if (TRule.StateCount > 1)
            {
                second = new GpuFloat(s1[i]);
            }

            GpuFloat next = TRule.Step(weight, gradient, ref first, ref second, settings);
            w[i] = next.Value;
            if (TRule.StateCount > 0)
            {
                s0[i] = first.Value;
            }

            if (TRule.StateCount > 1)
            {
                s1[i] = second.Value;
            }

            if (TKeeping.Keeps)
            {
                h[i] = SecondMoment.Smooth(
                    new GpuFloat(h[i]), gradient, new GpuFloat(settings.SecondMomentBeta), new GpuFloat(settings.OneMinusSecondMomentBeta)).Value;
            }

            GpuFloat change = next - weight;
            accumulator = GpuFloat.Fma(change, change, accumulator);
        }
    }
}
