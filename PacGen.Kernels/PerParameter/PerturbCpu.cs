using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>The perturbation on the CPU: four vectors at a time, the four words of as many counters as a vector has places.</summary>
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
            float* w = CpuDevice.Address(weights), h = CpuDevice.Address(secondMoment), g = CpuDevice.Address(gradient);
            float* target = CpuDevice.Address(output);
            PerturbSettings settings = owner.Settings;
            long done = Groups<T, TWords>(w, h, g, target, start, end, settings);
            done = Groups<Float1, Words1>(w, h, g, target, done, end, settings);
            for (; done < end; done++)
            {
                Words1 word = new(Philox.Word(((ulong)settings.Key1 << 32) | settings.Key0, settings.Stream, settings.Step, done));
                One<Float1, Words1>(w, h, g, target, done, word, settings);
            }
        }

        /// <summary>Perturbs whole groups of four vectors from <paramref name="start"/>, a multiple of 4, on; returns where it stopped.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static long Groups<TLane, TLaneWords>(
            float* w, float* h, float* g, float* target, long start, long end, PerturbSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            // A chunk's words fit the first-level cache; the formula's loop then has the registers to itself.
            const int Chunk = 960;
            uint* words = stackalloc uint[Chunk];
            int group = 4 * TLane.Count;
            long i = start;
            while (i + group <= end)
            {
                int groups = (int)Math.Min(Chunk, end - i) / group, count = groups * group;
                Philox.Fill<TLaneWords>(words, groups, i, settings.Stream, settings.Step, settings.Key0, settings.Key1);
                Chunked<TLane, TLaneWords>(w + i, h + i, g + i, target + i, words, count, settings);
                i += count;
            }

            return i;
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Chunked<TLane, TLaneWords>(
            float* w, float* h, float* g, float* target, uint* words, int count, PerturbSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            if (TNoise.IsShort)
            {
                for (int i = 0; i < count; i += 2 * TLane.Count)
                {
                    TLaneWords low = Unsafe.ReadUnaligned<TLaneWords>(words + i), high = Unsafe.ReadUnaligned<TLaneWords>(words + i + TLane.Count);
                    One<Twice<TLane, TLaneWords>, TwiceWords<TLaneWords>>(w, h, g, target, i, new(low, high), settings);
                }
            }
            else
            {
                for (int i = 0; i < count; i += TLane.Count)
                {
                    One<TLane, TLaneWords>(w, h, g, target, i, Unsafe.ReadUnaligned<TLaneWords>(words + i), settings);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void One<TLane, TLaneWords>(
            float* w, float* h, float* g, float* target, long i, TLaneWords word, PerturbSettings settings)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            TLane weight = TLane.Load(w + i);
            TLane u = Perturbed<TNoise>.Sample(weight, TLane.Load(h + i), TLane.Load(g + i), word, settings);
            TLane.Store(target + i, weight + u);
        }
    }
}
