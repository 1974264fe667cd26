using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// The product of two sides on a GPU, closed over how each is read and what becomes of the sums: the matrix
/// product and the three passes of a convolution.
/// A group computes a tile of the output, its threads 64 numbers each in registers; tiles of both sides come through shared
/// memory, the next being read while the present one is multiplied.
/// </summary>
internal sealed class ProductGpu<TA, TB, TTile, TSums, TTarget> : Launch
    where TA : struct, ITileSource
    where TB : struct, ITileSource
    where TTile : struct, IProductTile
    where TSums : struct, IThreadSums
    where TTarget : struct, IProductTarget
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget> kernel;
    private readonly ArrayView<float> a, b, output;
    private readonly TA sourceA;
    private readonly TB sourceB;
    private readonly TTarget target;
    private readonly KernelConfig grid;

    public ProductGpu(GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
    {
        this.a = GpuDevice.View(a);
        this.b = GpuDevice.View(b);
        this.output = GpuDevice.View(output);
        (this.sourceA, this.sourceB, this.target) = (sourceA, sourceB, target);
        ProductTarget layout = target.Layout;
        int tiles = Product.Tiles<TTile>(layout.Rows, layout.Columns);
        grid = new KernelConfig(new Index3D(tiles, layout.Splits, 1), new Index3D(Threads, 1, 1));
        kernel = device.Load(
            Method,
            accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget>(
                Kernel, Specialization));
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <summary>
    /// How many threads a group has and how many groups a multiprocessor should hold, from which the assembler knows how many
    /// registers a thread may have: 128 where a group has 256 threads, else 168.
    /// </summary>
    public static KernelSpecialization Specialization => new(Threads, Threads == 256 ? 2 : Threads == 64 ? 6 : 1);

    private static int Threads => TTile.Rows * TTile.Columns / 64;

    /// <inheritdoc/>
    public override void Run() => kernel(grid, a, b, output, sourceA, sourceB, target);

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, TA sourceA, TB sourceB, TTarget target)
    {
        ProductTarget layout = target.Layout;
        int rows = TTile.Rows, columns = TTile.Columns, threads = rows * columns / 64;
        int strideA = ProductTile.Stride(rows), strideB = ProductTile.Stride(columns);
        int sizeA = ProductTile.Terms * strideA, sizeB = ProductTile.Terms * strideB;
        ArrayView<float> tilesA = SharedMemory.Allocate<float>(2 * sizeA);
        ArrayView<float> tilesB = SharedMemory.Allocate<float>(2 * sizeB);

        // Tiles of the same rows run together, so that A's come from memory once.
        int across = (layout.Columns + columns - 1) / columns;
        int tileRow = Grid.IdxX / across, split = Grid.IdxY;
        int firstRow = tileRow * rows, firstColumn = (Grid.IdxX - (tileRow * across)) * columns,
            firstTerm = split * layout.SplitTerms;
        int tiles = (IntrinsicMath.Min(layout.Terms - firstTerm, layout.SplitTerms) + ProductTile.Terms - 1) / ProductTile.Terms;

        TSums sums = default;
        sums.Start(Group.IdxX, rows, columns);
        TileLoader<TA> loaderA = default;
        TileLoader<TB> loaderB = default;
        loaderA.Start(sourceA, rows, threads, firstRow, firstTerm);
        loaderB.Start(sourceB, columns, threads, firstColumn, firstTerm);
        loaderA.Fetch(a, rows, threads);
        loaderB.Fetch(b, columns, threads);
        loaderA.Put<TSums>(tilesA, 0, rows, threads);
        loaderB.Put<TSums>(tilesB, 0, columns, threads);
        Group.Barrier();
        for (int tile = 0; tile < tiles; tile++)
        {
            int present = tile & 1;
            // What lies behind the last tile is read too, as zeros that go nowhere: a branch would wait for the numbers.
            loaderA.Advance(rows, threads);
            loaderB.Advance(columns, threads);
            loaderA.Fetch(a, rows, threads);
            loaderB.Fetch(b, columns, threads);
            sums.Add(tilesA, present * sizeA, rows, tilesB, present * sizeB, columns);
            loaderA.Put<TSums>(tilesA, (1 - present) * sizeA, rows, threads);
            loaderB.Put<TSums>(tilesB, (1 - present) * sizeB, columns, threads);

            Group.Barrier();
        }

        sums.Store(c, target, split, firstRow, rows, firstColumn, columns);
    }
}
