using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// The product of two sides on tensor cores, closed over how each is read and as what it is multiplied: a group's warps compute
/// 64 × 64 numbers each, from stages of 16 terms that are copied to shared memory while those before are multiplied.
/// </summary>
internal sealed class ProductPipeline<TA, TB, TTile, TFactors, TTarget> : Launch
    where TA : struct, ITileSource
    where TB : struct, ITileSource
    where TTile : struct, IPipelineTile
    where TFactors : struct, ITensorFactors
    where TTarget : struct, IProductTarget
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget> kernel;
    private readonly ArrayView<float> a, b, output;
    private readonly TA sourceA;
    private readonly TB sourceB;
    private readonly TTarget target;
    private readonly KernelConfig grid;

    public ProductPipeline(GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
    {
        this.a = GpuDevice.View(a);
        this.b = GpuDevice.View(b);
        this.output = GpuDevice.View(output);
        (this.sourceA, this.sourceB, this.target) = (sourceA, sourceB, target);
        ProductTarget layout = target.Layout;
        int down = (layout.Rows + TTile.Rows - 1) / TTile.Rows, across = (layout.Columns + TTile.Columns - 1) / TTile.Columns;
        grid = new KernelConfig(new Index3D(checked(down * across), layout.Splits, 1), new Index3D(Threads, 1, 1));
        kernel = device.Load(
            Method,
            accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget>(
                Kernel, Specialization));
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <summary>The threads of a group, and that a multiprocessor should hold 256: 255 registers each.</summary>
    public static KernelSpecialization Specialization => new(Threads, 256 / Threads);

    private static int Threads => TTile.Rows * TTile.Columns / 128;

    /// <inheritdoc/>
    public override void Run() => kernel(grid, a, b, output, sourceA, sourceB, target);

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, TA sourceA, TB sourceB, TTarget target)
    {
        ProductTarget layout = target.Layout;
        int rows = TTile.Rows, columns = TTile.Columns, threads = rows * columns / 128, stages = TTile.Stages;
        int size = ProductStage.Terms * (rows + columns), partB = ProductStage.Terms * rows;
        ArrayView<float> shared = SharedMemory.Allocate<float>(stages * size);

        // Groups that run at a time compute tiles of eight rows of tiles, so that both sides' tiles are met in the cache.
        int down = (layout.Rows + rows - 1) / rows, across = (layout.Columns + columns - 1) / columns;
        int band = Grid.IdxX / (8 * across), inBand = Grid.IdxX - (band * 8 * across);
        int height = IntrinsicMath.Min(8, down - (8 * band)), column = inBand / height;
        int firstRow = ((8 * band) + inBand - (column * height)) * rows, firstColumn = column * columns;
        int split = Grid.IdxY, firstTerm = split * layout.SplitTerms;
        int tiles =
            (IntrinsicMath.Min(layout.Terms - firstTerm, layout.SplitTerms) + ProductStage.Terms - 1) / ProductStage.Terms;

        WarpSums<TFactors> sums = default;
        sums.Start(columns);
        TileCopier<TA> copierA = default;
        TileCopier<TB> copierB = default;
        copierA.Start(sourceA, rows, threads, firstRow, firstTerm);
        copierB.Start(sourceB, columns, threads, firstColumn, firstTerm);
        int write = 0, read = 0;
        for (int stage = 1; stage < stages; stage++)
        {
            copierA.Copy(a, shared, write, rows, threads);
            copierB.Copy(b, shared, write + partB, columns, threads);
            SharedTile.Commit();
            write += size;
        }

        for (int tile = 0; tile < tiles; tile++)
        {
            if (stages == 2)
            {
                SharedTile.Wait(0);
            }
            else if (stages == 3)
            {
                SharedTile.Wait(1);
            }
            else
            {
                SharedTile.Wait(2);
            }

            Group.Barrier();

            // What lies behind the last stage is zeros that nobody reads.
            copierA.Copy(a, shared, write, rows, threads);
            copierB.Copy(b, shared, write + partB, columns, threads);
            SharedTile.Commit();
            write = Utilities.Select(write == (stages - 1) * size, 0, write + size);
            sums.Add<TA, TB>(shared, read, rows, read + partB, columns);
            read = Utilities.Select(read == (stages - 1) * size, 0, read + size);
        }

        // No asynchronous copy may be pending when a thread ends.
        SharedTile.Wait(0);
        sums.Store<TA, TTarget>(c, target, split, firstRow, firstColumn);
    }
}
