using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// The product of two sides on NVIDIA GPUs, closed over how each is read, the tile, as what numbers are multiplied and what
/// becomes of the sums: a group's warps compute 64 rows each, from stages of 16 terms, 32 in pairs of bfloat16, that are copied
/// to shared memory while those before are multiplied.
/// </summary>
internal sealed class StagedProduct<TA, TB, TTile, TSums, TTarget> : Launch
    where TA : struct, ITileSource
    where TB : struct, ITileSource
    where TTile : struct, IStagedTile
    where TSums : struct, IStageSums
    where TTarget : struct, IProductTarget
{
    private readonly Action<
        AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget> kernel;
    private readonly Accelerator accelerator;
    private readonly ArrayView<float> a, b, output;
    private readonly TA sourceA;
    private readonly TB sourceB;
    private readonly TTarget target;
    private readonly KernelConfig grid;

    public StagedProduct(GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
    {
        this.a = GpuDevice.View(a);
        this.b = GpuDevice.View(b);
        this.output = GpuDevice.View(output);
        (this.sourceA, this.sourceB, this.target) = (sourceA, sourceB, target);
        ProductTarget layout = target.Layout;
        int down = Ceiling(layout.Rows, StagedTile.Rows<TTile>()), across = Ceiling(layout.Columns, StagedTile.Columns<TTile>());
        int floats = StagedTile.Floats<TTile>();
        grid = new KernelConfig(
            new Index3D(checked(down * across), layout.Splits, 1), new Index3D(StagedTile.Threads<TTile>(), 1, 1),
            floats > StagedTile.Static ? SharedMemoryConfig.RequestDynamic<float>(floats) : SharedMemoryConfig.Empty);
        accelerator = device.Accelerator;
        kernel = device.Load(
            Method,
            gpu =>
            {
                var loaded = gpu.Load<Action<
                    AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget>>(
                    Kernel, Specialization);
                if (floats > StagedTile.Static)
                {
                    device.AllowShared(loaded, sizeof(float) * floats);
                }

                return loaded;
            });
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <summary>The threads of a group and how many groups a multiprocessor should hold.</summary>
    public static KernelSpecialization Specialization => new(
        StagedTile.Threads<TTile>(), StagedTile.Resident<TTile, TSums>());

    /// <inheritdoc/>
    public override void Run() => kernel(accelerator.DefaultStream, grid, a, b, output, sourceA, sourceB, target);

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, TA sourceA, TB sourceB, TTarget target)
    {
        ProductTarget layout = target.Layout;
        int rows = 64 * TTile.Down, columns = 16 * TTile.Width * TTile.Across, threads = 32 * TTile.Down * TTile.Across;
        int size = ProductStage.Terms * (rows + columns), partB = ProductStage.Terms * rows;
        ArrayView<float> shared = TTile.Shared();

        // Groups that run at a time compute tiles of eight rows of tiles, so that both sides' tiles are met in the cache.
        int down = (layout.Rows + rows - 1) / rows, across = (layout.Columns + columns - 1) / columns;
        int band = Grid.IdxX / (8 * across), inBand = Grid.IdxX - (band * 8 * across);
        int height = IntrinsicMath.Min(8, down - (8 * band)), column = inBand / height;
        int firstRow = ((8 * band) + inBand - (column * height)) * rows, firstColumn = column * columns;
        int split = Grid.IdxY, firstTerm = split * layout.SplitTerms;
        int stageTerms = TA.IsInPairs ? ProductStage.TermsInPairs : ProductStage.Terms;
        int tiles = (IntrinsicMath.Min(layout.Terms - firstTerm, layout.SplitTerms) + stageTerms - 1) / stageTerms;

        TSums sums = default;
        sums.Start(TTile.Across, TTile.Width);
        StageCopier<TA, TSums> copierA = default;
        StageCopier<TB, TSums> copierB = default;
        copierA.Start(sourceA, true, rows, threads, firstRow, firstTerm);
        copierB.Start(sourceB, false, columns, threads, firstColumn, firstTerm);
        int write = 0, read = 0;
        for (int stage = 1; stage < TTile.Stages; stage++)
        {
            copierA.Copy(a, shared, write, rows, threads);
            copierB.Copy(b, shared, write + partB, columns, threads);
            SharedTile.Commit();
            write += size;
        }

        for (int tile = 0; tile < tiles; tile++)
        {
            if (TTile.Stages == 2)
            {
                SharedTile.Wait(0);
            }
            else if (TTile.Stages == 3)
            {
                SharedTile.Wait(1);
            }
            else
            {
                SharedTile.Wait(2);
            }

            Group.Barrier();

            // What lies behind the last stage is zeros, or the next part's numbers, that nobody reads.
            copierA.Copy(a, shared, write, rows, threads);
            copierB.Copy(b, shared, write + partB, columns, threads);
            SharedTile.Commit();
            write = Utilities.Select(write == (TTile.Stages - 1) * size, 0, write + size);
            sums.Add<TA, TB>(shared, read, rows, read + partB, columns, TTile.Width);
            read = Utilities.Select(read == (TTile.Stages - 1) * size, 0, read + size);
        }

        // No asynchronous copy may be pending when a thread ends.
        SharedTile.Wait(0);
        sums.Store(c, target, split, firstRow, firstColumn, TTile.Width);
    }

    private static int Ceiling(int count, int size) => (int)(((long)count + size - 1) / size);
}
