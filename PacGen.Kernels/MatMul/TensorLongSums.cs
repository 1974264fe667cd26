using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Long sums on tensor cores, of two fragments of 16 × 8 one below the other and two for each sixteen of columns; numbers are
/// rounded as they are read.
/// </summary>
/// <remarks>
/// Of four neighbouring rows two are the upper fragment's and two the lower's; a fragment's columns are every second of 16, or
/// every fourth of 32. So a load brings a term's numbers for all fragments, and a lane's sums are four rows of four or eight
/// columns side by side.
/// </remarks>
internal struct TensorLongSums<TFactors, TWidth> : ILongSums
    where TFactors : struct, IStageFactors
    where TWidth : struct, ILongSumsWidth
{
    private int group, place, left, right;

    // Both fragments of the upper rows, then of the lower ones; then the same of further columns.
    private LongSumsQuads<TWidth> sums;

    /// <inheritdoc/>
    public static int Columns => 16 * TWidth.Sixteens;

    /// <inheritdoc/>
    public static int Terms => ProductStage.Terms;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Place(int piece, int term, int extent) => ProductStage.SwizzleOuters(piece, term, extent);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int lane)
    {
        // Lines of terms four apart have their pieces at the same places.
        group = lane >> 2;
        place = lane & 3;
        left = (place * LongSums.Rows) + (4 * Place(group, place, LongSums.Rows));
        right = TWidth.Sixteens > 1
            ? (place * Columns) + (4 * Place(group, place, Columns))
            : (place * Columns) + (4 * Place(group >> 1, place, Columns)) + (2 * (group & 1));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<float> shared, int a, int b)
    {
        ref float atA = ref shared[a + left];
        ref float atB = ref shared[b + right];
        Quad a0 = SharedTile.Load(ref atA, 0), a1 = SharedTile.Load(ref atA, 4 * LongSums.Rows);
        Quad a2 = SharedTile.Load(ref atA, 8 * LongSums.Rows), a3 = SharedTile.Load(ref atA, 12 * LongSums.Rows);
        Quad upper0 = new(a0.X, a0.Y, a1.X, a1.Y), upper1 = new(a2.X, a2.Y, a3.X, a3.Y);
        Quad lower0 = new(a0.Z, a0.W, a1.Z, a1.W), lower1 = new(a2.Z, a2.W, a3.Z, a3.W);
        if (TWidth.Sixteens > 1)
        {
            Quad b0 = SharedTile.Load(ref atB, 0), b1 = SharedTile.Load(ref atB, 4 * Columns);
            Quad b2 = SharedTile.Load(ref atB, 8 * Columns), b3 = SharedTile.Load(ref atB, 12 * Columns);
            Multiply(
                upper0, upper1, lower0, lower1, new(b0.X, b1.X, b0.Y, b1.Y), new(b2.X, b3.X, b2.Y, b3.Y),
                new(b0.Z, b1.Z, b0.W, b1.W), new(b2.Z, b3.Z, b2.W, b3.W));
        }
        else
        {
            Pair b0 = SharedTile.LoadPair(ref atB, 0), b1 = SharedTile.LoadPair(ref atB, 4 * Columns);
            Pair b2 = SharedTile.LoadPair(ref atB, 8 * Columns), b3 = SharedTile.LoadPair(ref atB, 12 * Columns);
            Multiply(
                upper0, upper1, lower0, lower1, new(b0.X, b1.X, b0.Y, b1.Y), new(b2.X, b3.X, b2.Y, b3.Y), default, default);
        }
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
        Quad c0 = sums.C0, c1 = sums.C1, c2 = sums.C2, c3 = sums.C3, c4 = sums.C4, c5 = sums.C5, c6 = sums.C6, c7 = sums.C7;
        int row = firstRow + (4 * group);
        if (TWidth.Sixteens > 1)
        {
            int column = firstColumn + (8 * place);
            target.Store(
                memory, split, row, column, column + 4, new(c0.X, c1.X, c4.X, c5.X), new(c0.Y, c1.Y, c4.Y, c5.Y),
                new(c0.Z, c1.Z, c4.Z, c5.Z), new(c0.W, c1.W, c4.W, c5.W), new(c2.X, c3.X, c6.X, c7.X),
                new(c2.Y, c3.Y, c6.Y, c7.Y), new(c2.Z, c3.Z, c6.Z, c7.Z), new(c2.W, c3.W, c6.W, c7.W));
        }
        else
        {
            target.Store(
                memory, split, row, firstColumn + (4 * place), target.Layout.Columns, new(c0.X, c1.X, c0.Y, c1.Y), default,
                new(c0.Z, c1.Z, c0.W, c1.W), default, new(c2.X, c3.X, c2.Y, c3.Y), default, new(c2.Z, c3.Z, c2.W, c3.W), default);
        }
    }

    // Of the upper and lower rows the first and second eight terms, and of two columns of fragments.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Multiply(
        Quad upper0, Quad upper1, Quad lower0, Quad lower1, Quad first0, Quad first1, Quad second0, Quad second1)
    {
        Quad upper = TFactors.Left(upper0, upper1), lower = TFactors.Left(lower0, lower1);
        MultiplyFirst(upper, lower, TFactors.Right(first0, first1));
        if (TWidth.Sixteens > 1)
        {
            MultiplySecond(upper, lower, TFactors.Right(second0, second1));
        }

        if (TFactors.Terms < Terms)
        {
            upper = TFactors.Left(upper1, upper1);
            lower = TFactors.Left(lower1, lower1);
            MultiplyFirst(upper, lower, TFactors.Right(first1, first1));
            if (TWidth.Sixteens > 1)
            {
                MultiplySecond(upper, lower, TFactors.Right(second1, second1));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MultiplyFirst(Quad upper, Quad lower, Quad columns)
    {
        sums.C0 = TFactors.MultiplyAdd(upper, columns.X, columns.Y, sums.C0);
        sums.C1 = TFactors.MultiplyAdd(upper, columns.Z, columns.W, sums.C1);
        sums.C2 = TFactors.MultiplyAdd(lower, columns.X, columns.Y, sums.C2);
        sums.C3 = TFactors.MultiplyAdd(lower, columns.Z, columns.W, sums.C3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MultiplySecond(Quad upper, Quad lower, Quad columns)
    {
        sums.C4 = TFactors.MultiplyAdd(upper, columns.X, columns.Y, sums.C4);
        sums.C5 = TFactors.MultiplyAdd(upper, columns.Z, columns.W, sums.C5);
        sums.C6 = TFactors.MultiplyAdd(lower, columns.X, columns.Y, sums.C6);
        sums.C7 = TFactors.MultiplyAdd(lower, columns.Z, columns.W, sums.C7);
    }
}
