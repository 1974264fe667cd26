using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's share of what a warp sums on tensor cores: 64 × 32 numbers, 4 × 4 fragments of 16 × 8. Both sides are rounded,
/// sums are in single precision; tiles follow each other in the order of the terms.
/// </summary>
/// <remarks>
/// The fragments interleave: four neighbouring rows are the same row of four fragments, four neighbouring columns the same
/// column, and neighbouring terms are 4 apart in a fragment. So each 16-byte load from shared memory brings a register of four
/// fragments, the 8 lanes that load at a time meet different banks, and a lane's sums are 8 columns side by side.
/// </remarks>
internal struct TensorSums<TFactors> : IThreadSums
    where TFactors : struct, ITensorFactors
{
    private int lane, warpRow, warpColumn;
    private Quad c00, c01, c02, c03, c10, c11, c12, c13, c20, c21, c22, c23, c30, c31, c32, c33;

    /// <summary>The row of a warp's 64 that is a row of a fragment.</summary>
    /// <param name="fragment">Which of the four.</param>
    /// <param name="row">Its row, of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row(int fragment, int row) => (row / 8 * 32) + (row % 8 * 4) + fragment;

    /// <summary>The column of a warp's 32 that is a column of a fragment.</summary>
    /// <param name="fragment">Which of the four.</param>
    /// <param name="column">Its column, of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(int fragment, int column) => (column * 4) + fragment;

    /// <summary>The term of a tile's eight that is a term of the fragments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Term(int term) => (term % 4 * 2) + (term / 4);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Prepare(Quad numbers) => TFactors.Prepare(numbers);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int thread, int rows, int columns)
    {
        int warp = thread / MmaFragment.Lanes, across = columns / 32;
        lane = thread % MmaFragment.Lanes;
        warpRow = warp / across * 64;
        warpColumn = warp % across * 32;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> a, int startA, int rows, ArrayView<float> b, int startB, int columns)
    {
        Quad a0 = LoadA(a, startA, rows, 0), a1 = LoadA(a, startA, rows, 1), a2 = LoadA(a, startA, rows, 2), a3 = LoadA(
            a, startA, rows, 3);
        Quad b0 = LoadB(b, startB, columns, 0), b1 = LoadB(b, startB, columns, 1);
        Quad left0 = TFactors.LeftOfEight(new(a0.X, a1.X, a2.X, a3.X));
        Quad left1 = TFactors.LeftOfEight(new(a0.Y, a1.Y, a2.Y, a3.Y));
        Quad left2 = TFactors.LeftOfEight(new(a0.Z, a1.Z, a2.Z, a3.Z));
        Quad left3 = TFactors.LeftOfEight(new(a0.W, a1.W, a2.W, a3.W));
        Pair right0 = TFactors.RightOfEight(b0.X, b1.X);
        Pair right1 = TFactors.RightOfEight(b0.Y, b1.Y);
        Pair right2 = TFactors.RightOfEight(b0.Z, b1.Z);
        Pair right3 = TFactors.RightOfEight(b0.W, b1.W);
        c00 = TFactors.MultiplyAddEight(left0, right0, c00);
        c01 = TFactors.MultiplyAddEight(left0, right1, c01);
        c02 = TFactors.MultiplyAddEight(left0, right2, c02);
        c03 = TFactors.MultiplyAddEight(left0, right3, c03);
        c10 = TFactors.MultiplyAddEight(left1, right0, c10);
        c11 = TFactors.MultiplyAddEight(left1, right1, c11);
        c12 = TFactors.MultiplyAddEight(left1, right2, c12);
        c13 = TFactors.MultiplyAddEight(left1, right3, c13);
        c20 = TFactors.MultiplyAddEight(left2, right0, c20);
        c21 = TFactors.MultiplyAddEight(left2, right1, c21);
        c22 = TFactors.MultiplyAddEight(left2, right2, c22);
        c23 = TFactors.MultiplyAddEight(left2, right3, c23);
        c30 = TFactors.MultiplyAddEight(left3, right0, c30);
        c31 = TFactors.MultiplyAddEight(left3, right1, c31);
        c32 = TFactors.MultiplyAddEight(left3, right2, c32);
        c33 = TFactors.MultiplyAddEight(left3, right3, c33);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int rows, int firstColumn, int columns)
        where TTarget : struct, IProductTarget
    {
        int row0 = firstRow + warpRow + Row(0, MmaFragment.RowOfC(lane, 0)), row1 = firstRow + warpRow + Row(
            0, MmaFragment.RowOfC(lane, 2));
        int column0 = firstColumn + warpColumn + Column(0, MmaFragment.ColumnOfC(lane, 0));
        int column1 = firstColumn + warpColumn + Column(0, MmaFragment.ColumnOfC(lane, 1));
        if (TTarget.GathersMoments)
        {
            target.Gather(
                memory, split, row0, column0, column1, 4,
                new(
                    new(c00.X, c01.X, c02.X, c03.X), new(c00.Y, c01.Y, c02.Y, c03.Y), new(c10.X, c11.X, c12.X, c13.X),
                    new(c10.Y, c11.Y, c12.Y, c13.Y), new(c20.X, c21.X, c22.X, c23.X), new(c20.Y, c21.Y, c22.Y, c23.Y),
                    new(c30.X, c31.X, c32.X, c33.X), new(c30.Y, c31.Y, c32.Y, c33.Y)),
                new(
                    new(c00.Z, c01.Z, c02.Z, c03.Z), new(c00.W, c01.W, c02.W, c03.W), new(c10.Z, c11.Z, c12.Z, c13.Z),
                    new(c10.W, c11.W, c12.W, c13.W), new(c20.Z, c21.Z, c22.Z, c23.Z), new(c20.W, c21.W, c22.W, c23.W),
                    new(c30.Z, c31.Z, c32.Z, c33.Z), new(c30.W, c31.W, c32.W, c33.W)));
            return;
        }

        target.Store(
            memory, split, row0, column0, column1, new(c00.X, c01.X, c02.X, c03.X), new(c00.Y, c01.Y, c02.Y, c03.Y),
            new(c10.X, c11.X, c12.X, c13.X), new(c10.Y, c11.Y, c12.Y, c13.Y), new(c20.X, c21.X, c22.X, c23.X),
            new(c20.Y, c21.Y, c22.Y, c23.Y), new(c30.X, c31.X, c32.X, c33.X), new(c30.Y, c31.Y, c32.Y, c33.Y));
        target.Store(
            memory, split, row1, column0, column1, new(c00.Z, c01.Z, c02.Z, c03.Z), new(c00.W, c01.W, c02.W, c03.W),
            new(c10.Z, c11.Z, c12.Z, c13.Z), new(c10.W, c11.W, c12.W, c13.W), new(c20.Z, c21.Z, c22.Z, c23.Z),
            new(c20.W, c21.W, c22.W, c23.W), new(c30.Z, c31.Z, c32.Z, c33.Z), new(c30.W, c31.W, c32.W, c33.W));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Quad LoadA(ArrayView<float> a, int start, int rows, int register) => Quad.Load(
        a, start + (Term(MmaFragment.TermOfA(lane, register)) * ProductTile.Stride(rows)) + warpRow
            + Row(0, MmaFragment.RowOfA(lane, register)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Quad LoadB(ArrayView<float> b, int start, int columns, int register) => Quad.Load(
        b, start + (Term(MmaFragment.TermOfB(lane, register)) * ProductTile.Stride(columns)) + warpColumn
            + Column(0, MmaFragment.ColumnOfB(lane)));
}
