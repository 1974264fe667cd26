using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>A sum over parameters on a GPU, a group a block, in <see cref="BlockSum"/>'s order.</summary>
internal sealed class SumGpu<TTerms, TSettings> : Launch, ISumKernel<TSettings>
    where TTerms : struct, ITerms<TSettings>
    where TSettings : unmanaged
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
        results = (GpuBuffer)device.Allocate(read.Length, "the sums of blocks of parameters");
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
        ArrayView<float> accumulators = SharedMemory.Allocate<float>(BlockSum.Accumulators);
        ArrayView<float> accumulators1 = SharedMemory.Allocate<float>(BlockSum.Accumulators);
        ArrayView<float> largest = SharedMemory.Allocate<float>(2 * BlockSumGpu.Quads);
        PhiloxDraw draw = TTerms.Random(settings);
        for (int block = Grid.IdxX; block < blocks; block += Grid.DimX)
        {
            GpuFloat most0 = default, most1 = default;
            for (int quad = Group.IdxX; quad < BlockSumGpu.Quads; quad += Group.DimX)
            {
                Sums s0 = default, s1 = default, s2 = default, s3 = default;
                for (int row = 0; row < BlockSum.Block; row += BlockSum.Accumulators)
                {
                    int i = (block * BlockSum.Block) + row + (4 * quad);
                    Words1 word0 = new((uint)i >> 2), word1 = new(0), word2 = new(draw.Stream), word3 = new(draw.Step);
                    if (TTerms.UsesWords)
                    {
                        Philox.Generate(ref word0, ref word1, ref word2, ref word3, draw.Key0, draw.Key1);
                    }

                    Quad x = extent.Load(a, i), y = default, z = default;
                    if (TTerms.Inputs > 1)
                    {
                        y = extent.Load(b, i);
                    }

                    if (TTerms.Inputs > 2)
                    {
                        z = extent.Load(c, i);
                    }

                    One(x.X, y.X, z.X, i < extent.Count, word0, settings, ref s0, ref most0, ref most1);
                    One(x.Y, y.Y, z.Y, i + 1 < extent.Count, word1, settings, ref s1, ref most0, ref most1);
                    One(x.Z, y.Z, z.Z, i + 2 < extent.Count, word2, settings, ref s2, ref most0, ref most1);
                    One(x.W, y.W, z.W, i + 3 < extent.Count, word3, settings, ref s3, ref most0, ref most1);
                }

                accumulators[4 * quad] = s0.First.Value;
                accumulators[(4 * quad) + 1] = s1.First.Value;
                accumulators[(4 * quad) + 2] = s2.First.Value;
                accumulators[(4 * quad) + 3] = s3.First.Value;
                accumulators1[4 * quad] = s0.Second.Value;
                accumulators1[(4 * quad) + 1] = s1.Second.Value;
                accumulators1[(4 * quad) + 2] = s2.Second.Value;
                accumulators1[(4 * quad) + 3] = s3.Second.Value;
            }

            BlockSumGpu.Fold(accumulators);
            if (TTerms.Sums > 1)
            {
                BlockSumGpu.Fold(accumulators1);
            }

            if (TTerms.Maxima > 0)
            {
                largest[Group.IdxX] = most0.Value;
                largest[BlockSumGpu.Quads + Group.IdxX] = most1.Value;
                Group.Barrier();
            }

            if (Group.IdxX == 0)
            {
                results[block] = accumulators[0];
                if (TTerms.Sums > 1)
                {
                    results[blocks + block] = accumulators1[0];
                }

                if (TTerms.Maxima > 0)
                {
                    for (int thread = 1; thread < Group.DimX; thread++)
                    {
                        most0 = GpuFloat.Max(most0, new GpuFloat(largest[thread]));
                        most1 = GpuFloat.Max(most1, new GpuFloat(largest[BlockSumGpu.Quads + thread]));
                    }

                    results[(2 * blocks) + block] = most0.Value;
                    results[(3 * blocks) + block] = most1.Value;
                }
            }

            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(
        float a, float b, float c, bool counts, Words1 word, TSettings settings,
        ref Sums sums, ref GpuFloat most0, ref GpuFloat most1)
    {
        if (counts)
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
    }

    private struct Sums
    {
        public GpuFloat First, Second;
    }
}
