using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Operations that move elements: axes in another order, parts, zeros around, tensors joined and cut.</content>
public sealed partial class Tensor
{
    /// <summary>
    /// The axes in another order: axis k of the result is axis <paramref name="axes"/>[k] of this; negative ones count from the
    /// last.
    /// </summary>
    /// <param name="axes">For each axis of the result, the one that it is here.</param>
    /// <exception cref="ShapeException">An axis is missing or named twice.</exception>
    public Tensor Permute(params ReadOnlySpan<int> axes)
    {
        int[] order = new int[axes.Length];
        bool moves = axes.Length != Shape.Rank;
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = AxisOf(axes[i]);
            moves |= order[i] != i;
        }

        return moves ? Apply(new Permute(new AxisValues(order)), this) : this;
    }

    /// <summary>Two axes exchanged; negative ones count from the last.</summary>
    /// <param name="first">One axis.</param>
    /// <param name="second">The other.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor SwapAxes(int first, int second)
    {
        int[] order = [.. Enumerable.Range(0, Shape.Rank)];
        (order[AxisOf(first)], order[AxisOf(second)]) = (AxisOf(second), AxisOf(first));
        return Permute(order);
    }

    /// <summary>
    /// The elements from <paramref name="start"/> to below <paramref name="end"/> along an axis, every <paramref name="step"/>-th
    /// of them. Negative indices count from the end; an end beyond the last means the last.
    /// </summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <param name="start">The first index.</param>
    /// <param name="end">The index behind the last.</param>
    /// <param name="step">The step, at least 1; <see cref="Flip"/> goes backwards.</param>
    /// <exception cref="ShapeException">Nothing would be left, or the step is below 1.</exception>
    public Tensor Slice(int axis, int start, int end = int.MaxValue, int step = 1)
    {
        axis = AxisOf(axis);
        int length = Shape[axis];
        int first = Math.Clamp(start < 0 ? start + length : start, 0, length);
        int behind = Math.Clamp(end < 0 ? end + length : end, 0, length);
        return behind > first && step >= 1
            ? Placed(axis, (int)(((long)behind - first + step - 1) / step), first, step)
            : throw new ShapeException(
                $"Slice: of axis {axis} of {Shape}, from {start} to below {end} in steps of {step} is nothing.");
    }

    /// <summary>The elements along an axis, the last one first.</summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor Flip(int axis)
    {
        axis = AxisOf(axis);
        return Placed(axis, Shape[axis], Shape[axis] - 1, -1);
    }

    /// <summary>
    /// Elements put before the first and behind the last along an axis; a negative number takes as many away instead.
    /// </summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <param name="before">How many before.</param>
    /// <param name="behind">How many behind.</param>
    /// <param name="value">What they are.</param>
    /// <exception cref="ShapeException">Nothing would be left.</exception>
    public Tensor Pad(int axis, int before, int behind, float value = 0)
    {
        axis = AxisOf(axis);
        if ((before, behind) == (0, 0))
        {
            return this;
        }

        if (value != 0)
        {
            // Added where nothing was copied, so that no rounding touches what was.
            Tensor inside = Constant(1f).BroadcastTo(Shape).Pad(axis, before, behind);
            return Where(inside, Pad(axis, before, behind), value);
        }

        long length = (long)Shape[axis] + before + behind;
        return length is >= 1 and <= int.MaxValue
            ? Placed(axis, (int)length, -before, 1)
            : throw new ShapeException($"Pad: {before} before and {behind} behind axis {axis} of {Shape} leaves {length}.");
    }

    /// <summary>
    /// The elements along an axis with zeros between them: element i comes to i·<paramref name="spacing"/>; there are
    /// (length − 1)·spacing + 1.
    /// </summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <param name="spacing">From one element to the next, 1 or more.</param>
    /// <exception cref="ShapeException">The spacing is below 1.</exception>
    public Tensor Spread(int axis, int spacing)
    {
        axis = AxisOf(axis);
        return spacing == 1 ? this : spacing > 1
            ? Placed(axis, checked(((Shape[axis] - 1) * spacing) + 1), 0, 1, spacing)
            : throw new ShapeException($"Spread: a spacing of {spacing} is below 1.");
    }

    /// <summary>Tensors one behind the other along an axis; negative axes count from the last.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="parts">The tensors, at least one.</param>
    /// <exception cref="ShapeException">They differ in more than that axis.</exception>
    public static Tensor Concatenate(int axis, params Tensor[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.Length switch
        {
            0 => throw new ShapeException("Concatenate: there is nothing to concatenate."),
            1 => parts[0],
            _ => Apply(new Concatenate(parts[0].AxisOf(axis)), parts),
        };
    }

    /// <summary>Tensors of one shape along a new axis.</summary>
    /// <param name="axis">Where the new axis stands in the result; negative ones count from the result's last.</param>
    /// <param name="parts">The tensors.</param>
    /// <exception cref="ShapeException">Their shapes differ.</exception>
    public static Tensor Stack(int axis, params Tensor[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        axis = axis < 0 && parts.Length > 0 ? axis + parts[0].Shape.Rank + 1 : axis;
        return Concatenate(axis, Array.ConvertAll(parts, part =>
        {
            int[] extents = part.Shape.AsSpan().ToArray();
            return part.Reshape(new Shape([.. extents[..axis], 1, .. extents[axis..]]));
        }));
    }

    /// <summary>The tensor cut into equal parts along an axis.</summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <param name="parts">How many; they divide the axis.</param>
    /// <exception cref="ShapeException">The axis can't be cut so.</exception>
    public Tensor[] Split(int axis, int parts)
    {
        int length = Shape[AxisOf(axis)];
        return parts >= 1 && length % parts == 0
            ? [.. Enumerable.Range(0, parts).Select(i => parts == 1 ? this : Slice(
                axis, i * (length / parts), (i + 1) * (length / parts)))]
            : throw new ShapeException($"Split: axis {axis} of {Shape} can't be cut into {parts} equal parts.");
    }

    /// <summary>
    /// The sums of an axis's elements up to each: y[i] = x[0] + … + x[i]. Made of a product with a triangular matrix, so its
    /// work grows with the square of the axis's length.
    /// </summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor CumulativeSum(int axis)
    {
        int last = Shape.Rank - 1, length = Shape[AxisOf(axis)];
        float[] triangle = new float[checked(length * length)];
        for (int row = 0; row < length; row++)
        {
            triangle.AsSpan((row * length) + row, length - row).Fill(1f);
        }

        return MatMul(SwapAxes(axis, last).Reshape(-1, length), Constant(new Shape(length, length), triangle)).Reshape(
            SwappedShape(AxisOf(axis), last)).SwapAxes(axis, last);
    }

    /// <summary>One axis sliced, the others whole; see <see cref="Kernels.Slice"/>.</summary>
    private Tensor Placed(int axis, int length, int start, int step, int spacing = 1)
    {
        int rank = Shape.Rank;
        int[] extents = Shape.AsSpan().ToArray();
        if (extents[axis] == length && start == 0 && step == 1 && spacing == 1)
        {
            return this;
        }

        extents[axis] = length;
        return Apply(
            new Slice(
                new Shape(extents), AxisValues.Of(rank, 0).With(axis, start), AxisValues.Of(rank, 1).With(axis, step),
                AxisValues.Of(rank, 1).With(axis, spacing)),
            this);
    }

    private Shape SwappedShape(int first, int second)
    {
        int[] extents = Shape.AsSpan().ToArray();
        (extents[first], extents[second]) = (extents[second], extents[first]);
        return new Shape(extents);
    }

    private int AxisOf(int axis)
    {
        int result = axis < 0 ? axis + Shape.Rank : axis;
        return result >= 0 && result < Shape.Rank ? result
            : throw new ShapeException($"Axis {axis} is not an axis of shape {Shape}.");
    }
}
