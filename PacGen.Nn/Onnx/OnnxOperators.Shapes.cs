using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>The same elements in another shape or order.</content>
internal static partial class OnnxOperators
{
    private static OnnxTensor Flatten(OnnxCall call)
    {
        int[] dims = call[0].Dims;
        int stated = call.Node.Integer("axis", 1), axis = stated == dims.Length ? stated : OnnxAxes.Axis(stated, dims.Length);
        return Reshaped(call[0], [Product(dims.AsSpan()[..axis]), Product(dims.AsSpan()[axis..])]);
    }

    private static OnnxTensor Reshape(OnnxCall call)
    {
        int[] from = call[0].Dims, to = [.. call.Known(1)?.Integers ?? throw new CheckpointException("its shape is missing")];
        bool zeros = call.Node.Integer("allowzero", 0) != 0;

        // A file that was exported for one size of batches states it where the examples' number is meant.
        if (call.Network.StatedBatch is { } batch && to.Length > 0 && to[0] == batch && from.Length > 0 && from[0] != batch
            && from[0] == call.Network.Batch)
        {
            to[0] = from[0];
        }

        int open = -1, known = 1;
        for (int axis = 0; axis < to.Length; axis++)
        {
            to[axis] = to[axis] == 0 && !zeros && axis < from.Length ? from[axis] : to[axis];
            if (to[axis] == -1 && open < 0)
            {
                open = axis;
            }
            else
            {
                known = checked(known * to[axis]);
            }
        }

        if (open >= 0)
        {
            to[open] = known > 0 ? Product(from) / known : 0;
        }

        return Product(from) == Product(to) && to.All(extent => extent > 0) ? Reshaped(call[0], to)
            : throw new CheckpointException(
                $"({string.Join(", ", from)}) can't become ({string.Join(", ", to)}){(call.Network.StatedBatch is { } stated
                    ? $"; the file is for batches of {stated}: export it with a batch of any size (dynamic_axes)" : "")}");
    }

    private static OnnxTensor Squeeze(OnnxCall call)
    {
        int[] dims = call[0].Dims, stated = call.Integers(1, "axes") ?? [];
        HashSet<int> axes = stated.Length > 0 ? [.. stated.Select(axis => OnnxAxes.Axis(axis, dims.Length))]
            : [.. Enumerable.Range(0, dims.Length).Where(axis => dims[axis] == 1)];
        return axes.All(axis => dims[axis] == 1)
            ? Reshaped(call[0], [.. dims.Where((_, axis) => !axes.Contains(axis))])
            : throw new CheckpointException($"an axis of ({string.Join(", ", dims)}) that is left out is longer than 1");
    }

    private static OnnxTensor Unsqueeze(OnnxCall call)
    {
        int[] stated = call.Integers(1, "axes") ?? [];
        int rank = call[0].Dims.Length + stated.Length;
        HashSet<int> axes = [.. stated.Select(axis => OnnxAxes.Axis(axis, rank))];
        Queue<int> rest = new(call[0].Dims);
        return Reshaped(call[0], [.. Enumerable.Range(0, rank).Select(axis => axes.Contains(axis) ? 1 : rest.Dequeue())]);
    }

    private static OnnxValue Transpose(OnnxCall call)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length;
        int[] order = call.Node.Integers("perm") ?? [.. Enumerable.Range(0, rank).Reverse()];
        if (order.Length != rank || !AxisOrder.IsPermutation(order))
        {
            throw call.Node.Wrong("perm");
        }

        int[] dims = Array.ConvertAll(order, axis => value.Dims[axis]);
        return value switch
        {
            OnnxStored stored => stored with { Order = Array.ConvertAll(order, axis => stored.Order[axis]) },
            OnnxTensor { Layout: OnnxLayout.ChannelsLast } images when order.AsSpan().SequenceEqual(OnnxAxes.ToChannelsLast) =>
                new OnnxTensor(images.Tensor, dims),
            OnnxTensor { Layout: OnnxLayout.Plain } plain when order.AsSpan().SequenceEqual(OnnxAxes.ToChannelsFirst) =>
                new OnnxTensor(plain.Tensor, dims, OnnxLayout.ChannelsLast),
            _ => new OnnxTensor(OnnxAxes.Permuted(value.Plain(), order), dims),
        };
    }

    private static OnnxTensor Expand(OnnxCall call)
    {
        int[] dims = OnnxAxes.Broadcast(
            call[0].Dims, call.Known(1)?.Integers ?? throw new CheckpointException("its shape is missing"));
        return new OnnxTensor(call[0].Plain().BroadcastTo(new Shape(dims)), dims);
    }

    /// <summary>The same elements in other extents; the order in which images are stored is kept where it can be.</summary>
    private static OnnxTensor Reshaped(OnnxValue value, int[] to)
    {
        if (value is OnnxTensor { Layout: OnnxLayout.ChannelsLast } images)
        {
            int[] dims = images.Dims;
            if (dims.AsSpan().SequenceEqual(to))
            {
                return images;
            }

            if (to.Length == 2 && to[0] == dims[0] && dims[1] > 1 && dims[2] * dims[3] > 1)
            {
                return new OnnxTensor(images.Tensor.Flatten(), to, OnnxLayout.FlattenedImage) { Image = dims[1..] };
            }
        }

        if (value is OnnxTensor { Layout: OnnxLayout.FlattenedImage } flat)
        {
            if (flat.Dims.AsSpan().SequenceEqual(to))
            {
                return flat;
            }

            if (to.Length == 4 && to[0] == flat.Dims[0] && to.AsSpan()[1..].SequenceEqual(flat.Image))
            {
                return OnnxCall.OfImages(flat.Tensor.Reshape(to[0], to[2], to[3], to[1]));
            }
        }

        return new OnnxTensor(value.Plain().Reshape(new Shape(to)), to);
    }

    private static int Product(ReadOnlySpan<int> dims)
    {
        int product = 1;
        foreach (int extent in dims)
        {
            product = checked(product * extent);
        }

        return product;
    }
}
