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

    private static OnnxTensor Slice(OnnxCall call)
    {
        int[] starts = call.Integers(1, "starts") ?? [], ends = call.Integers(2, "ends") ?? [];
        int[] axes = call.Integers(3, "axes") is { Length: > 0 } some ? some : AxisOrder.Identity(starts.Length);
        int[] steps = call.Known(4)?.Integers is { Length: > 0 } stated ? stated : [.. axes.Select(_ => 1)];
        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = OnnxAxes.Axis(axes[i], value.Dims.Length);
            int[] places = [.. OnnxFolding.Indices(value.Dims[axis], starts[i], ends[i], steps[i])];
            value = places.Length == 0 ? throw new CheckpointException(
                $"axis {axis} of ({string.Join(", ", value.Dims)}) would be empty")
                : Along(value, axis, places.Length, (x, ours) => steps[i] > 0
                    ? x.Slice(ours, places[0], places[^1] + 1, steps[i])
                    : x.Slice(ours, places[^1], places[0] + 1, 1).Flip(ours).Slice(ours, 0, step: -steps[i]));
        }

        return value;
    }

    /// <summary>Elements whose places are known: each place is cut out, places in a row at once.</summary>
    private static OnnxTensor Gather(OnnxCall call)
    {
        if (call[1] is OnnxTensor rows)
        {
            // Indices from the examples: rows of a table, as an embedding has it.
            return call[0].Dims is [_, var length] && OnnxAxes.Axis(call.Node.Integer("axis", 0), 2) == 0
                ? new OnnxTensor(
                    call[0].Plain().GatherRows(rows.Plain().Reshape(-1)).Reshape(new Shape([.. rows.Dims, length])),
                    [.. rows.Dims, length])
                : throw new CheckpointException("indices that depend on the examples may take rows of a table alone");
        }

        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        OnnxArray indices = call.Known(1)!;
        int axis = OnnxAxes.Axis(call.Node.Integer("axis", 0), value.Dims.Length), extent = value.Dims[axis];
        int[] places = [.. indices.Integers.Select(index => OnnxAxes.Axis(index, extent))];
        if (places.Length == 0)
        {
            throw new CheckpointException("it takes nothing");
        }

        OnnxTensor taken = Along(value, axis, places.Length, (x, ours) =>
        {
            List<Tensor> parts = [];
            for (int first = 0, end; first < places.Length; first = end)
            {
                for (end = first + 1; end < places.Length && places[end] == places[end - 1] + 1; end++)
                {
                }

                parts.Add(x.Slice(ours, places[first], places[end - 1] + 1));
            }

            return Tensor.Concatenate(ours, [.. parts]);
        });
        return indices.Dims.Length == 1 ? taken
            : Reshaped(taken, [.. value.Dims[..axis], .. indices.Dims, .. value.Dims[(axis + 1)..]]);
    }

    private static OnnxTensor Concat(OnnxCall call)
    {
        OnnxValue[] values = All(call);
        int rank = values[0].Dims.Length, axis = OnnxAxes.Axis(call.Node.Integer("axis", 0), rank);
        int[] dims = [.. values[0].Dims];
        dims[axis] = values.Sum(value => value.Dims[axis]);
        return rank == 4 && values.Any(value => value is OnnxTensor { Layout: OnnxLayout.ChannelsLast })
            ? new OnnxTensor(
                Tensor.Concatenate(Array.IndexOf(OnnxAxes.ToChannelsLast, axis), Array.ConvertAll(values, OnnxCall.ChannelsLast)),
                dims,
                OnnxLayout.ChannelsLast)
            : new OnnxTensor(Tensor.Concatenate(axis, Array.ConvertAll(values, value => value.Plain())), dims);
    }

    private static OnnxTensor[] Split(OnnxCall call)
    {
        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        int axis = OnnxAxes.Axis(call.Node.Integer("axis", 0), value.Dims.Length), length = value.Dims[axis];
        int parts = Math.Max(1, call.Node.Integer("num_outputs", call.Node.Outputs.Count)), largest = (
            length + parts - 1) / parts;
        int[] sizes = call.Integers(1, "split")
            ?? [.. Enumerable.Range(0, parts).Select(part => Math.Clamp(length - (part * largest), 0, largest))];
        if (sizes.Any(size => size < 1) || sizes.Sum() != length)
        {
            throw new CheckpointException(
                $"axis {axis} of ({string.Join(", ", value.Dims)}) can't be cut into ({string.Join(", ", sizes)})");
        }

        int start = 0;
        return Array.ConvertAll(sizes, size => Along(value, axis, size, (x, ours) => x.Slice(ours, start, start += size)));
    }

    private static OnnxTensor Tile(OnnxCall call)
    {
        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        int[] repeats = call.Known(1)?.Integers ?? [];
        if (repeats.Length != value.Dims.Length)
        {
            throw new CheckpointException($"it has {repeats.Length} repeats for {value.Dims.Length} axes");
        }

        foreach ((int axis, int stated) in repeats.Index())
        {
            int times = OnnxFolding.CheckedTimes(stated);
            value = times == 1 ? value : Along(
                value, axis, checked(value.Dims[axis] * times), (x, ours) => Repeated(x, ours, times, each: false));
        }

        return value;
    }

    /// <summary>An axis that many times: as a whole, or each of its places.</summary>
    private static Tensor Repeated(Tensor x, int axis, int times, bool each)
    {
        int[] dims = x.Shape.AsSpan().ToArray();
        int split = each ? axis + 1 : axis;
        Tensor stretched = x.Reshape(new Shape([.. dims[..split], 1, .. dims[split..]])).BroadcastTo(
            new Shape([.. dims[..split], times, .. dims[split..]]));
        dims[axis] = checked(dims[axis] * times);
        return stretched.Reshape(new Shape(dims));
    }

    /// <summary>Matrices without what lies below a diagonal, or above it.</summary>
    private static OnnxTensor Triangle(OnnxCall call)
    {
        Tensor x = call[0].Plain();
        if (call[0].Dims is not [.., var rows, var columns])
        {
            throw new CheckpointException("it takes matrices");
        }

        call.Network.CountComputed((long)rows * columns);
        OnnxArray ones = new([rows, columns], [.. Enumerable.Repeat(1.0, checked(rows * columns))], false);
        OnnxArray mask = OnnxFolding.Triangle(
            ones, call.Known(1)?.Integers.FirstOrDefault() ?? 0, call.Node.Integer("upper", 1) != 0);
        return new OnnxTensor(Tensor.Where(Tensor.Constant(new Shape(rows, columns), mask.Floats), x, 0f), call[0].Dims);
    }

    /// <summary>Sums of what comes before each place, from either end, with or without the place itself.</summary>
    private static OnnxTensor CumulativeSum(OnnxCall call)
    {
        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        int stated = (int)(call.Known(1)?.Single ?? throw new CheckpointException("its axis is missing"));
        int axis = OnnxAxes.Axis(stated, value.Dims.Length), length = value.Dims[axis];
        call.Network.CountComputed((long)length * length);
        bool backwards = call.Node.Integer("reverse", 0) != 0, exclusive = call.Node.Integer("exclusive", 0) != 0;
        return Along(value, axis, length, (x, ours) =>
        {
            Tensor sums = (backwards ? x.Flip(ours) : x).CumulativeSum(ours);
            sums = exclusive ? sums.Pad(ours, 1, 0).Slice(ours, 0, length) : sums;
            return backwards ? sums.Flip(ours) : sums;
        });
    }

    private static OnnxTensor Pad(OnnxCall call)
    {
        string mode = call.Node.Word("mode", "constant");
        if (mode is not ("constant" or "reflect" or "edge" or "wrap"))
        {
            throw call.Node.Wrong("mode");
        }

        OnnxTensor value = call[0] as OnnxTensor ?? new OnnxTensor(call[0].Plain(), call[0].Dims);
        int[] pads = call.Integers(1, "pads") ?? [];
        int[] axes = call.Known(3)?.Integers is { Length: > 0 } some ? some : AxisOrder.Identity(value.Dims.Length);
        float fill = (float)(call.Known(2)?.Single ?? 0);
        if (pads.Length != 2 * axes.Length)
        {
            throw new CheckpointException($"{pads.Length} numbers don't pad {axes.Length} axes");
        }

        for (int i = 0; i < axes.Length; i++)
        {
            int axis = OnnxAxes.Axis(axes[i], value.Dims.Length), before = pads[i], behind = pads[i + axes.Length];
            value = Along(
                value, axis, checked(value.Dims[axis] + before + behind), (x, ours) => mode == "constant"
                    ? x.Pad(ours, before, behind, fill) : Continued(x, ours, mode, before, behind));
        }

        return value;
    }

    /// <summary>An axis that goes on beyond its ends: mirrored, as the last place, or from the other end.</summary>
    private static Tensor Continued(Tensor x, int axis, string mode, int before, int behind)
    {
        int length = x.Shape[axis], most = mode == "reflect" ? length - 1 : length;
        if (before < 0 || behind < 0 || (mode != "edge" && Math.Max(before, behind) > most))
        {
            throw new CheckpointException($"{length} places can't be padded by {before} and {behind} with the mode '{mode}'");
        }

        return Tensor.Concatenate(axis, [.. Beyond(before, true), x, .. Beyond(behind, false)]);

        IEnumerable<Tensor> Beyond(int count, bool first) => count == 0 ? [] : mode switch
        {
            "reflect" => [(first ? x.Slice(axis, 1, count + 1) : x.Slice(axis, length - 1 - count, length - 1)).Flip(axis)],
            "wrap" => [first ? x.Slice(axis, length - count, length) : x.Slice(axis, 0, count)],
            _ => [Repeated(first ? x.Slice(axis, 0, 1) : x.Slice(axis, length - 1, length), axis, count, each: true)],
        };
    }

    /// <summary>Does something along an axis, in whatever order the elements are.</summary>
    private static OnnxTensor Along(OnnxTensor value, int axis, int extent, Func<Tensor, int, Tensor> function)
    {
        int[] dims = [.. value.Dims];
        dims[axis] = extent;
        return value.Layout == OnnxLayout.ChannelsLast
            ? new OnnxTensor(function(value.Tensor, Array.IndexOf(OnnxAxes.ToChannelsLast, axis)), dims, OnnxLayout.ChannelsLast)
            : new OnnxTensor(function(value.Plain(), axis), dims);
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
