using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Long sums in single precision: a lane has four rows and four columns of each sixteen.</summary>
internal struct SingleLongSums<TWidth> : ILongSums
    where TWidth : struct, ILongSumsWidth
{
    private int row, column;

    // Four rows of the first sixteen, then of the second.
    private LongSumsQuads<TWidth> sums;

    /// <inheritdoc/>
    public static int Columns => 16 * TWidth.Sixteens;

    /// <inheritdoc/>
    public static int Terms => ProductStage.Terms;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Place(int piece, int term, int extent) => piece;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int lane)
    {
        row = 4 * ((lane >> 1) & 7);
        column = 4 * (((lane >> 4) << 1) | (lane & 1));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> shared, int a, int b)
    {
        ref float atA = ref shared[a + row];
        ref float atB = ref shared[b + column];
        AddFour(ref atA, ref atB, 0);
        AddFour(ref atA, ref atB, 4);
        AddFour(ref atA, ref atB, 8);
        AddFour(ref atA, ref atB, 12);
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
        int left = firstColumn + column;
        target.Store(
            memory, split, firstRow + row, left, TWidth.Sixteens > 1 ? left + 16 : target.Layout.Columns, sums.C0, sums.C4,
            sums.C1, sums.C5, sums.C2, sums.C6, sums.C3, sums.C7);
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
        int line = Columns * term;
        Quad left = SharedTile.Load(ref a, LongSums.Rows * term), right = SharedTile.Load(ref b, line);
        sums.C0 = Quad.MultiplyAdd(left.X, right, sums.C0);
        sums.C1 = Quad.MultiplyAdd(left.Y, right, sums.C1);
        sums.C2 = Quad.MultiplyAdd(left.Z, right, sums.C2);
        sums.C3 = Quad.MultiplyAdd(left.W, right, sums.C3);
        if (TWidth.Sixteens > 1)
        {
            right = SharedTile.Load(ref b, line + 16);
            sums.C4 = Quad.MultiplyAdd(left.X, right, sums.C4);
            sums.C5 = Quad.MultiplyAdd(left.Y, right, sums.C5);
            sums.C6 = Quad.MultiplyAdd(left.Z, right, sums.C6);
            sums.C7 = Quad.MultiplyAdd(left.W, right, sums.C7);
        }
    }
}
