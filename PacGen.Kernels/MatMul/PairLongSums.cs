using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Long sums of pairs of bfloat16 in memory on tensor cores: ldmatrix transposes eight neighbours of eight terms, which are a
/// fragment's rows or columns as they stand.
/// </summary>
internal struct PairLongSums<TWidth> : ILongSums
    where TWidth : struct, ILongSumsWidth
{
    private int group, place, left, right;

    // Both fragments of the upper rows, then of the lower ones; then the same of further columns.
    private LongSumsQuads<TWidth> sums;

    /// <inheritdoc/>
    public static int Columns => 16 * TWidth.Sixteens;

    /// <inheritdoc/>
    public static int Terms => ProductStage.TermsInPairs;

    private static int LineOfA => LongSums.Rows / 2;

    private static int LineOfB => Columns / 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Place(int piece, int term, int extent) => ProductStage.SwizzlePairs(piece, term, 2 * extent);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int lane)
    {
        // A's matrices are the upper eight rows and the lower, then those of the next eight terms; B's are eight columns of eight
        // terms and of the next eight, then the further columns. Lines of terms eight apart have their pieces at the same places.
        group = lane >> 2;
        place = lane & 3;
        int half = lane >> 4, quarter = (lane >> 3) & 1, term = (lane & 7) + (8 * half);
        left = (term * LineOfA) + (4 * Place(quarter, term, LineOfA));
        term = (lane & 7) + (8 * quarter);
        right = (term * LineOfB) + (4 * Place(half, term, LineOfB));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> shared, int a, int b)
    {
        // Two pieces further, wherever these stand, is the other value of a bit of the place.
        ref float upper = ref shared[a + left];
        ref float lower = ref shared[a + (left ^ 8)];
        ref float first = ref shared[b + right];
        ref float second = ref shared[b + (TWidth.Sixteens > 1 ? right ^ 8 : right)];
        AddSixteen(ref upper, ref lower, 0, ref first, ref second, 0);
        AddSixteen(ref upper, ref lower, 16 * LineOfA, ref first, ref second, 16 * LineOfB);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put(ArrayView<float> shared, int at) => sums.Put(shared, at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFrom(ArrayView<float> shared, int at) => sums.AddFrom(shared, at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn)
        where TTarget : struct, IProductTarget
    {
        int row = firstRow + group, column = firstColumn + (2 * place);
        target.StorePairs(
            memory, split, row, row + 8, column, sums.C0, sums.C1, sums.C4, sums.C5, default, default, default, default,
            TWidth.Sixteens);
        target.StorePairs(
            memory, split, row + 16, row + 24, column, sums.C2, sums.C3, sums.C6, sums.C7, default, default, default, default,
            TWidth.Sixteens);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddSixteen(ref float upper, ref float lower, int a, ref float first, ref float second, int b)
    {
        Quad above = SharedTile.LoadTransposed(ref upper, a), below = SharedTile.LoadTransposed(ref lower, a);
        Quad columns = SharedTile.LoadTransposed(ref first, b);
        sums.C0 = BFloat16Pairs.MultiplyAdd(above, columns.X, columns.Y, sums.C0);
        sums.C1 = BFloat16Pairs.MultiplyAdd(above, columns.Z, columns.W, sums.C1);
        sums.C2 = BFloat16Pairs.MultiplyAdd(below, columns.X, columns.Y, sums.C2);
        sums.C3 = BFloat16Pairs.MultiplyAdd(below, columns.Z, columns.W, sums.C3);
        if (TWidth.Sixteens > 1)
        {
            columns = SharedTile.LoadTransposed(ref second, b);
            sums.C4 = BFloat16Pairs.MultiplyAdd(above, columns.X, columns.Y, sums.C4);
            sums.C5 = BFloat16Pairs.MultiplyAdd(above, columns.Z, columns.W, sums.C5);
            sums.C6 = BFloat16Pairs.MultiplyAdd(below, columns.X, columns.Y, sums.C6);
            sums.C7 = BFloat16Pairs.MultiplyAdd(below, columns.Z, columns.W, sums.C7);
        }
    }
}
