using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A value of an ONNX graph: known without any example, a weight that no node has read yet, or a tensor. Whatever the order of
/// its elements here, its extents are those of ONNX.
/// </summary>
internal abstract record OnnxValue
{
    /// <summary>The extents as ONNX has them.</summary>
    public abstract int[] Dims { get; }

    /// <summary>The elements in ONNX's order.</summary>
    public Tensor Plain() =>
        Ordered([.. Dims.Select(extent => (int[])[extent])], AxisOrder.Identity(Dims.Length), new Shape(Dims));

    /// <summary>
    /// The elements in an order of axes. An axis of ONNX may be written as several factors: a flattened image's one is channels,
    /// height and width.
    /// </summary>
    /// <param name="factors">The factors of each extent.</param>
    /// <param name="order">Axis i of what is wanted is factor order[i], counted over all axes.</param>
    /// <param name="shape">The shape that is wanted, of these axes.</param>
    public abstract Tensor Ordered(int[][] factors, int[] order, Shape shape);
}

/// <summary>A value that follows from the file alone.</summary>
/// <param name="Array">The numbers.</param>
internal sealed record OnnxKnown(OnnxArray Array) : OnnxValue
{
    public override int[] Dims => Array.Dims;

    public override Tensor Ordered(int[][] factors, int[] order, Shape shape)
    {
        // One number for all may be as many as the examples are.
        if (Array.Count > 1 && Array.Values.All(value => value.Equals(Array.Values[0])))
        {
            return Tensor.Constant((float)Array.Values[0]).BroadcastTo(shape);
        }

        OnnxArray split = Array with { Dims = [.. factors.SelectMany(axis => axis)] };
        return Tensor.Constant(shape, split.Permuted(order).Floats);
    }
}

/// <summary>A weight, with its axes in another order perhaps.</summary>
/// <param name="Weight">The weight.</param>
/// <param name="Order">Axis i is the file's axis Order[i].</param>
internal sealed record OnnxStored(OnnxWeight Weight, int[] Order) : OnnxValue
{
    public override int[] Dims => System.Array.ConvertAll(Order, axis => Weight.Source.Dims[axis]);

    public override Tensor Ordered(int[][] factors, int[] order, Shape shape)
    {
        // Where each factor stands when the axes are in the file's order.
        int[] back = AxisOrder.Inverse(Order), places = new int[factors.Sum(axis => axis.Length)];
        int[] first = new int[factors.Length];
        for (int axis = 1; axis < factors.Length; axis++)
        {
            first[axis] = first[axis - 1] + factors[axis - 1].Length;
        }

        int place = 0;
        foreach (int axis in back)
        {
            for (int i = 0; i < factors[axis].Length; i++)
            {
                places[first[axis] + i] = place++;
            }
        }

        return Weight.Take(
            [.. back.SelectMany(axis => factors[axis])], System.Array.ConvertAll(order, factor => places[factor]), shape);
    }
}

/// <summary>A tensor of the graph.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Extents">The extents as ONNX has them.</param>
/// <param name="Layout">The order of the tensor's elements.</param>
internal sealed record OnnxTensor(Tensor Tensor, int[] Extents, OnnxLayout Layout = OnnxLayout.Plain) : OnnxValue
{
    public override int[] Dims => Extents;

    /// <summary>Of <see cref="OnnxLayout.FlattenedImage"/>: channels, height and width.</summary>
    public int[] Image { get; init; } = [];

    public override Tensor Ordered(int[][] factors, int[] order, Shape shape)
    {
        Tensor plain = Layout switch
        {
            OnnxLayout.ChannelsLast => OnnxAxes.Permuted(Tensor, OnnxAxes.ToChannelsFirst),
            OnnxLayout.FlattenedImage => OnnxAxes.Permuted(
                Tensor.Reshape(Extents[0], Image[1], Image[2], Image[0]), OnnxAxes.ToChannelsFirst),
            _ => Tensor,
        };
        return OnnxAxes.Permuted(plain.Reshape(new Shape([.. factors.SelectMany(axis => axis)])), order).Reshape(shape);
    }

    /// <summary>The tensor as images (N, H, W, C).</summary>
    public Tensor ChannelsLast() => Layout == OnnxLayout.ChannelsLast ? Tensor
        : OnnxAxes.Permuted(Plain(), OnnxAxes.ToChannelsLast);
}
