using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// The same as <see cref="FusedTarget{TExpression, TOthers}"/>, rounded to bfloat16 and stored as pairs, as
/// <see cref="PairMap"/> does; the numbers in single precision too, where that is asked for.
/// </summary>
/// <param name="fused">What is computed.</param>
/// <param name="pairs">Where the pairs go.</param>
internal struct PairTarget<TExpression, TOthers, TStored>(
    FusedTarget<TExpression, TOthers> fused, ArrayView<float> pairs) : IProductTarget
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
    where TStored : struct, IPairsStored
{
    private FusedTarget<TExpression, TOthers> fused = fused;
    private ArrayView<float> pairs = pairs;

    static bool IProductTarget.GathersMoments => false;

    /// <inheritdoc/>
    public static bool StoresElsewhere => true;

    /// <inheritdoc/>
    public readonly ProductTarget Layout => fused.Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads Made(int split, int row, int column0, int column1, EightQuads sums) =>
        fused.Made(split, row, column0, column1, sums);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightQuads MadePairs(int split, int row0, int row1, int column, EightQuads sums, int width) =>
        fused.MadePairs(split, row0, row1, column, sums, width);

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

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11, Quad c20,
        Quad c21, Quad c30, Quad c31) =>
        fused.Store(
            new PairRows<TStored>(fused.Layout, pairs), memory, split, row, column0, column1, c00, c01, c10, c11, c20, c21, c30,
            c31);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3, Quad c4, Quad c5,
        Quad c6, Quad c7, int width) =>
        fused.StorePairs(
            new PairRows<TStored>(fused.Layout, pairs), memory, split, row0, row1, column, c0, c1, c2, c3, c4, c5, c6, c7, width);
}

/// <summary>Rows of pairs of bfloat16, a multiple of eight numbers each, and of the numbers where that is asked for.</summary>
internal readonly struct PairRows<TStored>(ProductTarget layout, ArrayView<float> pairs) : IRowTarget
    where TStored : struct, IPairsStored
{
    private readonly ProductTarget layout = layout;
    private readonly ArrayView<float> pairs = pairs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRow(
        ArrayView<float> memory, int row, int start, int column0, int column1, Quad numbers0, Quad numbers1)
    {
        if (TStored.BesideNumbers)
        {
            layout.StoreRow(memory, row, start, column0, column1, numbers0, numbers1);
        }

        if (row < layout.Rows)
        {
            if (column0 < layout.Columns)
            {
                Pair.Store(pairs, (start + column0) >> 1, numbers0.InPairs());
            }

            if (column1 < layout.Columns)
            {
                Pair.Store(pairs, (start + column1) >> 1, numbers1.InPairs());
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePairs(
        ArrayView<float> memory, int row0, int row1, int start0, int start1, int column, Quad c0, Quad c1, Quad c2, Quad c3,
        int width)
    {
        if (TStored.BesideNumbers)
        {
            layout.StorePairs(memory, row0, row1, start0, start1, column, c0, c1, c2, c3, width);
        }

        if (row0 < layout.Rows)
        {
            StoreRow(start0, column, c0.X, c0.Y, c1.X, c1.Y, c2.X, c2.Y, c3.X, c3.Y, width);
        }

        if (row1 < layout.Rows)
        {
            StoreRow(start1, column, c0.Z, c0.W, c1.Z, c1.W, c2.Z, c2.W, c3.Z, c3.W, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StoreRow(
        int start, int column, float x0, float y0, float x1, float y1, float x2, float y2, float x3, float y3, int width)
    {
        StoreOne(start, column, x0, y0);
        StoreOne(start, column + 8, x1, y1);
        if (width > 1)
        {
            StoreOne(start, column + 16, x2, y2);
            StoreOne(start, column + 24, x3, y3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StoreOne(int start, int column, float x, float y)
    {
        if (column < layout.Columns)
        {
            pairs[(start + column) >> 1] = BitConverter.Int32BitsToSingle(TensorCore.Pack(x, y));
        }
    }
}
