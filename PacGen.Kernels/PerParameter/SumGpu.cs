using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>
/// A sum over parameters on a GPU, a group a block, in <see cref="BlockSum"/>'s order. A thread has two rows of four parameters
/// in flight.
/// </summary>
internal sealed class SumGpu<TTerms, TSettings, TFold> : Launch, ISumKernel<TSettings>
    where TTerms : struct, ITerms<TSettings>
    where TSettings : unmanaged
    where TFold : struct, IBlockFold
{
    private readonly GpuBuffer results;
    private readonly float[] read;
    private readonly Action start;

    public SumGpu(GpuDevice device, Region a, Region b, Region c)
    {
        QuadExtent extent = new(BlockSumGpu.Count(device, a.Count), a, b, c);
        int blocks = BlockSum.Blocks(extent.Count);
        KernelConfig grid = device.Groups(blocks, BlockSumGpu.Quads);
        ArrayView<float> a0 = GpuDevice.View(a), b0 = GpuDevice.View(b), c0 = GpuDevice.View(c);
        var kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, QuadExtent, TSettings>(Kernel));
        read = new float[ISumKernel<TSettings>.Rows<TTerms>() * blocks];
        results = (GpuBuffer)device.AllocateUncleared(read.Length, "the sums of blocks of parameters");
        start = () => kernel(grid, a0, b0, c0, results.View, blocks, extent, Settings);
    }

    /// <inheritdoc/>
    public TSettings Settings { get; set; }

    /// <inheritdoc/>
    public GpuBuffer Results => results;

    /// <inheritdoc/>
    public float[] Read()
    {
        results.Read(0, read);
        return read;
    }

    /// <inheritdoc/>
    public override void Run() => start();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            results.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> results, int blocks, QuadExtent extent,
        TSettings settings)
    {
        ArrayView<Quad> accumulators = BlockSumGpu.Accumulators(), accumulators1 = BlockSumGpu.Accumulators();
        ArrayView<float> largest = SharedMemory.Allocate<float>(BlockSumGpu.Quads);
        ArrayView<float> largest1 = SharedMemory.Allocate<float>(BlockSumGpu.Quads);
        PhiloxDraw draw = TTerms.Random(settings);
        for (int block = Grid.IdxX; block < blocks; block += Grid.DimX)
        {
            int start = block * BlockSum.Block;
            GpuFloat most0 = default, most1 = default;
            for (int quad = Group.IdxX; quad < BlockSumGpu.Quads; quad += Group.DimX)
            {
                Sums s0 = default, s1 = default, s2 = default, s3 = default;
                int i = start + (4 * quad);
                if (extent.IsWhole(start, BlockSum.Block))
                {
                    for (int end = i + BlockSum.Block; i < end; i += 2 * BlockSum.Accumulators)
                    {
                        int j = i + BlockSum.Accumulators;
                        Quad x = Quad.Load(a, i), y = default, z = default, u = Quad.Load(a, j), v = default, w = default;
                        if (TTerms.Inputs > 1)
                        {
                            y = Quad.Load(b, i);
                            v = Quad.Load(b, j);
                        }

                        if (TTerms.Inputs > 2)
                        {
                            z = Quad.Load(c, i);
                            w = Quad.Load(c, j);
                        }

                        Row(x, y, z, i, draw, settings, ref s0, ref s1, ref s2, ref s3, ref most0, ref most1);
                        Row(u, v, w, j, draw, settings, ref s0, ref s1, ref s2, ref s3, ref most0, ref most1);
                    }
                }
                else
                {
                    for (int row = 0; row < BlockSum.Block; row += BlockSum.Accumulators)
                    {
                        Ends(
                            a, b, c, i + row, extent.Count, draw, settings, ref s0, ref s1, ref s2, ref s3, ref most0, ref most1);
                    }
                }

                accumulators[quad] = new Quad(s0.First.Value, s1.First.Value, s2.First.Value, s3.First.Value);
                if (TTerms.Sums > 1)
                {
                    accumulators1[quad] = new Quad(s0.Second.Value, s1.Second.Value, s2.Second.Value, s3.Second.Value);
                }
            }

            if (TTerms.Maxima > 0)
            {
                largest[Group.IdxX] = most0.Value;
                largest1[Group.IdxX] = most1.Value;
            }

            TFold.Begin();
            TFold.Sum(accumulators, 0, results, block);
            if (TTerms.Sums > 1)
            {
                TFold.Sum(accumulators1, 1, results, blocks + block);
            }

            if (TTerms.Maxima > 0)
            {
                TFold.Largest(largest, 2, results, (2 * blocks) + block);
                TFold.Largest(largest1, 3, results, (3 * blocks) + block);
            }

            Group.Barrier();
        }
    }

    /// <summary>Four parameters, of which all count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(
        Quad x, Quad y, Quad z, int i, PhiloxDraw draw, TSettings settings, ref Sums s0, ref Sums s1, ref Sums s2, ref Sums s3,
        ref GpuFloat most0, ref GpuFloat most1)
    {
        Words1 word0 = new((uint)i >> 2), word1 = new(0), word2 = new(draw.Stream), word3 = new(draw.Step);
        if (TTerms.UsesWords)
        {
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, draw.Key0, draw.Key1);
        }

        One(x.X, y.X, z.X, word0, settings, ref s0, ref most0, ref most1);
        One(x.Y, y.Y, z.Y, word1, settings, ref s1, ref most0, ref most1);
        One(x.Z, y.Z, z.Z, word2, settings, ref s2, ref most0, ref most1);
        One(x.W, y.W, z.W, word3, settings, ref s3, ref most0, ref most1);
    }

    /// <summary>Four parameters of which some may lie beyond the end, or that don't start on 16 bytes: one at a time.</summary>
    private static void Ends(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int start, int count, PhiloxDraw draw, TSettings settings,
        ref Sums s0, ref Sums s1, ref Sums s2, ref Sums s3, ref GpuFloat most0, ref GpuFloat most1)
    {
        Words1 word0 = new((uint)start >> 2), word1 = new(0), word2 = new(draw.Stream), word3 = new(draw.Step);
        if (TTerms.UsesWords)
        {
            Philox.Generate(ref word0, ref word1, ref word2, ref word3, draw.Key0, draw.Key1);
        }

        int last = IntrinsicMath.Min(start + 4, count);
        for (int i = start; i < last; i++)
        {
            float y = 0, z = 0;
            if (TTerms.Inputs > 1)
            {
                y = b[i];
            }

            if (TTerms.Inputs > 2)
            {
                z = c[i];
            }

            Sums sums = default;
            One(a[i], y, z, word0, settings, ref sums, ref most0, ref most1);

            // The words and the sums move on by one, so that the code above is there once.
            word0 = word1;
            word1 = word2;
            word2 = word3;
            int place = i - start;
            Add(ref s0, sums, place == 0);
            Add(ref s1, sums, place == 1);
            Add(ref s2, sums, place == 2);
            Add(ref s3, sums, place == 3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Sums sums, Sums more, bool counts)
    {
        if (counts)
        {
            sums.First += more.First;
            sums.Second += more.Second;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        float a, float b, float c, Words1 word, TSettings settings, ref Sums sums, ref GpuFloat most0, ref GpuFloat most1)
    {
        TTerms.Of(
            new GpuFloat(a),
            new GpuFloat(b),
            new GpuFloat(c),
            word,
            settings,
            out GpuFloat sum0,
            out GpuFloat sum1,
            out GpuFloat largest0,
            out GpuFloat largest1);
        sums.First += sum0;
        if (TTerms.Sums > 1)
        {
            sums.Second += sum1;
        }

        if (TTerms.Maxima > 0)
        {
            most0 = GpuFloat.Max(most0, largest0);
            most1 = GpuFloat.Max(most1, largest1);
        }
    }

    private struct Sums
    {
        public GpuFloat First, Second;
    }
}
