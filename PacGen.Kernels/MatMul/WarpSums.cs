using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's share of what a warp sums on tensor cores: 64 × 64 numbers, 4 × 8 fragments of 16 × 8. Both sides are rounded as
/// they are read from a <see cref="ProductStage"/>, sums are in single precision.
/// </summary>
/// <remarks>
/// Along terms: an outer index's 16 terms are a line, and ldmatrix loads a whole fragment of A of eight terms, or two of B. Along
/// the outer index: a term's numbers are a line; A's fragments are loaded by pairs of rows, B's number by number: so numbers come
/// into the registers that the instruction asks for.
/// </remarks>
internal struct WarpSums<TFactors>
    where TFactors : struct, ITensorFactors
{
    private int warpRow, warpColumn, group, place;
    private Quad c00, c01, c02, c03, c04, c05, c06, c07, c10, c11, c12, c13, c14, c15, c16, c17;
    private Quad c20, c21, c22, c23, c24, c25, c26, c27, c30, c31, c32, c33, c34, c35, c36, c37;

    /// <summary>The row of a warp's 64 that is a row of a fragment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TA>(int fragment, int half, int group)
        where TA : struct, ITileSource => (16 * fragment) + (TA.AlongTerms ? (8 * half) + group : (2 * group) + half);

    /// <summary>Finds the thread's place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int columns)
    {
        int warp = Group.IdxX >> 5, lane = Group.IdxX & 31;
        int across = columns >> 6;
        warpRow = (across == 4 ? warp >> 2 : across == 2 ? warp >> 1 : warp) * 64;
        warpColumn = (warp & (across - 1)) * 64;
        group = lane >> 2;
        place = lane & 3;
    }

    /// <summary>Adds the products of a stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TA, TB>(ArrayView<float> shared, int startA, int rows, int startB, int columns)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        Fragments first = Load<TA, TB>(shared, startA, rows, startB, columns, 0);
        if (TFactors.Terms == ProductStage.Terms)
        {
            Multiply(first, Load<TA, TB>(shared, startA, rows, startB, columns, 1));
        }
        else
        {
            Multiply(first, first);
            Fragments second = Load<TA, TB>(shared, startA, rows, startB, columns, 1);
            Multiply(second, second);
        }
    }

    // Eight of the stage's terms.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Fragments Load<TA, TB>(
        ArrayView<float> shared, int startA, int rows, int startB, int columns, int half)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        Quad a0, a1, a2, a3, b0, b1, b2, b3;
        int lane = Group.IdxX & 31;
        if (TA.AlongTerms)
        {
            int row = warpRow + (lane & 15);
            ref float at =
                ref shared[startA + (row * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms((2 * half) + (lane >> 4), row))];
            a0 = SharedTile.LoadMatrices(ref at, 0);
            a1 = SharedTile.LoadMatrices(ref at, 16 * ProductStage.Terms);
            a2 = SharedTile.LoadMatrices(ref at, 32 * ProductStage.Terms);
            a3 = SharedTile.LoadMatrices(ref at, 48 * ProductStage.Terms);
        }
        else
        {
            // Two rows side by side are a row of the fragment's upper and lower half.
            int start = startA + (((8 * half) + place) * rows) + (2 * (group & 1));
            ref float even = ref shared[start + (4 * ProductStage.SwizzleOuters((warpRow >> 2) + (group >> 1), place))];
            ref float odd = ref shared[start + (4 * ProductStage.SwizzleOuters((warpRow >> 2) + 4 + (group >> 1), place))];
            a0 = Pairs(ref even, 0, rows);
            a1 = Pairs(ref odd, 0, rows);
            a2 = Pairs(ref even, 32, rows);
            a3 = Pairs(ref odd, 32, rows);
        }

        if (TB.AlongTerms)
        {
            int column = warpColumn + (lane & 7) + ((lane >> 4) << 3);
            ref float at = ref shared[
                startB + (column * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms((2 * half) + ((lane >> 3) & 1), column))];
            b0 = SharedTile.LoadMatrices(ref at, 0);
            b1 = SharedTile.LoadMatrices(ref at, 16 * ProductStage.Terms);
            b2 = SharedTile.LoadMatrices(ref at, 32 * ProductStage.Terms);
            b3 = SharedTile.LoadMatrices(ref at, 48 * ProductStage.Terms);
        }
        else
        {
            int start = startB + (((8 * half) + place) * columns) + (group & 3), piece = (warpColumn >> 2) + (group >> 2);
            ref float at0 = ref shared[start + (4 * ProductStage.SwizzleOuters(piece, place))];
            ref float at1 = ref shared[start + (4 * ProductStage.SwizzleOuters(piece + 2, place))];
            ref float at2 = ref shared[start + (4 * ProductStage.SwizzleOuters(piece + 4, place))];
            ref float at3 = ref shared[start + (4 * ProductStage.SwizzleOuters(piece + 6, place))];
            b0 = Ones(ref at0, ref at1, 0, columns);
            b1 = Ones(ref at2, ref at3, 0, columns);
            b2 = Ones(ref at0, ref at1, 32, columns);
            b3 = Ones(ref at2, ref at3, 32, columns);
        }

        return new Fragments(a0, a1, a2, a3, b0, b1, b2, b3);
    }

    // An instruction's terms: eight, given twice, or the first eight and the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Multiply(Fragments first, Fragments second)
    {
        Quad a0 = TFactors.Left(first.A0, second.A0), a1 = TFactors.Left(first.A1, second.A1);
        Quad a2 = TFactors.Left(first.A2, second.A2), a3 = TFactors.Left(first.A3, second.A3);
        Quad b0 = TFactors.Right(first.B0, second.B0), b1 = TFactors.Right(first.B1, second.B1);
        Quad b2 = TFactors.Right(first.B2, second.B2), b3 = TFactors.Right(first.B3, second.B3);
        c00 = TFactors.MultiplyAdd(a0, b0.X, b0.Y, c00);
        c10 = TFactors.MultiplyAdd(a1, b0.X, b0.Y, c10);
        c20 = TFactors.MultiplyAdd(a2, b0.X, b0.Y, c20);
        c30 = TFactors.MultiplyAdd(a3, b0.X, b0.Y, c30);
        c31 = TFactors.MultiplyAdd(a3, b0.Z, b0.W, c31);
        c21 = TFactors.MultiplyAdd(a2, b0.Z, b0.W, c21);
        c11 = TFactors.MultiplyAdd(a1, b0.Z, b0.W, c11);
        c01 = TFactors.MultiplyAdd(a0, b0.Z, b0.W, c01);
        c02 = TFactors.MultiplyAdd(a0, b1.X, b1.Y, c02);
        c12 = TFactors.MultiplyAdd(a1, b1.X, b1.Y, c12);
        c22 = TFactors.MultiplyAdd(a2, b1.X, b1.Y, c22);
        c32 = TFactors.MultiplyAdd(a3, b1.X, b1.Y, c32);
        c33 = TFactors.MultiplyAdd(a3, b1.Z, b1.W, c33);
        c23 = TFactors.MultiplyAdd(a2, b1.Z, b1.W, c23);
        c13 = TFactors.MultiplyAdd(a1, b1.Z, b1.W, c13);
        c03 = TFactors.MultiplyAdd(a0, b1.Z, b1.W, c03);
        c04 = TFactors.MultiplyAdd(a0, b2.X, b2.Y, c04);
        c14 = TFactors.MultiplyAdd(a1, b2.X, b2.Y, c14);
        c24 = TFactors.MultiplyAdd(a2, b2.X, b2.Y, c24);
        c34 = TFactors.MultiplyAdd(a3, b2.X, b2.Y, c34);
        c35 = TFactors.MultiplyAdd(a3, b2.Z, b2.W, c35);
        c25 = TFactors.MultiplyAdd(a2, b2.Z, b2.W, c25);
        c15 = TFactors.MultiplyAdd(a1, b2.Z, b2.W, c15);
        c05 = TFactors.MultiplyAdd(a0, b2.Z, b2.W, c05);
        c06 = TFactors.MultiplyAdd(a0, b3.X, b3.Y, c06);
        c16 = TFactors.MultiplyAdd(a1, b3.X, b3.Y, c16);
        c26 = TFactors.MultiplyAdd(a2, b3.X, b3.Y, c26);
        c36 = TFactors.MultiplyAdd(a3, b3.X, b3.Y, c36);
        c37 = TFactors.MultiplyAdd(a3, b3.Z, b3.W, c37);
        c27 = TFactors.MultiplyAdd(a2, b3.Z, b3.W, c27);
        c17 = TFactors.MultiplyAdd(a1, b3.Z, b3.W, c17);
        c07 = TFactors.MultiplyAdd(a0, b3.Z, b3.W, c07);
    }

    // A fragment of A from two terms' pairs of rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Pairs(ref float at, int offset, int rows)
    {
        Pair first = SharedTile.LoadPair(ref at, offset), second = SharedTile.LoadPair(ref at, offset + (4 * rows));
        return new(first.X, first.Y, second.X, second.Y);
    }

    // Two fragments of B, number by number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Ones(ref float first, ref float second, int offset, int columns) => new(
        SharedTile.LoadOne(ref first, offset), SharedTile.LoadOne(ref first, offset + (4 * columns)),
        SharedTile.LoadOne(ref second, offset), SharedTile.LoadOne(ref second, offset + (4 * columns)));

    /// <summary>Stores the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TA, TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn)
        where TA : struct, ITileSource
        where TTarget : struct, IProductTarget
    {
        int row = firstRow + warpRow, column = firstColumn + warpColumn;
        if (TTarget.GathersMoments)
        {
            target.GatherPairs(
                memory, split, row + Row<TA>(0, 0, group), row + Row<TA>(0, 1, group), column + (2 * place),
                new(c00, c01, c02, c03, c04, c05, c06, c07), new(c10, c11, c12, c13, c14, c15, c16, c17),
                new(c20, c21, c22, c23, c24, c25, c26, c27), new(c30, c31, c32, c33, c34, c35, c36, c37), 4);
            return;
        }

        StoreRows<TA, TTarget>(memory, target, split, row, column, 0, c00, c01, c02, c03, c04, c05, c06, c07);
        StoreRows<TA, TTarget>(memory, target, split, row, column, 1, c10, c11, c12, c13, c14, c15, c16, c17);
        StoreRows<TA, TTarget>(memory, target, split, row, column, 2, c20, c21, c22, c23, c24, c25, c26, c27);
        StoreRows<TA, TTarget>(memory, target, split, row, column, 3, c30, c31, c32, c33, c34, c35, c36, c37);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreRows<TA, TTarget>(
        ArrayView<float> memory, TTarget target, int split, int row, int column, int fragment, Quad s0, Quad s1, Quad s2,
        Quad s3, Quad s4, Quad s5, Quad s6, Quad s7)
        where TA : struct, ITileSource
        where TTarget : struct, IProductTarget
    {
        target.StorePairs(
            memory, split, row + Row<TA>(fragment, 0, group), row + Row<TA>(fragment, 1, group), column + (2 * place), s0, s1, s2,
            s3, s4, s5, s6, s7, 4);
    }

    /// <summary>A's four fragments of eight terms, and B's eight, two in a quad.</summary>
    private readonly struct Fragments(Quad a0, Quad a1, Quad a2, Quad a3, Quad b0, Quad b1, Quad b2, Quad b3)
    {
        public readonly Quad A0 = a0, A1 = a1, A2 = a2, A3 = a3, B0 = b0, B1 = b1, B2 = b2, B3 = b3;
    }
}
