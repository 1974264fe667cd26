using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
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
            float* w = CpuDevice.Address(weights), s = CpuDevice.Address(levels), target = CpuDevice.Address(output);
            NoiseSettings settings = owner.Settings;
            long done = Groups<T, TWords>(w, s, target, start, end, settings);
            done = Groups<Float1, Words1>(w, s, target, done, end, settings);
            for (; done < end; done++)
            {
                Words1 word = new(Philox.Word(((ulong)settings.Key1 << 32) | settings.Key0, settings.Stream, settings.Step, done));
                One<Float1, Words1>(w, s, target, done, word, settings);
            }
        }

        /// <summary>Perturbs whole groups of four vectors from <paramref name="start"/>, a multiple of 4, on; returns where it stopped.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static long Groups<TLane, TLaneWords>(float* w, float* s, float* target, long start, long end, NoiseSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            const int Chunk = 960;
            uint* words = stackalloc uint[Chunk];
            int group = 4 * TLane.Count;
            long i = start;
            while (i + group <= end)
            {
                int groups = (int)Math.Min(Chunk, end - i) / group, count = groups * group;
                Philox.Fill<TLaneWords>(words, groups, i, settings.Stream, settings.Step, settings.Key0, settings.Key1);
                Chunked<TLane, TLaneWords>(w + i, TLevels.Own ? s + i : s, target + i, words, count, settings);
                i += count;
            }

            return i;
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Chunked<TLane, TLaneWords>(float* w, float* s, float* target, uint* words, int count, NoiseSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            if (TNoise.IsShort)
            {
                for (int i = 0; i < count; i += 2 * TLane.Count)
                {
                    TLaneWords low = Unsafe.ReadUnaligned<TLaneWords>(words + i), high = Unsafe.ReadUnaligned<TLaneWords>(words + i + TLane.Count);
                    One<Twice<TLane, TLaneWords>, TwiceWords<TLaneWords>>(w, s, target, i, new(low, high), settings);
                }
            }
            else
            {
                for (int i = 0; i < count; i += TLane.Count)
                {
                    One<TLane, TLaneWords>(w, s, target, i, Unsafe.ReadUnaligned<TLaneWords>(words + i), settings);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void One<TLane, TLaneWords>(float* w, float* s, float* target, long i, TLaneWords word, NoiseSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            TLane weight = TLane.Load(w + i), sigma = TLane.Constant(settings.Sigma);
            if (TLevels.Own)
            {
                sigma *= TLane.Load(s + i);
            }

            TLane kappa = Kappa.Of(weight, TLane.Constant(settings.Gamma), TLane.Constant(settings.Epsilon));
            TLane.Store(target + i, weight + TNoise.Sample(sigma, kappa, word));
        }
    }
}
