using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The perturbation on the CPU.</summary>
internal sealed unsafe class PerturbCpu<TNoise, T, TWords> : PerturbLaunch
    where TNoise : struct, INoise
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private readonly Work work;

    public PerturbCpu(CpuDevice device, Region weights, Region secondMoment, Region gradient, Region output) =>
        work = new Work(device, this, weights, secondMoment, gradient, output);

    /// <inheritdoc/>
    public override void Run() => work.Run();

    private sealed class Work(CpuDevice device, PerturbCpu<TNoise, T, TWords> owner, Region weights, Region secondMoment, Region gradient, Region output)
        : CpuLaunch(device)
    {
        private const int TaskElements = BlockSum.Block * BlockSum.BlocksPerTask;

        public override int Tasks => BlockSum.Tasks(weights.Count);

        public override void RunTask(int task, int worker)
        {
            long start = (long)task * TaskElements, end = Math.Min(start + TaskElements, weights.Count);
            PerturbSettings settings = owner.Settings;
            Pass pass = new(CpuDevice.Address(weights), CpuDevice.Address(secondMoment), CpuDevice.Address(gradient), CpuDevice.Address(output), settings);
            RandomPass.Run<Pass, T, TWords>(pass, start, end, settings.Stream, settings.Step, settings.Key0, settings.Key1);
        }
    }

    private readonly struct Pass(float* w, float* h, float* g, float* target, PerturbSettings settings) : IRandomPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Line(long element)
        {
            CpuDevice.Prefetch(w + element);
            CpuDevice.Prefetch(h + element);
            CpuDevice.Prefetch(g + element);
            CpuDevice.Prefetch(target + element);
        }

        /// <summary>
        /// Two loops, since the formula is one chain of steps that wait for each other, and a core looks about four vectors
        /// ahead: with the curvature done before, what is left is as fast as the root and the division alone.
        /// </summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TLane, TLaneWords>(uint* words, float* scratch, long start, int count)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            PerturbConstants<TLane> constants = new(settings);
            float* w0 = w + start, h0 = h + start, g0 = g + start, y0 = target + start;
            for (int i = 0; i < count; i += TLane.Count)
            {
                TLane.Store(scratch + i, Perturbed<TNoise>.Curvature(TLane.Load(w0 + i), TLane.Load(h0 + i), TLane.Load(g0 + i), in constants));
            }

            for (int i = 0; i < count; i += TLane.Count)
            {
                TLane weight = TLane.Load(w0 + i);
                TLane u = Perturbed<TNoise>.SampleAt(
                    weight, TLane.Load(g0 + i), TLane.Load(scratch + i), Unsafe.ReadUnaligned<TLaneWords>(words + i), in constants);
                TLane.Store(y0 + i, weight + u);
            }
        }
    }
}
