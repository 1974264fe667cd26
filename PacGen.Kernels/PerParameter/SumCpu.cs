using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>A sum over parameters on the CPU, in <see cref="BlockSum"/>'s order.</summary>
internal abstract class SumCpu<TSettings>(CpuDevice device, long count, int rows) : CpuLaunch(device), ISumKernel<TSettings>
    where TSettings : unmanaged
{
    public TSettings Settings { get; set; }

    public GpuBuffer? Results => null;

    public override int Tasks => BlockSum.Tasks(count);

    protected float[] Rows { get; } = new float[rows * BlockSum.Blocks(count)];

    public float[] Read() => Rows;

    public static SumCpu<TSettings> Create<TTerms>(CpuDevice device, Region a, Region b, Region c)
        where TTerms : struct, ITerms<TSettings> => device.Lanes switch
        {
            16 => new SumCpu<TTerms, TSettings, Float16, Words16>(device, a, b, c),
            8 => new SumCpu<TTerms, TSettings, Float8, Words8>(device, a, b, c),
            4 => new SumCpu<TTerms, TSettings, Float4, Words4>(device, a, b, c),
            _ => new SumCpu<TTerms, TSettings, Float1, Words1>(device, a, b, c),
        };
}

/// <summary>The sum closed over its terms and the lane.</summary>
internal sealed unsafe class SumCpu<TTerms, TSettings, T, TWords>(CpuDevice device, Region a, Region b, Region c)
    : SumCpu<TSettings>(device, a.Count, ISumKernel<TSettings>.Rows<TTerms>())
    where TTerms : struct, ITerms<TSettings>
    where TSettings : unmanaged
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private const int LargestLane = 16;

    /// <summary>What the last steps of a split formula take at a time.</summary>
    private const int Piece = 512;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* pa = CpuDevice.Address(a), pb = CpuDevice.Address(b), pc = CpuDevice.Address(c);

        // Two rows of accumulators, then two of running maxima.
        float* memory = stackalloc float[(2 * BlockSum.Accumulators) + (2 * LargestLane)];
        float* largest = memory + (2 * BlockSum.Accumulators);
        float* scratch = stackalloc float[Piece];
        TSettings settings = Settings;
        int blocks = BlockSum.Blocks(a.Count);
        int last = Math.Min((task + 1) * BlockSum.BlocksPerTask, blocks);
        for (int block = task * BlockSum.BlocksPerTask; block < last; block++)
        {
            long start = (long)block * BlockSum.Block, end = Math.Min(start + BlockSum.Block, a.Count);
            new Span<float>(memory, (2 * BlockSum.Accumulators) + (2 * LargestLane)).Clear();
            Pass pass = new(pa, pb, pc, memory, settings);
            if (TTerms.UsesWords)
            {
                RandomPass.Run<Pass, T, TWords>(pass, start, end, TTerms.Random(settings));
            }
            else
            {
                int count = (int)(end - start), whole = count / T.Count * T.Count;
                pass.Run<T, TWords>(null, scratch, start, whole);
                pass.Run<Float1, Words1>(null, scratch, start + whole, count - whole);
            }

            Rows[block] = BlockSum.Fold<T>(memory);
            if (TTerms.Sums > 1)
            {
                Rows[blocks + block] = BlockSum.Fold<T>(memory + BlockSum.Accumulators);
            }

            if (TTerms.Maxima > 0)
            {
                Rows[(2 * blocks) + block] = Largest(largest);
                Rows[(3 * blocks) + block] = Largest(largest + LargestLane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
            TSettings constants = settings;
            float* a0 = a + start, b0 = b + start, c0 = c + start, sums = memory, largest = memory + (2 * BlockSum.Accumulators);
            for (int from = 0; from < count; from += Piece)
            {
                int to = Math.Min(count, from + Piece);
                for (int i = from; i < to; i += TLane.Count)
                {
                    TLane first, sum1, largest0, largest1, x = TLane.Load(a0 + i);
                    TLane y = TTerms.Inputs > 1 ? TLane.Load(b0 + i) : default;
                    TLane z = TTerms.Inputs > 2 ? TLane.Load(c0 + i) : default;
                    TLaneWords word = TTerms.UsesWords ? Unsafe.ReadUnaligned<TLaneWords>(words + i) : default;
                    float* at = sums + ((start + i) & (BlockSum.Accumulators - 1));
                    if (TTerms.IsSplit)
                    {
                        TTerms.First(x, y, z, word, constants, out first, out sum1, out largest0, out largest1);
                        TLane.Store(scratch + (i - from), first);
                    }
                    else
                    {
                        TTerms.Of(x, y, z, word, constants, out first, out sum1, out largest0, out largest1);
                        TLane.Store(at, TLane.Load(at) + first);
                    }

                    if (TTerms.Sums > 1)
                    {
                        TLane.Store(at + BlockSum.Accumulators, TLane.Load(at + BlockSum.Accumulators) + sum1);
                    }

                    if (TTerms.Maxima > 0)
                    {
                        TLane.Store(largest, TLane.Max(TLane.Load(largest), largest0));
                        TLane.Store(largest + LargestLane, TLane.Max(TLane.Load(largest + LargestLane), largest1));
                    }
                }

                for (int i = from; TTerms.IsSplit && i < to; i += TLane.Count)
                {
                    float* at = sums + ((start + i) & (BlockSum.Accumulators - 1));
                    TLane.Store(at, TLane.Load(at) + TTerms.Last(TLane.Load(scratch + (i - from))));
                }
            }
        }
    }
}
