using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Optimization;

namespace PacGen.Kernels;

/// <summary>
/// The update on the CPU: one vector loop a block, closed over the rule, the number of its states, the keeping of h and the lane.
/// </summary>
internal sealed unsafe class UpdateCpu<TRule, TStates, TKeeping, T> : UpdateLaunch<TRule>
    where TRule : unmanaged, IUpdateRule
    where TStates : struct, IStateCount
    where TKeeping : struct, ISecondMomentKeeping
    where T : struct, IMemoryLane<T>
{
    private readonly Work work;
    private readonly float[] sums;

    public UpdateCpu(CpuDevice device, UpdateRegions regions)
    {
        sums = new float[BlockSum.Blocks(regions.Weights.Count)];
        work = new Work(device, this, regions);
    }

    /// <inheritdoc/>
    public override double SquaredChange => BlockSum.Total(sums);

    /// <inheritdoc/>
    public override void Run() => work.Run();

    private sealed class Work(CpuDevice device, UpdateCpu<TRule, TStates, TKeeping, T> owner, UpdateRegions regions)
        : CpuLaunch(device)
    {
        private const int Ahead = 512;
        private readonly float* w = CpuDevice.Address(regions.Weights), g = CpuDevice.Address(regions.Gradient);
        private readonly float* h = CpuDevice.Address(regions.SecondMoment);
        private readonly float* s0 = CpuDevice.Address(regions.State(0)), s1 = CpuDevice.Address(regions.State(1));
        private readonly float* s2 = CpuDevice.Address(regions.State(2)), s3 = CpuDevice.Address(regions.State(3));

        public override int Tasks => BlockSum.Tasks(regions.Weights.Count);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            float* accumulators = stackalloc float[BlockSum.Accumulators];
            int last = Math.Min((task + 1) * BlockSum.BlocksPerTask, owner.sums.Length);
            for (int block = task * BlockSum.BlocksPerTask; block < last; block++)
            {
                long start = (long)block * BlockSum.Block, end = Math.Min(start + BlockSum.Block, regions.Weights.Count);
                new Span<float>(accumulators, BlockSum.Accumulators).Clear();
                long done = Vectors<T>(accumulators, start, end, owner.Settings);
                Vectors<Float1>(accumulators, done, end, owner.Settings);
                owner.sums[block] = BlockSum.Fold<T>(accumulators);
            }
        }

        /// <summary>Updates whole vectors from <paramref name="start"/> on; returns where it stopped.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private long Vectors<TLane>(float* accumulators, long start, long end, UpdateSettings<TRule> settings)
            where TLane : struct, IMemoryLane<TLane>
        {
            // Copies, which the loop keeps in registers.
            float* w = this.w, g = this.g, h = this.h, s0 = this.s0, s1 = this.s1, s2 = this.s2, s3 = this.s3;
            TRule rule = settings.Rule;
            long i = start;
            for (; i + TLane.Count <= end; i += TLane.Count)
            {
                Prefetch(w + i);
                Prefetch(g + i);
                States<TLane> states = default;
                TLane moment = default;
                if (TKeeping.Keeps)
                {
                    moment = TLane.Load(h + i);
                    Prefetch(h + i);
                }

                if (TStates.Count > 0)
                {
                    states.First = TLane.Load(s0 + i);
                    Prefetch(s0 + i);
                }

                if (TStates.Count > 1)
                {
                    states.Second = TLane.Load(s1 + i);
                    Prefetch(s1 + i);
                }

                if (TStates.Count > 2)
                {
                    states.Third = TLane.Load(s2 + i);
                    Prefetch(s2 + i);
                }

                if (TStates.Count > 3)
                {
                    states.Fourth = TLane.Load(s3 + i);
                    Prefetch(s3 + i);
                }

                TLane next = UpdateStep<TRule, TStates, TKeeping>.Next(
                    TLane.Load(w + i), TLane.Load(g + i) * TLane.Constant(settings.GradientScale), ref states, ref moment,
                    ref rule, TLane.Constant(settings.SecondMomentBeta),
                    TLane.Constant(settings.OneMinusSecondMomentBeta), out TLane change);
                TLane.Store(w + i, next);
                if (TStates.Count > 0)
                {
                    TLane.Store(s0 + i, states.First);
                }

                if (TStates.Count > 1)
                {
                    TLane.Store(s1 + i, states.Second);
                }

                if (TStates.Count > 2)
                {
                    TLane.Store(s2 + i, states.Third);
                }

                if (TStates.Count > 3)
                {
                    TLane.Store(s3 + i, states.Fourth);
                }

                if (TKeeping.Keeps)
                {
                    TLane.Store(h + i, moment);
                }

                float* accumulator = accumulators + (i & (BlockSum.Accumulators - 1));
                TLane.Store(accumulator, TLane.Fma(change, change, TLane.Load(accumulator)));
            }

            return i;
        }

        /// <summary>
        /// Asks for what is read a little later: a processor by itself looks no further than the end of a small page.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Prefetch(float* address) => CpuDevice.Prefetch(address + Ahead);
    }
}
