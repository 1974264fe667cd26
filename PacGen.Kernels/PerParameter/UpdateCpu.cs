using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The update on the CPU: one vector loop a block, closed over the rule, the keeping of h and the lane.</summary>
internal sealed unsafe class UpdateCpu<TRule, TKeeping, T> : UpdateLaunch
    where TRule : struct, IUpdateRule
    where TKeeping : struct, ISecondMomentKeeping
    where T : struct, IMemoryLane<T>
{
    private readonly Work work;
    private readonly float[] sums;

    public UpdateCpu(CpuDevice device, Region weights, Region gradient, Region state0, Region state1, Region secondMoment)
    {
        sums = new float[BlockSum.Blocks(weights.Count)];
        work = new Work(device, this, weights, gradient, state0, state1, secondMoment);
    }

    /// <inheritdoc/>
    public override double SquaredChange => BlockSum.Total(sums);

    /// <inheritdoc/>
    public override void Run() => work.Run();

    private sealed class Work(
        CpuDevice device, UpdateCpu<TRule, TKeeping, T> owner, Region weights, Region gradient, Region state0, Region state1, Region secondMoment)
        : CpuLaunch(device)
    {
        public override int Tasks => BlockSum.Tasks(weights.Count);

        public override void RunTask(int task, int worker)
        {
            float* w = CpuDevice.Address(weights), g = CpuDevice.Address(gradient), h = CpuDevice.Address(secondMoment);
            float* s0 = CpuDevice.Address(state0), s1 = CpuDevice.Address(state1);
            float* accumulators = stackalloc float[BlockSum.Accumulators];
            int last = Math.Min((task + 1) * BlockSum.BlocksPerTask, owner.sums.Length);
            for (int block = task * BlockSum.BlocksPerTask; block < last; block++)
            {
                long start = (long)block * BlockSum.Block, end = Math.Min(start + BlockSum.Block, weights.Count);
                new Span<float>(accumulators, BlockSum.Accumulators).Clear();
                long done = Vectors<T>(w, g, s0, s1, h, accumulators, start, end, owner.Settings);
                Vectors<Float1>(w, g, s0, s1, h, accumulators, done, end, owner.Settings);
                owner.sums[block] = BlockSum.Fold<T>(accumulators);
            }
        }

        /// <summary>Updates whole vectors from <paramref name="start"/> on; returns where it stopped.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static long Vectors<TLane>(
            float* w, float* g, float* s0, float* s1, float* h, float* accumulators, long start, long end, UpdateSettings settings)
            where TLane : struct, IMemoryLane<TLane>
        {
            long i = start;
            for (; i + TLane.Count <= end; i += TLane.Count)
            {
                TLane weight = TLane.Load(w + i);
                TLane gradient = TLane.Load(g + i) * TLane.Constant(settings.GradientScale);
                TLane first = TRule.StateCount > 0 ? TLane.Load(s0 + i) : default;
                TLane second = TRule.StateCount > 1 ? TLane.Load(s1 + i) : default;
                TLane next = TRule.Step(weight, gradient, ref first, ref second, settings);
                TLane.Store(w + i, next);
                if (TRule.StateCount > 0)
                {
                    TLane.Store(s0 + i, first);
                }

                if (TRule.StateCount > 1)
                {
                    TLane.Store(s1 + i, second);
                }

                TLane change = next - weight, zero = TLane.Constant(0f);
                if (TRule.StateCount > 0)
                {
                    change = TLane.Fma(first, zero, change);
                }

                if (TRule.StateCount > 1)
                {
                    change = TLane.Fma(second, zero, change);
                }

                if (TKeeping.Keeps)
                {
                    TLane moment = SecondMoment.Smooth(
                        TLane.Load(h + i),
                        gradient,
                        TLane.Constant(settings.SecondMomentBeta),
                        TLane.Constant(settings.OneMinusSecondMomentBeta));
                    TLane.Store(h + i, moment);
                    change = TLane.Fma(moment, zero, change);
                }

                float* accumulator = accumulators + (i & (BlockSum.Accumulators - 1));
                TLane.Store(accumulator, TLane.Fma(change, change, TLane.Load(accumulator)));
            }

            return i;
        }
    }
}
