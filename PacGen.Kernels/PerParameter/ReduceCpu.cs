using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>A reduction over parameters on the CPU, in <see cref="BlockSum"/>'s order. Regions that the terms don't read stand for the first.</summary>
internal abstract class ReduceCpu<TSettings>(CpuDevice device, long count) : CpuLaunch(device), IReduction<TSettings>
    where TSettings : unmanaged
{
    public TSettings Settings { get; set; }

    public float[] Sums0 { get; } = new float[BlockSum.Blocks(count)];

    public float[] Sums1 { get; } = new float[BlockSum.Blocks(count)];

    public float[] Largest0 { get; } = new float[BlockSum.Blocks(count)];

    public float[] Largest1 { get; } = new float[BlockSum.Blocks(count)];

    public override int Tasks => BlockSum.Tasks(count);

    public static ReduceCpu<TSettings> Create<TTerms>(CpuDevice device, Region a, Region b, Region c)
        where TTerms : struct, ITerms<TSettings> => device.Lanes switch
        {
            16 => new ReduceCpu<TTerms, TSettings, Float16, Words16>(device, a, b, c),
            8 => new ReduceCpu<TTerms, TSettings, Float8, Words8>(device, a, b, c),
            4 => new ReduceCpu<TTerms, TSettings, Float4, Words4>(device, a, b, c),
            _ => new ReduceCpu<TTerms, TSettings, Float1, Words1>(device, a, b, c),
        };
}

/// <summary>The reduction closed over its terms and the lane.</summary>
internal sealed unsafe class ReduceCpu<TTerms, TSettings, T, TWords>(CpuDevice device, Region a, Region b, Region c)
    : ReduceCpu<TSettings>(device, a.Count)
    where TTerms : struct, ITerms<TSettings>
    where TSettings : unmanaged
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private const int LargestLane = 16;

    public override void RunTask(int task, int worker)
    {
        float* pa = CpuDevice.Address(a), pb = CpuDevice.Address(b), pc = CpuDevice.Address(c);

        // Two rows of accumulators, then two of running maxima.
        float* memory = stackalloc float[(2 * BlockSum.Accumulators) + (2 * LargestLane)];
        float* largest = memory + (2 * BlockSum.Accumulators);
        TSettings settings = Settings;
        int last = Math.Min((task + 1) * BlockSum.BlocksPerTask, Sums0.Length);
        for (int block = task * BlockSum.BlocksPerTask; block < last; block++)
        {
            long start = (long)block * BlockSum.Block, end = Math.Min(start + BlockSum.Block, a.Count);
            new Span<float>(memory, (2 * BlockSum.Accumulators) + (2 * LargestLane)).Clear();
            if (TTerms.UsesWords)
            {
                (uint key0, uint key1, uint stream, uint step) = TTerms.Random(settings);
                RandomPass.Run<Pass, T, TWords>(new Pass(pa, pb, pc, memory, settings), start, end, stream, step, key0, key1);
            }
            else
            {
                long done = Vectors<T, TWords>(pa, pb, pc, memory, start, end, settings);
                Vectors<Float1, Words1>(pa, pb, pc, memory, done, end, settings);
            }

            Sums0[block] = BlockSum.Fold<T>(memory);
            Sums1[block] = TTerms.Sums > 1 ? BlockSum.Fold<T>(memory + BlockSum.Accumulators) : 0f;
            if (TTerms.Maxima > 0)
            {
                Largest0[block] = Largest(largest);
                Largest1[block] = Largest(largest + LargestLane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Vectors<TLane, TLaneWords>(float* a, float* b, float* c, float* memory, long start, long end, TSettings settings)
        where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
        where TLaneWords : struct, IWords<TLaneWords>
    {
        long i = start;
        for (; i + TLane.Count <= end; i += TLane.Count)
        {
            One<TLane, TLaneWords>(a, b, c, memory, i, default, settings);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One<TLane, TLaneWords>(float* a, float* b, float* c, float* memory, long i, TLaneWords word, TSettings settings)
        where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
        where TLaneWords : struct, IWords<TLaneWords>
    {
        TTerms.Of(
            TLane.Load(a + i),
            TTerms.Inputs > 1 ? TLane.Load(b + i) : default,
            TTerms.Inputs > 2 ? TLane.Load(c + i) : default,
            word,
            settings,
            out TLane sum0,
            out TLane sum1,
            out TLane largest0,
            out TLane largest1);
        float* at = memory + (i & (BlockSum.Accumulators - 1));
        TLane.Store(at, TLane.Load(at) + sum0);
        if (TTerms.Sums > 1)
        {
            TLane.Store(at + BlockSum.Accumulators, TLane.Load(at + BlockSum.Accumulators) + sum1);
        }

        if (TTerms.Maxima > 0)
        {
            float* largest = memory + (2 * BlockSum.Accumulators);
            TLane.Store(largest, TLane.Max(TLane.Load(largest), largest0));
            TLane.Store(largest + LargestLane, TLane.Max(TLane.Load(largest + LargestLane), largest1));
        }
    }

    private static float Largest(float* lane)
    {
        float largest = 0;
        for (int i = 0; i < LargestLane; i++)
        {
            largest = Math.Max(largest, lane[i]);
        }

        return largest;
    }

    private readonly struct Pass(float* a, float* b, float* c, float* memory, TSettings settings) : IRandomPass
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Line(long element)
        {
            CpuDevice.Prefetch(a + element);
            if (TTerms.Inputs > 1)
            {
                CpuDevice.Prefetch(b + element);
            }

            if (TTerms.Inputs > 2)
            {
                CpuDevice.Prefetch(c + element);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TLane, TLaneWords>(uint* words, float* scratch, long start, int count)
            where TLane : struct, IMemoryLane<TLane>, ILane<TLane, TLaneWords>
            where TLaneWords : struct, IWords<TLaneWords>
        {
            for (int i = 0; i < count; i += TLane.Count)
            {
                One<TLane, TLaneWords>(a, b, c, memory, start + i, Unsafe.ReadUnaligned<TLaneWords>(words + i), settings);
            }
        }
    }
}
