using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>A random map on the CPU: four vectors at a time, the four words of as many counters as a vector has places.</summary>
internal sealed unsafe class RandomMapCpu<TMap, TSettings, T, TWords>(
    CpuDevice device, Region a, Region b, Region c, Region output) : CpuLaunch(device), IPassKernel<TSettings>
    where TMap : struct, IRandomMap<TSettings>
    where TSettings : unmanaged
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private const int TaskElements = BlockSum.Block * BlockSum.BlocksPerTask;

    public TSettings Settings { get; set; }

    public override int Tasks => BlockSum.Tasks(output.Count);

    public override void RunTask(int task, int worker)
    {
        long start = (long)task * TaskElements, end = Math.Min(start + TaskElements, output.Count);
        TSettings settings = Settings;
        float* first = CpuDevice.Address(a), second = CpuDevice.Address(b), third = CpuDevice.Address(c);
        float* target = CpuDevice.Address(output);

        // What is written over an input is in the cache.
        bool inPlace = (TMap.Inputs > 0 && first == target) || (TMap.Inputs > 1 && second == target)
            || (TMap.Inputs > 2 && third == target);
        bool past = !inPlace && CpuDevice.GoesPast<T>(target, output.Count);
        Pass pass = new(first, second, third, target, past, settings);
        RandomPass.Run<Pass, T, TWords>(pass, start, end, TMap.Random(settings));
        if (past)
        {
            CpuDevice.EndStoresPast();
        }
    }

    private readonly struct Pass(float* a, float* b, float* c, float* output, bool past, TSettings settings) : IRandomPass
    {
        // The memory of the next chunk is asked for evenly while this one is worked on: at once it would take longer to come than
        // the words take, and the formula would leave the memory idle.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Line(long element)
        {
            if (TMap.Inputs > 0)
            {
                CpuDevice.Prefetch(a + element + RandomPass.Chunk);
            }

            if (TMap.Inputs > 1)
            {
                CpuDevice.Prefetch(b + element + RandomPass.Chunk);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TLane, TLaneWords>(uint* words, float* scratch, long start, int count)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            LaneConstants<TLane> constants = TMap.Constants<TLane>(settings);
            float* a0 = a + start, b0 = b + start, c0 = c + start, y0 = output + start;
            if (TMap.IsSplit)
            {
                for (int i = 0; i < count; i += TLane.Count)
                {
                    TLane.Store(scratch + i, TMap.First(
                        TMap.Inputs > 0 ? TLane.Load(a0 + i) : default,
                        TMap.Inputs > 1 ? TLane.Load(b0 + i) : default,
                        TMap.Inputs > 2 ? TLane.Load(c0 + i) : default,
                        in constants));
                }
            }

            for (int i = 0; i < count; i += TLane.Count)
            {
                if (TMap.Inputs > 2)
                {
                    CpuDevice.Prefetch(c0 + i + RandomPass.Chunk);
                }

                TLane value = TMap.Of(
                    TMap.Inputs > 0 ? TLane.Load(a0 + i) : default,
                    TMap.Inputs > 1 ? TLane.Load(b0 + i) : default,
                    TMap.Inputs > 2 ? TLane.Load(c0 + i) : default,
                    TMap.IsSplit ? TLane.Load(scratch + i) : default,
                    Unsafe.ReadUnaligned<TLaneWords>(words + i),
                    in constants);
                if (past)
                {
                    CpuDevice.StorePast(y0 + i, value);
                }
                else
                {
                    CpuDevice.Prefetch(y0 + i + RandomPass.Chunk);
                    TLane.Store(y0 + i, value);
                }
            }
        }
    }
}
