using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// The product of two sides whose few outputs are long sums, as a convolution's gradient by few weights, in single precision:
/// each of a group's two warps sums 32 rows by 16 or 32 columns over terms of its own, and the two are added.
/// </summary>
/// <remarks>
/// Memory runs along the outer index on both sides, so that stages of 16 terms are copied as they stand, two of them ahead. A
/// thread has four rows and four columns of each sixteen, and so few registers that an H100's multiprocessor holds eight groups.
/// </remarks>
internal sealed class LongSums<TA, TB, TWidth, TTarget> : Launch
    where TA : struct, ITileSource
    where TB : struct, ITileSource
    where TWidth : struct, ILongSumsWidth
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
        const int Rows = LongSums.Rows, Terms = LongSums.StageTerms;
        ProductTarget layout = target.Layout;
        int columns = 16 * TWidth.Sixteens, partB = Terms * Rows, size = partB + (Terms * columns);
        ArrayView<float> shared = SharedMemory.Allocate<float>(LongSums.Warps * LongSums.Stages * size);
        int across = (layout.Columns + columns - 1) / columns, down = Grid.IdxX / across;
        int firstRow = down * Rows, firstColumn = (Grid.IdxX - (down * across)) * columns;
        int warp = Group.IdxX >> 5, lane = Group.IdxX & 31, ours = layout.SplitTerms / LongSums.Warps;
        int groupTerm = Grid.IdxY * layout.SplitTerms, firstTerm = groupTerm + (warp * ours);
        int tiles = (IntrinsicMath.Min(layout.Terms - groupTerm, ours) + Terms - 1) / Terms;
        int start = warp * LongSums.Stages * size, write = start, read = start, end = start + (LongSums.Stages * size);

        LongSumsCopier<TA> copierA = default;
        LongSumsCopier<TB> copierB = default;
        copierA.Start(sourceA, Rows, lane, firstRow, firstTerm);
        copierB.Start(sourceB, columns, lane, firstColumn, firstTerm);
        for (int stage = 1; stage < LongSums.Stages; stage++)
        {
            copierA.Copy(a, shared, write, Rows);
            copierB.Copy(b, shared, write + partB, columns);
            SharedTile.Commit();
            write += size;
        }

        LongSumsTile<TWidth> sums = default;
        int row = 4 * ((lane >> 1) & 7), column = 4 * (((lane >> 4) << 1) | (lane & 1));
        for (int tile = 0; tile < tiles; tile++)
        {
            SharedTile.Wait(LongSums.Stages - 2);
            Group.Barrier();

            // What lies behind the last stage is zeros, or another warp's numbers, that nobody reads.
            copierA.Copy(a, shared, write, Rows);
            copierB.Copy(b, shared, write + partB, columns);
            SharedTile.Commit();
            sums.Add(ref shared[read + row], ref shared[read + partB + column]);
            write = Utilities.Select(write + size == end, start, write + size);
            read = Utilities.Select(read + size == end, start, read + size);
        }

        // No copy may be on its way to what the second warp's sums are put into.
        SharedTile.Wait(0);
        Group.Barrier();
        int mine = (row * columns) + column;
        if (warp == 1)
        {
            sums.Put(shared, mine, columns);
        }

        Group.Barrier();
        if (warp == 0)
        {
            sums.AddFrom(shared, mine, columns);
            int right = firstColumn + column;
            target.Store(
                c, Grid.IdxY, firstRow + row, right, TWidth.Sixteens > 1 ? right + 16 : layout.Columns, sums.C00, sums.C01,
                sums.C10, sums.C11, sums.C20, sums.C21, sums.C30, sums.C31);
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

    /// <summary>The terms of a stage.</summary>
    public const int StageTerms = 16;

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
    /// <param name="termsPerSplit">Fewer terms are not worth a part of their own.</param>
    public static ProductTarget Target(int rows, int columns, int terms, int termsPerSplit)
    {
        int splits = Math.Max(1, Math.Min(Busy / Tiles(rows, columns), terms / termsPerSplit));
        int each = Ceiling(Ceiling(terms, splits), Warps * StageTerms) * Warps * StageTerms;
        return new(rows, columns, terms, true) { SplitTerms = each, Splits = Ceiling(terms, each) };
    }

    private static int Ceiling(int count, int size) => (int)(((long)count + size - 1) / size);
}

/// <summary>The columns of long sums' tile, as a type argument.</summary>
internal interface ILongSumsWidth
{
    /// <summary>In sixteens: 1 or 2.</summary>
    static abstract int Sixteens { get; }
}

/// <summary>16 columns.</summary>
internal readonly struct LongSums16 : ILongSumsWidth
{
    public static int Sixteens => 1;
}

/// <summary>32 columns.</summary>
internal readonly struct LongSums32 : ILongSumsWidth
{
    public static int Sixteens => 2;
}

/// <summary>A thread's sums: four rows of four columns in each sixteen.</summary>
internal struct LongSumsTile<TWidth>
    where TWidth : struct, ILongSumsWidth
{
    public Quad C00, C01, C10, C11, C20, C21, C30, C31;

    /// <summary>Adds the products of a stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref float a, ref float b)
    {
        AddFour(ref a, ref b, 0);
        AddFour(ref a, ref b, 4);
        AddFour(ref a, ref b, 8);
        AddFour(ref a, ref b, 12);
    }

    /// <summary>Puts the sums into shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put(ArrayView<float> shared, int at, int columns)
    {
        Quad.Store(shared, at, C00);
        Quad.Store(shared, at + columns, C10);
        Quad.Store(shared, at + (2 * columns), C20);
        Quad.Store(shared, at + (3 * columns), C30);
        if (TWidth.Sixteens > 1)
        {
            Quad.Store(shared, at + 16, C01);
            Quad.Store(shared, at + columns + 16, C11);
            Quad.Store(shared, at + (2 * columns) + 16, C21);
            Quad.Store(shared, at + (3 * columns) + 16, C31);
        }
    }

    /// <summary>Adds another warp's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFrom(ArrayView<float> shared, int at, int columns)
    {
        C00 = Quad.Add(C00, Quad.Load(shared, at));
        C10 = Quad.Add(C10, Quad.Load(shared, at + columns));
        C20 = Quad.Add(C20, Quad.Load(shared, at + (2 * columns)));
        C30 = Quad.Add(C30, Quad.Load(shared, at + (3 * columns)));
        if (TWidth.Sixteens > 1)
        {
            C01 = Quad.Add(C01, Quad.Load(shared, at + 16));
            C11 = Quad.Add(C11, Quad.Load(shared, at + columns + 16));
            C21 = Quad.Add(C21, Quad.Load(shared, at + (2 * columns) + 16));
            C31 = Quad.Add(C31, Quad.Load(shared, at + (3 * columns) + 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddFour(ref float a, ref float b, int term)
    {
        AddTerm(ref a, ref b, term);
        AddTerm(ref a, ref b, term + 1);
        AddTerm(ref a, ref b, term + 2);
        AddTerm(ref a, ref b, term + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddTerm(ref float a, ref float b, int term)
    {
        int line = 16 * TWidth.Sixteens * term;
        Quad left = SharedTile.Load(ref a, LongSums.Rows * term), right = SharedTile.Load(ref b, line);
        C00 = Quad.MultiplyAdd(left.X, right, C00);
        C10 = Quad.MultiplyAdd(left.Y, right, C10);
        C20 = Quad.MultiplyAdd(left.Z, right, C20);
        C30 = Quad.MultiplyAdd(left.W, right, C30);
        if (TWidth.Sixteens > 1)
        {
            right = SharedTile.Load(ref b, line + 16);
            C01 = Quad.MultiplyAdd(left.X, right, C01);
            C11 = Quad.MultiplyAdd(left.Y, right, C11);
            C21 = Quad.MultiplyAdd(left.Z, right, C21);
            C31 = Quad.MultiplyAdd(left.W, right, C31);
        }
    }
}

/// <summary>A lane's part in copying one side's stages: two or four quads of an outer index, terms apart.</summary>
internal struct LongSumsCopier<TSource>
    where TSource : struct, ITileSource
{
    private TSource source;
    private Digits outer, term0, term1, term2, term3;
    private int at;

    /// <summary>Places the lane at its first stage.</summary>
    /// <param name="side">The matrix.</param>
    /// <param name="extent">The tile's extent, 16 or 32; a constant.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="firstOuter">The tile's first outer index.</param>
    /// <param name="firstTerm">The warp's first term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(TSource side, int extent, int lane, int firstOuter, int firstTerm)
    {
        source = side;
        int piece = lane & ((extent / 4) - 1), term = extent == 16 ? lane >> 2 : lane >> 3;
        outer = source.StageOuter(firstOuter + (4 * piece));
        term0 = source.StageTerm(firstTerm + term);
        term2 = source.StageTerm(firstTerm + term + 8);
        if (extent == 32)
        {
            term1 = source.StageTerm(firstTerm + term + 4);
            term3 = source.StageTerm(firstTerm + term + 12);
        }

        at = (term * extent) + (4 * piece);
    }

    /// <summary>Begins to copy the stage's quads, and goes to the next stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Copy(ArrayView<float> memory, ArrayView<float> shared, int start, int extent)
    {
        ref float to = ref shared[start + at];
        source.CopyStage(memory, outer, term0, ref to, 0);
        source.CopyStage(memory, outer, term2, ref to, 8 * extent);
        term0 = source.NextStage(term0);
        term2 = source.NextStage(term2);
        if (extent == 32)
        {
            source.CopyStage(memory, outer, term1, ref to, 4 * extent);
            source.CopyStage(memory, outer, term3, ref to, 12 * extent);
            term1 = source.NextStage(term1);
            term3 = source.NextStage(term3);
        }
    }
}
