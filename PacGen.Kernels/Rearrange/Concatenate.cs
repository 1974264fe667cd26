namespace PacGen.Kernels;

/// <summary>Tensors one behind the other along an axis. Linear; its adjoint cuts the gradient into the parts.</summary>
/// <param name="Axis">The axis, 0 being the outermost.</param>
public sealed record Concatenate(int Axis) : RearrangeOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length == 0)
        {
            throw new ShapeException($"{Name}: there is nothing to concatenate.");
        }

        int[] extents = inputs[0].AsSpan().ToArray();
        if (Axis < 0 || Axis >= extents.Length)
        {
            throw new ShapeException($"{Name}: {inputs[0]} has no axis {Axis}.");
        }

        long length = 0;
        foreach (Shape input in inputs)
        {
            bool fits = input.Rank == extents.Length;
            for (int axis = 0; fits && axis < extents.Length; axis++)
            {
                fits = axis == Axis || input[axis] == extents[axis];
            }

            if (!fits)
            {
                throw new ShapeException(
                    $"{Name}: {inputs[0]} and {input} differ in more than axis {Axis}, along which they are joined.");
            }

            length += input[Axis];
        }

        extents[Axis] = checked((int)length);
        return new Shape(extents);
    }

    private protected override StridedBox?[] Boxes(ReadOnlySpan<Shape> shapes)
    {
        long[] to = StridedBox.Strides(Infer(shapes));
        StridedBox?[] boxes = new StridedBox?[shapes.Length];
        long start = 0;
        for (int i = 0; i < boxes.Length; i++)
        {
            boxes[i] = StridedBox.Create(
                Array.ConvertAll(shapes[i].AsSpan().ToArray(), extent => (long)extent), StridedBox.Strides(shapes[i]), to, 0,
                start * to[Axis]);
            start += shapes[i][Axis];
        }

        return boxes;
    }
}
