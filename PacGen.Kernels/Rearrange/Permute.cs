namespace PacGen.Kernels;

/// <summary>
/// The same elements with the axes in another order: axis k of the output is axis Order[k] of the input. Linear; its adjoint is
/// the permutation back.
/// </summary>
/// <param name="Order">For each axis of the output, which axis of the input it is: a permutation of 0, 1, ….</param>
public sealed record Permute(AxisValues Order) : RearrangeOperation
{
    /// <summary>The permutation back: each axis at its index in the order.</summary>
    public Permute Inverse()
    {
        int[] back = new int[Order.Rank];
        for (int axis = 0; axis < back.Length; axis++)
        {
            back[Order[axis]] = axis;
        }

        return new Permute(new AxisValues(back));
    }

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        string expected = $"a tensor whose axes the order {Order} names, each once";
        Expect(inputs, expected, Order.Rank);
        int[] extents = new int[Order.Rank];
        bool[] seen = new bool[extents.Length];
        for (int axis = 0; axis < extents.Length; axis++)
        {
            int source = Order[axis];
            if (source < 0 || source >= extents.Length || seen[source])
            {
                throw Mismatch(inputs, expected);
            }

            seen[source] = true;
            extents[axis] = inputs[0][source];
        }

        return new Shape(extents);
    }

    private protected override StridedBox?[] Boxes(ReadOnlySpan<Shape> shapes)
    {
        Shape result = Infer(shapes);
        long[] strides = StridedBox.Strides(shapes[0]);
        long[] from = new long[strides.Length], extents = new long[strides.Length];
        for (int axis = 0; axis < from.Length; axis++)
        {
            from[axis] = strides[Order[axis]];
            extents[axis] = result[axis];
        }

        return [StridedBox.Create(extents, from, StridedBox.Strides(result))];
    }
}
