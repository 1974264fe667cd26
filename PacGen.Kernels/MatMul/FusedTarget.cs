using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// Where a product's numbers go once an expression has been computed of them and of up to four further arguments. The expression
/// is a map's, with the same bits.
/// </summary>
internal struct FusedTarget<TExpression, TOthers> : IProductTarget
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private ProductTarget layout;
    private OtherArguments<TExpression, TOthers> others;

    /// <param name="layout">Where the results go, in one part.</param>
    /// <param name="arguments">The expression's arguments from the second on; those that it does not have are any.</param>
    public FusedTarget(ProductTarget layout, ExpressionArgument[] arguments)
    {
        this.layout = layout;
        others = new OtherArguments<TExpression, TOthers>(arguments);
    }

    static bool IProductTarget.GathersMoments => false;

    /// <inheritdoc/>
    public static bool StoresElsewhere => false;

    /// <inheritdoc/>
    public readonly ProductTarget Layout => layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11, Quad c20,
        Quad c21, Quad c30, Quad c31) =>
        Store(layout, memory, split, row, column0, column1, c00, c01, c10, c11, c20, c21, c30, c31);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3, Quad c4, Quad c5,
        Quad c6, Quad c7, int width) =>
        StorePairs(layout, memory, split, row0, row1, column, c0, c1, c2, c3, c4, c5, c6, c7, width);

    // As many arguments at a time as there are registers for beside the sums.

    /// <summary>The same, to rows of any kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TRows>(
        TRows rows, ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11,
        Quad c20, Quad c21, Quad c30, Quad c31)
        where TRows : struct, IRowTarget
    {
        if (column0 < layout.Columns)
        {
            int start0 = Start(split, row), start1 = Start(split, row + 1), start2 = Start(split, row + 2), start3 = Start(
                split, row + 3);
            TwoQuads x0 = Load(start0, column0, column1), x1 = default, x2 = default, x3 = default;
            if (TOthers.Count < 3)
            {
                x1 = Load(start1, column0, column1);
            }

            if (TOthers.Count < 2)
            {
                x2 = Load(start2, column0, column1);
                x3 = Load(start3, column0, column1);
            }

            StoreRow(rows, memory, row, start0, column0, column1, c00, c01, x0);
            if (TOthers.Count > 2)
            {
                x1 = Load(start1, column0, column1);
            }

            StoreRow(rows, memory, row + 1, start1, column0, column1, c10, c11, x1);
            if (TOthers.Count > 1)
            {
                x2 = Load(start2, column0, column1);
            }

            if (TOthers.Count == 2)
            {
                x3 = Load(start3, column0, column1);
            }

            StoreRow(rows, memory, row + 2, start2, column0, column1, c20, c21, x2);
            if (TOthers.Count > 2)
            {
                x3 = Load(start3, column0, column1);
            }

            StoreRow(rows, memory, row + 3, start3, column0, column1, c30, c31, x3);
        }
    }

    /// <summary>The same, to rows of any kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs<TRows>(
        TRows rows, ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3,
        Quad c4, Quad c5, Quad c6, Quad c7, int width)
        where TRows : struct, IRowTarget
    {
        if (column < layout.Columns)
        {
            int start0 = Start(split, row0), start1 = Start(split, row1);
            FourQuads left = LoadPairs(start0, start1, column), right = default;
            if (TOthers.Count < 2 & width > 2)
            {
                right = LoadPairs(start0, start1, column + 32);
            }

            StorePairs(rows, memory, row0, row1, start0, start1, column, c0, c1, c2, c3, left, width);
            if (TOthers.Count > 1 & width > 2)
            {
                right = LoadPairs(start0, start1, column + 32);
            }

            if (width > 2)
            {
                StorePairs(rows, memory, row0, row1, start0, start1, column + 32, c4, c5, c6, c7, right, width - 2);
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads Made(int split, int row, int column0, int column1, EightQuads sums)
    {
        TwoQuads x0 = Load(Start(split, row), column0, column1), x1 = Load(Start(split, row + 1), column0, column1);
        TwoQuads x2 = Load(Start(split, row + 2), column0, column1), x3 = Load(Start(split, row + 3), column0, column1);
        return new(
            Evaluate(sums.Q0, x0.First), Evaluate(sums.Q1, x0.Second), Evaluate(sums.Q2, x1.First), Evaluate(sums.Q3, x1.Second),
            Evaluate(sums.Q4, x2.First), Evaluate(sums.Q5, x2.Second), Evaluate(sums.Q6, x3.First), Evaluate(sums.Q7, x3.Second));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads MadePairs(int split, int row0, int row1, int column, EightQuads sums, int width)
    {
        int start0 = Start(split, row0), start1 = Start(split, row1);
        FourQuads left = LoadPairs(start0, start1, column), right = default;
        if (width > 2)
        {
            right = LoadPairs(start0, start1, column + 32);
        }

        return new(
            Evaluate(sums.Q0, left.First), Evaluate(sums.Q1, left.Second), Evaluate(sums.Q2, left.Third),
            Evaluate(sums.Q3, left.Fourth), Evaluate(sums.Q4, right.First), Evaluate(sums.Q5, right.Second),
            Evaluate(sums.Q6, right.Third), Evaluate(sums.Q7, right.Fourth));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Gather(
        ArrayView<float> memory, int split, int row, int column0, int column1, int apart, EightQuads upper, EightQuads lower)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void GatherPairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, EightQuads s0, EightQuads s1, EightQuads s2,
        EightQuads s3, int width)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TwoQuads Load(int start, int column0, int column1)
    {
        int inside0 = Inside(column0), inside1 = Inside(column1), last = layout.Columns - 1;
        TwoQuads quads;
        if (layout.IsWide)
        {
            quads.First = others.Load<QuadsOfARow>(start, start, inside0, last);
            quads.Second = others.Load<QuadsOfARow>(start, start, inside1, last);
        }
        else
        {
            quads.First = others.Load<OnesOfARow>(start, start, inside0, last);
            quads.Second = others.Load<OnesOfARow>(start, start, inside1, last);
        }

        return quads;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly FourQuads LoadPairs(int start0, int start1, int column)
    {
        int inside0 = Inside(column), inside1 = Inside(column + 8), inside2 = Inside(column + 16), inside3 = Inside(column + 24);
        int last = layout.Columns - 1;
        FourQuads quads;
        if (layout.IsWide)
        {
            quads.First = others.Load<PairsOfTwoRows>(start0, start1, inside0, last);
            quads.Second = others.Load<PairsOfTwoRows>(start0, start1, inside1, last);
            quads.Third = others.Load<PairsOfTwoRows>(start0, start1, inside2, last);
            quads.Fourth = others.Load<PairsOfTwoRows>(start0, start1, inside3, last);
        }
        else
        {
            quads.First = others.Load<OnesOfTwoRows>(start0, start1, inside0, last);
            quads.Second = others.Load<OnesOfTwoRows>(start0, start1, inside1, last);
            quads.Third = others.Load<OnesOfTwoRows>(start0, start1, inside2, last);
            quads.Fourth = others.Load<OnesOfTwoRows>(start0, start1, inside3, last);
        }

        return quads;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TRows>(
        TRows rows, ArrayView<float> memory, int row, int start, int column0, int column1, Quad numbers0, Quad numbers1,
        TwoQuads quads)
        where TRows : struct, IRowTarget =>
        rows.StoreRow(
            memory, row, start, column0, column1, Evaluate(numbers0, quads.First), Evaluate(numbers1, quads.Second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs<TRows>(
        TRows rows, ArrayView<float> memory, int row0, int row1, int start0, int start1, int column, Quad c0, Quad c1, Quad c2,
        Quad c3, FourQuads quads, int width)
        where TRows : struct, IRowTarget =>
        rows.StorePairs(
            memory, row0, row1, start0, start1, column, Evaluate(c0, quads.First), Evaluate(c1, quads.Second),
            Evaluate(c2, quads.Third), Evaluate(c3, quads.Fourth), width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Evaluate(Quad numbers, OtherQuads quads) =>
        OtherArguments<TExpression, TOthers>.Evaluate(numbers, quads);

    // Where a row begins; beyond the matrix the first row, so that all may be loaded without a branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Start(int split, int row) => layout.Start(split, Utilities.Select(row < layout.Rows, row, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Inside(int column) => Utilities.Select(column < layout.Columns, column, 0);

    /// <summary>The arguments of eight of a thread's numbers.</summary>
    private struct TwoQuads
    {
        public OtherQuads First, Second;
    }

    /// <summary>The arguments of 16 of a thread's numbers.</summary>
    private struct FourQuads
    {
        public OtherQuads First, Second, Third, Fourth;
    }
}
