namespace PacGen.Kernels;

/// <summary>
/// A part of a tensor, with zeros around it and between its elements: y[j] = x[i] where along every axis i·spacing = start +
/// j·step with i inside x, else 0. So it cuts (start 2), takes every second element (step 2), reverses (step −1), pads (a
/// negative start) and spreads (spacing 2).
/// </summary>
/// <remarks>Linear. Its adjoint is a slice too: start −start, step and spacing exchanged, of x's extents.</remarks>
/// <param name="Extents">The output's shape.</param>
/// <param name="Starts">Where each axis starts, in the spread elements.</param>
/// <param name="Steps">The step along each axis, in the spread elements; not 0.</param>
/// <param name="Spacings">How far apart x's elements are spread along each axis; not 0.</param>
public sealed record Slice(Shape Extents, AxisValues Starts, AxisValues Steps, AxisValues Spacings) : RearrangeOperation
{
    /// <summary>A part, or x padded: without steps and spacings.</summary>
    /// <param name="extents">The extents of the result.</param>
    /// <param name="starts">For each axis the first element that is taken; negative ones are zeros before it.</param>
    public Slice(Shape extents, AxisValues starts)
        : this(extents, starts, AxisValues.Of(extents.Rank, 1), AxisValues.Of(extents.Rank, 1))
    {
    }

    /// <summary>The slice that is the adjoint: it takes a gradient of the output to that of x.</summary>
    /// <param name="source">The shape of x.</param>
    public Slice Adjoint(Shape source) => new(source, Starts.Negated(), Spacings, Steps);

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        string expected = $"a tensor of {Extents.Rank} axes, with a start, a step and a spacing for each, the last two not 0";
        Expect(inputs, expected, Extents.Rank);
        return (Starts.Rank, Steps.Rank, Spacings.Rank) == (Extents.Rank, Extents.Rank, Extents.Rank)
            && !Steps.AsSpan().Contains(0) && !Spacings.AsSpan().Contains(0)
            ? Extents : throw Mismatch(inputs, expected);
    }

    private protected override StridedBox?[] Boxes(ReadOnlySpan<Shape> shapes)
    {
        Shape source = shapes[0];
        int rank = source.Rank;
        long[] extents = new long[rank], from = StridedBox.Strides(source), to = StridedBox.Strides(Extents);
        long fromStart = 0, toStart = 0;
        for (int axis = 0; axis < rank; axis++)
        {
            if (Along(axis, source[axis]) is not var (first, index, count, step, skip))
            {
                return [null];
            }

            fromStart += index * from[axis];
            toStart += first * to[axis];
            extents[axis] = count;
            from[axis] *= skip;
            to[axis] *= step;
        }

        return [StridedBox.Create(extents, from, to, fromStart, toStart)];
    }

    /// <summary>
    /// The places along an axis to which an element comes: the first, its element, how many, from one place to the next, and from
    /// one element to the next; null where there are none.
    /// </summary>
    private (long First, long Index, long Count, long Step, long Skip)? Along(int axis, long length)
    {
        long start = Starts[axis], step = Steps[axis], spacing = Spacings[axis], first = -1, index = 0, count = 0, places = 0;
        for (long j = 0; j < Extents[axis]; j++)
        {
            (long i, long rest) = Math.DivRem(start + (j * step), spacing);
            if (rest != 0 || i < 0 || i >= length)
            {
                continue;
            }

            if (count == 0)
            {
                (first, index) = (j, i);
            }
            else if (count == 1)
            {
                places = j - first;
            }

            count++;
        }

        return count == 0 ? null : (first, index, count, places, places * step / spacing);
    }
}
