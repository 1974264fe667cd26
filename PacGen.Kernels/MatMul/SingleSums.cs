using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// 8 × 8 sums in single precision, each in the order of its terms, so that the tile's shape does not change their bits. They are
/// written out one by one: ILGPU would put an array into local memory.
/// </summary>
internal struct SingleSums<TPlaces> : IThreadSums
    where TPlaces : struct, ISinglePlaces
{
    private int row, column;
    private Quad c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Prepare(Quad numbers) => numbers;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int thread, int rows, int columns)
    {
        row = TPlaces.Row(thread, columns);
        column = TPlaces.Column(thread, columns);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> a, int startA, int rows, ArrayView<float> b, int startB, int columns)
    {
        ref float atA = ref a[startA + row];
        ref float atB = ref b[startB + column];
        int strideA = ProductTile.Stride(rows), strideB = ProductTile.Stride(columns);
        int downA = TPlaces.RowsApart(rows), acrossB = TPlaces.ColumnsApart(columns);
        AddTerm(ref atA, 0, downA, ref atB, 0, acrossB);
        AddTerm(ref atA, strideA, downA, ref atB, strideB, acrossB);
        AddTerm(ref atA, 2 * strideA, downA, ref atB, 2 * strideB, acrossB);
        AddTerm(ref atA, 3 * strideA, downA, ref atB, 3 * strideB, acrossB);
        AddTerm(ref atA, 4 * strideA, downA, ref atB, 4 * strideB, acrossB);
        AddTerm(ref atA, 5 * strideA, downA, ref atB, 5 * strideB, acrossB);
        AddTerm(ref atA, 6 * strideA, downA, ref atB, 6 * strideB, acrossB);
        AddTerm(ref atA, 7 * strideA, downA, ref atB, 7 * strideB, acrossB);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int rows, int firstColumn, int columns)
        where TTarget : struct, IProductTarget
    {
        // Four rows from each of two on, four columns from each of two on.
        int row0 = firstRow + row, row1 = firstRow + TPlaces.RowsApart(rows) + row;
        int column0 = firstColumn + column, column1 = firstColumn + TPlaces.ColumnsApart(columns) + column;
        if (TTarget.GathersMoments)
        {
            target.Gather(
                memory, split, row0, column0, column1, 2, new(c00, c01, c10, c11, c20, c21, c30, c31),
                new(c40, c41, c50, c51, c60, c61, c70, c71));
            return;
        }

        target.Store(memory, split, row0, column0, column1, c00, c01, c10, c11, c20, c21, c30, c31);
        target.Store(memory, split, row1, column0, column1, c40, c41, c50, c51, c60, c61, c70, c71);
    }

    /// <summary>Adds the products of a term: eight numbers of A's column with eight of B's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddTerm(ref float atA, int offA, int halfA, ref float atB, int offB, int halfB)
    {
        Quad a0 = SharedTile.Load(ref atA, offA), a1 = SharedTile.Load(ref atA, offA + halfA);
        Quad b0 = SharedTile.Load(ref atB, offB), b1 = SharedTile.Load(ref atB, offB + halfB);
        c00 = Quad.MultiplyAdd(a0.X, b0, c00);
        c01 = Quad.MultiplyAdd(a0.X, b1, c01);
        c10 = Quad.MultiplyAdd(a0.Y, b0, c10);
        c11 = Quad.MultiplyAdd(a0.Y, b1, c11);
        c20 = Quad.MultiplyAdd(a0.Z, b0, c20);
        c21 = Quad.MultiplyAdd(a0.Z, b1, c21);
        c30 = Quad.MultiplyAdd(a0.W, b0, c30);
        c31 = Quad.MultiplyAdd(a0.W, b1, c31);
        c40 = Quad.MultiplyAdd(a1.X, b0, c40);
        c41 = Quad.MultiplyAdd(a1.X, b1, c41);
        c50 = Quad.MultiplyAdd(a1.Y, b0, c50);
        c51 = Quad.MultiplyAdd(a1.Y, b1, c51);
        c60 = Quad.MultiplyAdd(a1.Z, b0, c60);
        c61 = Quad.MultiplyAdd(a1.Z, b1, c61);
        c70 = Quad.MultiplyAdd(a1.W, b0, c70);
        c71 = Quad.MultiplyAdd(a1.W, b1, c71);
    }
}

/// <summary>
/// Which of a tile's numbers a thread has, as a type argument: four rows side by side from each of two on, and so many columns.
/// </summary>
internal interface ISinglePlaces
{
    /// <summary>The first row.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="columns">The tile's columns; a constant.</param>
    static abstract int Row(int thread, int columns);

    /// <summary>The first column.</summary>
    /// <inheritdoc cref="Row"/>
    static abstract int Column(int thread, int columns);

    /// <summary>From the first of the rows to the fifth.</summary>
    /// <param name="rows">The tile's rows; a constant.</param>
    static abstract int RowsApart(int rows);

    /// <summary>From the first of the columns to the fifth.</summary>
    /// <param name="columns">The tile's columns; a constant.</param>
    static abstract int ColumnsApart(int columns);
}

/// <summary>Half a tile apart.</summary>
internal readonly struct HalvesOfATile : ISinglePlaces
{
    // A warp's threads are 4 by 8, or 8 by 4 in a tile of 32 columns: few different quads of either side to read.

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row(int thread, int columns)
    {
        int row;
        if (columns > 64)
        {
            row = 4 * (((thread >> 7) * 8) + ((thread >> 1) & 7));
        }
        else
        {
            row = 4 * (thread / (columns / 8));
        }

        return row;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(int thread, int columns)
    {
        int column;
        if (columns > 64)
        {
            column = 4 * ((((thread >> 5) & 3) * 4) + (((thread >> 4) & 1) * 2) + (thread & 1));
        }
        else
        {
            column = 4 * (thread % (columns / 8));
        }

        return column;
    }

    /// <inheritdoc/>
    public static int RowsApart(int rows) => rows / 2;

    /// <inheritdoc/>
    public static int ColumnsApart(int columns) => columns / 2;
}

/// <summary>64 rows and 32 columns a warp, whose threads are 8 by 4: a warp has whole parts of columns' moments.</summary>
internal readonly struct RowsOfAWarp : ISinglePlaces
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row(int thread, int columns) => ((thread >> 5) / (columns / 32) * 64) + (4 * ((thread >> 1) & 7));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(int thread, int columns) =>
        ((thread >> 5) % (columns / 32) * 32) + (4 * ((((thread >> 4) & 1) * 2) + (thread & 1)));

    /// <inheritdoc/>
    public static int RowsApart(int rows) => 32;

    /// <inheritdoc/>
    public static int ColumnsApart(int columns) => 16;
}
