using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>Noise of given levels on the CPU: four vectors at a time, the four words of as many counters as a vector has places.</summary>
internal sealed unsafe class NoiseCpu<TNoise, TLevels, T, TWords> : NoiseLaunch
    where TNoise : struct, INoise
    where TLevels : struct, IOwnLevels
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private readonly Work work;

    public NoiseCpu(CpuDevice device, Region weights, Region levels, Region output) => work = new Work(device, this, weights, levels, output);

    /// <inheritdoc/>
    public override void Run() => work.Run();

    private sealed class Work(CpuDevice device, NoiseCpu<TNoise, TLevels, T, TWords> owner, Region weights, Region levels, Region output)
        : CpuLaunch(device)
    {
        private const int TaskElements = BlockSum.Block * BlockSum.BlocksPerTask;

        public override int Tasks => BlockSum.Tasks(weights.Count);

        public override void RunTask(int task, int worker)
        {
            long start = (long)task * TaskElements, end = Math.Min(start + TaskElements, weights.Count);
            NoiseSettings settings = owner.Settings;
            Pass pass = new(CpuDevice.Address(weights), CpuDevice.Address(levels), CpuDevice.Address(output), settings);
            RandomPass.Run<Pass, T, TWords>(pass, start, end, settings.Stream, settings.Step, settings.Key0, settings.Key1);
        }
    }

    private readonly struct Pass(float* w, float* s, float* target, NoiseSettings settings) : IRandomPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Line(long element)
        {
            CpuDevice.Prefetch(w + element);
            if (TLevels.Own)
            {
                CpuDevice.Prefetch(s + element);
            }

            CpuDevice.Prefetch(target + element);
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TLane, TLaneWords>(uint* words, float* scratch, long start, int count)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            NoiseSettings constants = settings;
            float* w0 = w + start, s0 = TLevels.Own ? s + start : s, y0 = target + start;
            for (int i = 0; i < count; i += TLane.Count)
            {
                TLane weight = TLane.Load(w0 + i), sigma = TLane.Constant(constants.Sigma);
                if (TLevels.Own)
                {
                    sigma *= TLane.Load(s0 + i);
                }

                TLane kappa = Kappa.Of(weight, TLane.Constant(constants.Gamma), TLane.Constant(constants.Epsilon));
                TLane.Store(y0 + i, weight + TNoise.Sample(sigma, kappa, Unsafe.ReadUnaligned<TLaneWords>(words + i)));
            }
        }
    }
}
