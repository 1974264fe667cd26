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
            long i = start;
            int size = TLane.Count * sizeof(uint);
            byte* words = stackalloc byte[4 * size];
            for (; i + (4 * TLane.Count) <= end; i += 4 * TLane.Count)
            {
                TLaneWords a = TLaneWords.Sequence((uint)(i >> 2)), b = TLaneWords.Constant((uint)(i >> 34));
                TLaneWords c = TLaneWords.Constant(settings.Stream), d = TLaneWords.Constant(settings.Step);
                Philox.Generate(ref a, ref b, ref c, ref d, settings.Key0, settings.Key1);
                TLaneWords.Interleave(ref a, ref b, ref c, ref d);
                Unsafe.WriteUnaligned(words, a);
                Unsafe.WriteUnaligned(words + size, b);
                Unsafe.WriteUnaligned(words + (2 * size), c);
                Unsafe.WriteUnaligned(words + (3 * size), d);
                for (int j = 0; j < 4; j++)
                {
                    One<TLane, TLaneWords>(w, s, target, i + (j * TLane.Count), Unsafe.ReadUnaligned<TLaneWords>(words + (j * size)), settings);
                }
            }

            return i;
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
