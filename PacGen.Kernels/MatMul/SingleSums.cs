using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// 8 × 8 sums in single precision, each in the order of its terms, so that the tile's shape does not change their bits. They are
/// written out one by one: ILGPU would put an array into local memory.
/// </summary>
internal struct SingleSums : IThreadSums
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
        // A warp's threads are 4 by 8, or 8 by 4 in a tile of 32 columns: few different quads of either side to read.
        if (columns > 64)
        {
            int warp = thread >> 5;
            row = 4 * (((warp >> 2) * 8) + ((thread >> 1) & 7));
            column = 4 * (((warp & 3) * 4) + (((thread >> 4) & 1) * 2) + (thread & 1));
        }
        else
        {
            row = 4 * (thread / (columns / 8));
            column = 4 * (thread % (columns / 8));
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> a, int startA, int rows, ArrayView<float> b, int startB, int columns)
    {
        ref float atA = ref a[startA + row];
        ref float atB = ref b[startB + column];
        int strideA = ProductTile.Stride(rows), strideB = ProductTile.Stride(columns);
        AddTerm(ref atA, 0, rows / 2, ref atB, 0, columns / 2);
        AddTerm(ref atA, strideA, rows / 2, ref atB, strideB, columns / 2);
        AddTerm(ref atA, 2 * strideA, rows / 2, ref atB, 2 * strideB, columns / 2);
        AddTerm(ref atA, 3 * strideA, rows / 2, ref atB, 3 * strideB, columns / 2);
        AddTerm(ref atA, 4 * strideA, rows / 2, ref atB, 4 * strideB, columns / 2);
        AddTerm(ref atA, 5 * strideA, rows / 2, ref atB, 5 * strideB, columns / 2);
        AddTerm(ref atA, 6 * strideA, rows / 2, ref atB, 6 * strideB, columns / 2);
        AddTerm(ref atA, 7 * strideA, rows / 2, ref atB, 7 * strideB, columns / 2);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int rows, int firstColumn, int columns)
        where TTarget : struct, IProductTarget
    {
        // Four rows from each of two on, four columns from each of two on.
        int row0 = firstRow + row, row1 = firstRow + (rows / 2) + row;
        int column0 = firstColumn + column, column1 = firstColumn + (columns / 2) + column;
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
