using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// The product of two sides whose few outputs are long sums, as a convolution's gradient by few weights: each of a group's two
/// warps sums 32 rows by 16 or 32 columns over terms of its own, and the two are added.
/// </summary>
/// <remarks>
/// Memory runs along the outer index on both sides, so that stages of terms are copied as they stand, two of them ahead. A
/// thread has 16 or 32 sums, and so few registers that an H100's multiprocessor holds eight groups.
/// </remarks>
internal sealed class LongSums<TA, TB, TSums, TTarget> : Launch
    where TA : struct, ITileSource
    where TB : struct, ITileSource
    where TSums : struct, ILongSums
    where TTarget : struct, IProductTarget
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget> kernel;
    private readonly ArrayView<float> a, b, output;
    private readonly TA sourceA;
    private readonly TB sourceB;
    private readonly TTarget target;
    private readonly KernelConfig grid;

    public LongSums(GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
    {
        this.a = GpuDevice.View(a);
        this.b = GpuDevice.View(b);
        this.output = GpuDevice.View(output);
        (this.sourceA, this.sourceB, this.target) = (sourceA, sourceB, target);
        ProductTarget layout = target.Layout;
        grid = new KernelConfig(
            new Index3D(LongSums.Tiles(layout.Rows, layout.Columns), layout.Splits, 1), new Index3D(LongSums.Threads, 1, 1));
        kernel = device.Load(
            Method,
            accelerator =>
                accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, TA, TB, TTarget>(
                Kernel, Specialization));
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <summary>The threads of a group, and that a multiprocessor should hold eight: 128 registers each.</summary>
    public static KernelSpecialization Specialization => new(LongSums.Threads, 8);

    /// <inheritdoc/>
    public override void Run() => kernel(grid, a, b, output, sourceA, sourceB, target);

    internal static void Kernel(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, TA sourceA, TB sourceB, TTarget target)
    {
        // Extents are in places of memory, of which each holds two numbers where they are pairs.
        int terms = TSums.Terms, rows = TA.IsInPairs ? LongSums.Rows / 2 : LongSums.Rows;
        int columns = TB.IsInPairs ? TSums.Columns / 2 : TSums.Columns;
        ProductTarget layout = target.Layout;
        int partB = terms * rows, size = partB + (terms * columns);
        ArrayView<float> shared = SharedMemory.Allocate<float>(LongSums.Warps * LongSums.Stages * size);
        int across = (layout.Columns + TSums.Columns - 1) / TSums.Columns, down = Grid.IdxX / across;
        int firstRow = down * LongSums.Rows, firstColumn = (Grid.IdxX - (down * across)) * TSums.Columns;
        int warp = Group.IdxX >> 5, lane = Group.IdxX & 31, ours = layout.SplitTerms / LongSums.Warps;
        int groupTerm = Grid.IdxY * layout.SplitTerms, firstTerm = groupTerm + (warp * ours);
        int tiles = (IntrinsicMath.Min(layout.Terms - groupTerm, ours) + terms - 1) / terms;
        int start = warp * LongSums.Stages * size, write = start, read = start, end = start + (LongSums.Stages * size);

        LongSumsCopier<TA, TSums> copierA = default;
        LongSumsCopier<TB, TSums> copierB = default;
        copierA.Start(sourceA, rows, lane, TA.IsInPairs ? firstRow / 2 : firstRow, firstTerm);
        copierB.Start(sourceB, columns, lane, TB.IsInPairs ? firstColumn / 2 : firstColumn, firstTerm);
        for (int stage = 1; stage < LongSums.Stages; stage++)
        {
            copierA.Copy(a, shared, write, rows);
            copierB.Copy(b, shared, write + partB, columns);
            SharedTile.Commit();
            write += size;
        }

        TSums sums = default;
        sums.Start(lane);
        for (int tile = 0; tile < tiles; tile++)
        {
            SharedTile.Wait(LongSums.Stages - 2);
            Group.Barrier();

            // What lies behind the last stage is zeros, or another warp's numbers, that nobody reads.
            copierA.Copy(a, shared, write, rows);
            copierB.Copy(b, shared, write + partB, columns);
            SharedTile.Commit();
            sums.Add(shared, read, read + partB);
            write = Utilities.Select(write + size == end, start, write + size);
            read = Utilities.Select(read + size == end, start, read + size);
        }

        // No copy may be on its way to what the second warp's sums are put into.
        SharedTile.Wait(0);
        Group.Barrier();
        if (warp == 1)
        {
            sums.Put(shared, 4 * lane);
        }

        Group.Barrier();
        if (warp == 0)
        {
            sums.AddFrom(shared, 4 * lane);
            sums.Store(c, target, Grid.IdxY, firstRow, firstColumn);
        }
    }
}

/// <summary>How long sums are laid out.</summary>
internal static class LongSums
{
    /// <summary>The rows of a group's tile.</summary>
    public const int Rows = 32;

    /// <summary>The most columns of it.</summary>
    public const int Columns = 32;

    /// <summary>The warps of a group, each with terms of its own.</summary>
    public const int Warps = 2;

    /// <summary>The threads of a group.</summary>
    public const int Threads = 32 * Warps;

    /// <summary>The stages in shared memory.</summary>
    public const int Stages = 3;

    // Groups that are at work at a time: eight or so of each multiprocessor of a large GPU.
    private const int Busy = 1024;

    /// <summary>The tiles that cover an output.</summary>
    public static int Tiles(int rows, int columns) =>
        checked(Ceiling(rows, Rows) * (columns <= 16 ? 1 : Ceiling(columns, Columns)));

    /// <summary>Where sums go, a matrix for each part of the terms.</summary>
    /// <param name="rows">The output's rows.</param>
    /// <param name="columns">The output's columns.</param>
    /// <param name="terms">The summed terms.</param>
    /// <param name="stage">The most terms of a stage of any kernel that must give the same bits.</param>
    /// <param name="termsPerSplit">Fewer terms are not worth a part of their own.</param>
    public static ProductTarget Target(int rows, int columns, int terms, int stage, int termsPerSplit)
    {
        int splits = Math.Max(1, Math.Min(Busy / Tiles(rows, columns), terms / termsPerSplit));
        int each = Ceiling(Ceiling(terms, splits), Warps * stage) * Warps * stage;
        return new(rows, columns, terms, true) { SplitTerms = each, Splits = Ceiling(terms, each) };
    }

    private static int Ceiling(int count, int size) => (int)(((long)count + size - 1) / size);
}
