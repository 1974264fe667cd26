namespace PacGen.Kernels;

/// <summary>
/// A box of elements that lie in steps of their own in each of two tensors: element (i₀, i₁, …) is at FromStart + Σ i·From of
/// one and at ToStart + Σ i·To of the other. Axes that both walk evenly are merged.
/// </summary>
internal sealed class StridedBox
{
    private StridedBox(long[] extents, long[] from, long[] to, long fromStart, long toStart) =>
        (Extents, From, To, FromStart, ToStart) = (extents, from, to, fromStart, toStart);

    /// <summary>The extents, outermost first; at least one.</summary>
    public long[] Extents { get; }

    /// <summary>The steps in the tensor that is read.</summary>
    public long[] From { get; }

    /// <summary>The steps in the tensor that is written.</summary>
    public long[] To { get; }

    /// <summary>The first element in the tensor that is read.</summary>
    public long FromStart { get; }

    /// <summary>The first element in the tensor that is written.</summary>
    public long ToStart { get; }

    /// <summary>How many elements.</summary>
    public long Count => Extents.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>The steps of a tensor's axes in memory.</summary>
    public static long[] Strides(Shape shape)
    {
        long[] strides = new long[shape.Rank];
        long step = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step *= shape[axis];
        }

        return strides;
    }

    /// <summary>The box of some axes, outermost first in the tensor that is written.</summary>
    public static StridedBox Create(
        ReadOnlySpan<long> extents, ReadOnlySpan<long> from, ReadOnlySpan<long> to, long fromStart = 0, long toStart = 0)
    {
        List<(long Extent, long From, long To)> axes = [];
        for (int axis = 0; axis < extents.Length; axis++)
        {
            if (extents[axis] == 1)
            {
                continue;
            }

            var inner = (Extent: extents[axis], From: from[axis], To: to[axis]);
            if (axes.Count > 0 && axes[^1].From == inner.From * inner.Extent && axes[^1].To == inner.To * inner.Extent)
            {
                axes[^1] = (axes[^1].Extent * inner.Extent, inner.From, inner.To);
            }
            else
            {
                axes.Add(inner);
            }
        }

        if (axes.Count == 0)
        {
            axes.Add((1, 1, 1));
        }

        return new StridedBox(
            [.. axes.Select(axis => axis.Extent)], [.. axes.Select(axis => axis.From)], [.. axes.Select(axis => axis.To)],
            fromStart, toStart);
    }
}
