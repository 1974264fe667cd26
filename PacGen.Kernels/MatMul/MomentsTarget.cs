using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Another target, of whose numbers each column's moments are gathered besides (<see cref="ProductMoments"/>).</summary>
internal readonly struct MomentsTarget<TTarget> : IProductTarget
    where TTarget : struct, IProductTarget
{
    private readonly TTarget target;
    private readonly ArrayView<float> parts;
    private readonly int columns, squaresFrom;

    /// <param name="target">Where the numbers go; rows one behind the other, in one part.</param>
    /// <param name="parts">Where the moments go.</param>
    public MomentsTarget(TTarget target, Region parts)
    {
        this.target = target;
        this.parts = GpuDevice.View(parts);
        columns = target.Layout.Columns;
        squaresFrom = ProductMoments.Parts(target.Layout.Rows) * columns;
    }

    static bool IProductTarget.GathersMoments => true;

    static bool IProductTarget.StoresElsewhere => true;

    /// <inheritdoc/>
    public ProductTarget Layout => target.Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EightQuads Made(int split, int row, int column0, int column1, EightQuads sums) =>
        target.Made(split, row, column0, column1, sums);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EightQuads MadePairs(int split, int row0, int row1, int column, EightQuads sums, int width) =>
        target.MadePairs(split, row0, row1, column, sums, width);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gather(
        ArrayView<float> memory, int split, int row, int column0, int column1, int apart, EightQuads upper, EightQuads lower) =>
        WarpMoments.Store(memory, this, split, row, column0, column1, apart, upper, lower);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void GatherPairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, EightQuads s0, EightQuads s1, EightQuads s2,
        EightQuads s3, int width) =>
        WarpMoments.StorePairs(memory, this, split, row0, row1, column, s0, s1, s2, s3, width);

    /// <summary>Stores a column's moments of a part of the rows.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="column">The column.</param>
    /// <param name="distance">The mean less the number of the part's first row.</param>
    /// <param name="squares">The sum of the squares about the mean.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreMoments(int part, int column, float distance, float squares)
    {
        int at = (part * columns) + column;
        parts[at] = distance;
        parts[squaresFrom + at] = squares;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad c00, Quad c01, Quad c10, Quad c11, Quad c20,
        Quad c21, Quad c30, Quad c31) =>
        target.Store(memory, split, row, column0, column1, c00, c01, c10, c11, c20, c21, c30, c31);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePairs(
        ArrayView<float> memory, int split, int row0, int row1, int column, Quad c0, Quad c1, Quad c2, Quad c3, Quad c4, Quad c5,
        Quad c6, Quad c7, int width) =>
        target.StorePairs(memory, split, row0, row1, column, c0, c1, c2, c3, c4, c5, c6, c7, width);
}
