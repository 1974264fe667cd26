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
            long i = start;
            // The words wait in memory, so that the formula stands in the method once: four copies would come near the JIT's limit of inlining.
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
                    One<TLane, TLaneWords>(w, h, g, target, i + (j * TLane.Count), Unsafe.ReadUnaligned<TLaneWords>(words + (j * size)), settings);
                }
            }

            return i;
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
