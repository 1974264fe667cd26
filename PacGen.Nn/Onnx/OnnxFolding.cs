namespace PacGen.Nn;

/// <summary>
/// Nodes whose inputs follow from the file or from the examples' shape alone are computed where the graph is built: exporters
/// write the arithmetic of shapes as nodes.
/// </summary>
internal static class OnnxFolding
{
    private delegate OnnxArray Folded(OnnxNode node, OnnxArray[] inputs);

    private static readonly Dictionary<string, Folded> Table = new()
    {
        ["Identity"] = (_, x) => x[0],
        ["Add"] = (_, x) => Map(x[0], x[1], (a, b) => a + b),
        ["Sub"] = (_, x) => Map(x[0], x[1], (a, b) => a - b),
        ["Mul"] = (_, x) => Map(x[0], x[1], (a, b) => a * b),
        ["Div"] = (_, x) => Map(x[0], x[1], (a, b) => x[0].Whole ? Math.Truncate(a / Divisor(b)) : a / b),
        ["Mod"] = (node, x) => Map(
            x[0], x[1], (a, b) => node.Integer("fmod", 0) != 0 ? a % b : a - (Math.Floor(a / Divisor(b)) * b)),
        ["Pow"] = (_, x) => Map(x[0], x[1], Math.Pow) with { Whole = x[0].Whole },
        ["Max"] = (_, x) => x.Aggregate((a, b) => Map(a, b, Math.Max)),
        ["Min"] = (_, x) => x.Aggregate((a, b) => Map(a, b, Math.Min)),
        ["Equal"] = (_, x) => Map(x[0], x[1], (a, b) => a == b ? 1 : 0) with { Whole = true },
        ["Less"] = (_, x) => Map(x[0], x[1], (a, b) => a < b ? 1 : 0) with { Whole = true },
        ["LessOrEqual"] = (_, x) => Map(x[0], x[1], (a, b) => a <= b ? 1 : 0) with { Whole = true },
        ["Greater"] = (_, x) => Map(x[0], x[1], (a, b) => a > b ? 1 : 0) with { Whole = true },
        ["GreaterOrEqual"] = (_, x) => Map(x[0], x[1], (a, b) => a >= b ? 1 : 0) with { Whole = true },
        ["And"] = (_, x) => Map(x[0], x[1], (a, b) => a != 0 && b != 0 ? 1 : 0),
        ["Or"] = (_, x) => Map(x[0], x[1], (a, b) => a != 0 || b != 0 ? 1 : 0),
        ["Not"] = (_, x) => Map(x[0], a => a == 0 ? 1 : 0),
        ["Neg"] = (_, x) => Map(x[0], a => -a),
        ["Abs"] = (_, x) => Map(x[0], Math.Abs),
        ["Floor"] = (_, x) => Map(x[0], Math.Floor),
        ["Ceil"] = (_, x) => Map(x[0], Math.Ceiling),
        ["Round"] = (_, x) => Map(x[0], a => Math.Round(a)),
        ["Sqrt"] = (_, x) => Map(x[0], Math.Sqrt),
        ["Exp"] = (_, x) => Map(x[0], Math.Exp),
        ["Sin"] = (_, x) => Map(x[0], Math.Sin),
        ["Cos"] = (_, x) => Map(x[0], Math.Cos),
        ["Log"] = (_, x) => Map(x[0], Math.Log),
        ["Reciprocal"] = (_, x) => Map(x[0], a => 1 / a),
        ["Cast"] = (node, x) => Cast(x[0], node.Integer("to", 1)),
        ["CastLike"] = (_, x) => x[1].Whole && !x[0].Whole ? Map(x[0], Math.Truncate) with { Whole = true }
            : x[0] with { Whole = x[1].Whole },
        ["Where"] = (_, x) => Where(x[0], x[1], x[2]),
        ["Concat"] = (node, x) => Concat(x, node.Integer("axis", 0)),
        ["Gather"] = (node, x) => Gather(x[0], x[1], node.Integer("axis", 0)),
        ["Slice"] = (_, x) => Slice(x),
        ["Squeeze"] = (node, x) => Squeezed(x[0], x.ElementAtOrDefault(1)?.Integers ?? node.Integers("axes") ?? []),
        ["Unsqueeze"] = (node, x) => Unsqueezed(x[0], x.ElementAtOrDefault(1)?.Integers ?? node.Integers("axes") ?? []),
        ["Reshape"] = (_, x) => Reshaped(x[0], x[1].Integers),
        ["Transpose"] = (node, x) => x[0].Permuted(Permutation(node, x[0].Dims.Length)),
        ["Expand"] = (_, x) => Stretched(x[0], OnnxAxes.Broadcast(x[0].Dims, x[1].Integers)),
        ["ConstantOfShape"] = (node, x) => Stretched(
            node.Attributes.GetValueOrDefault("value") is OnnxArray { Count: 1 } value ? value with { Dims = [] }
                : new OnnxArray([], [0], false), x[0].Integers),
        ["Range"] = (_, x) => Range(x[0].Single, x[1].Single, x[2].Single, x[0].Whole),
        ["Tile"] = (_, x) => Tiled(x[0], x[1].Integers),
        ["Trilu"] = (node, x) => Triangle(
            x[0], x.ElementAtOrDefault(1)?.Integers.FirstOrDefault() ?? 0, node.Integer("upper", 1) != 0),
        ["ReduceProd"] = (_, x) => new OnnxArray([], [x[0].Values.Aggregate(1.0, (a, b) => a * b)], x[0].Whole),
    };

    /// <summary>
    /// The outputs of a node that needs no example; null where it does, or where the operator is none of shapes.
    /// </summary>
    public static IReadOnlyList<OnnxValue>? Evaluate(OnnxCall call)
    {
        OnnxNode node = call.Node;
        switch (node.Operator)
        {
            case "Constant":
                return [new OnnxKnown(Constant(node))];
            case "Shape":
                int[] dims = call[0].Dims;
                int rank = dims.Length, start = Place(node.Integer("start", 0), rank), end = Place(
                    node.Integer("end", rank), rank);
                return [new OnnxKnown(OnnxArray.Of([.. dims[start..Math.Max(start, end)].Select(extent => (long)extent)]))];
            case "Size":
                return [new OnnxKnown(
                    new OnnxArray([], [call[0].Dims.Aggregate(1.0, (product, extent) => product * extent)], true))];
        }

        if (call.Inputs.Count == 0 || !Table.TryGetValue(node.Operator, out Folded? fold)
            || call.Inputs.Any(input => input is not (null or OnnxKnown)))
        {
            return null;
        }

        // An input at the end may be left out; none of these operators leaves one out before it.
        OnnxArray[] inputs = [.. call.Inputs.Select(input => ((OnnxKnown?)input)?.Array ?? OnnxArray.Of())];
        int least = node.Operator switch
        {
            "Where" or "Range" => 3,
            "Add" or "Sub" or "Mul" or "Div" or "Mod" or "Pow" or "Equal" or "Less" or "LessOrEqual" or "Greater"
                or "GreaterOrEqual"
                or "And" or "Or" or "CastLike" or "Gather" or "Reshape" or "Expand" or "Tile" => 2,
            _ => 1,
        };
        return inputs.Length >= least ? [new OnnxKnown(fold(node, inputs))]
            : throw new CheckpointException($"it has {inputs.Length} inputs, too few");
    }

    /// <summary>How often an axis is repeated: at least once.</summary>
    public static int CheckedTimes(int times) => times is > 0 and <= OnnxArray.MostComputed ? times
        : throw new CheckpointException($"it repeats an axis {times} times");

    /// <summary>Matrices without what lies below a diagonal, or above it.</summary>
    public static OnnxArray Triangle(OnnxArray x, int diagonal, bool upper)
    {
        if (x.Dims is not [.., var rows, var columns])
        {
            throw new CheckpointException("it takes matrices");
        }

        return x with
        {
            Values = [.. x.Values.Select((value, i) =>
            {
                long beyond = (long)(i % columns) - (i / columns % rows) - diagonal;
                return (upper ? beyond >= 0 : beyond <= 0) ? value : 0;
            })],
        };
    }

    private static OnnxArray Constant(OnnxNode node) => node.Attributes.Values.FirstOrDefault(value => value is not string) switch
    {
        OnnxArray array => array,
        double number => new OnnxArray([], [number], node.Attributes.ContainsKey("value_int")),
        _ => throw new CheckpointException("its value is of a kind that is not supported"),
    };

    private static double Divisor(double value) => value != 0 ? value : throw new CheckpointException("it divides by 0");

    private static int Place(int place, int length) => Math.Clamp(place < 0 ? place + length : place, 0, length);

    /// <summary>Floats are rounded as single precision has them after each node.</summary>
    private static double Rounded(double value, bool whole) => whole ? value : (float)value;

    private static OnnxArray Map(OnnxArray x, Func<double, double> function) =>
        x with { Values = Array.ConvertAll(x.Values, value => Rounded(function(value), x.Whole)) };

    private static OnnxArray Map(OnnxArray x, OnnxArray y, Func<double, double, double> function)
    {
        int[] dims = OnnxAxes.Broadcast(x.Dims, y.Dims);
        double[] a = Stretched(x, dims).Values, b = Stretched(y, dims).Values;
        return new OnnxArray(
            dims, [.. a.Zip(b, (one, other) => Rounded(function(one, other), x.Whole && y.Whole))], x.Whole && y.Whole);
    }

    private static OnnxArray Where(OnnxArray condition, OnnxArray x, OnnxArray y)
    {
        int[] dims = OnnxAxes.Broadcast(condition.Dims, x.Dims, y.Dims);
        double[] c = Stretched(condition, dims).Values, a = Stretched(x, dims).Values, b = Stretched(y, dims).Values;
        return new OnnxArray(dims, [.. c.Select((value, i) => value != 0 ? a[i] : b[i])], x.Whole);
    }

    private static OnnxArray Cast(OnnxArray x, int type) => OnnxMessages.IsFloat(type) switch
    {
        true => Map(x with { Whole = false }, value => value),
        false when type == 9 => Map(x, value => value != 0 ? 1 : 0) with { Whole = true },
        false => Map(x, Math.Truncate) with { Whole = true },
        null => throw new CheckpointException($"casts to the type {type} of ONNX are not supported"),
    };

    private static OnnxArray Concat(OnnxArray[] parts, int stated)
    {
        int axis = OnnxAxes.Axis(stated, parts[0].Dims.Length);
        if (parts.Any(part => part.Dims.Length != parts[0].Dims.Length
            || part.Dims.Where((extent, i) => i != axis && extent != parts[0].Dims[i]).Any()))
        {
            throw new CheckpointException("its inputs differ in more than the axis along which they are joined");
        }

        int[] dims = [.. parts[0].Dims];
        dims[axis] = parts.Sum(part => part.Dims[axis]);
        int count = OnnxArray.CountOf(dims), outer = OnnxArray.CountOf(dims.AsSpan()[..axis]);
        List<double> values = new(count);
        for (int i = 0; i < outer; i++)
        {
            foreach (OnnxArray part in parts)
            {
                int run = part.Count / outer;
                values.AddRange(part.Values.AsSpan(i * run, run));
            }
        }

        return new OnnxArray(dims, [.. values], parts[0].Whole);
    }

    private static OnnxArray Gather(OnnxArray x, OnnxArray indices, int stated)
    {
        int axis = OnnxAxes.Axis(stated, x.Dims.Length), length = x.Dims[axis];
        int[] dims = [.. x.Dims[..axis], .. indices.Dims, .. x.Dims[(axis + 1)..]];
        int outer = OnnxArray.CountOf(x.Dims.AsSpan()[..axis]), inner = OnnxArray.CountOf(x.Dims.AsSpan()[(axis + 1)..]);
        List<double> values = new(OnnxArray.CountOf(dims));
        for (int i = 0; i < outer; i++)
        {
            foreach (int index in indices.Integers)
            {
                values.AddRange(x.Values.AsSpan(((i * length) + OnnxAxes.Axis(index, length)) * inner, inner));
            }
        }

        return new OnnxArray(dims, [.. values], x.Whole);
    }

    private static OnnxArray Slice(OnnxArray[] x)
    {
        OnnxArray source = x[0];
        int rank = source.Dims.Length;
        int[] starts = x.ElementAtOrDefault(1)?.Integers ?? [], ends = x.ElementAtOrDefault(2)?.Integers ?? [];
        int[] axes = x.ElementAtOrDefault(3)?.Integers is { Length: > 0 } stated ? stated : AxisOrder.Identity(starts.Length);
        int[] steps = x.ElementAtOrDefault(4)?.Integers is { Length: > 0 } some ? some : [.. axes.Select(_ => 1)];
        foreach ((int place, int one) in axes.Select((axis, place) => (place, OnnxAxes.Axis(axis, rank))))
        {
            int[] indices = [.. Indices(source.Dims[one], starts[place], ends[place], steps[place])];
            source = Gather(source, OnnxArray.Of([.. indices.Select(index => (long)index)]), one);
        }

        return source;
    }

    /// <summary>The places along an axis that a slice takes.</summary>
    public static IEnumerable<int> Indices(int length, int start, int end, int step)
    {
        if (step == 0)
        {
            throw new CheckpointException("a step of 0 leads nowhere");
        }

        int first = Math.Clamp(start < 0 ? start + length : start, 0, step > 0 ? length : length - 1);
        long last = end < 0 ? Math.Max((long)end + length, -1) : Math.Min(end, length);
        for (long i = first; step > 0 ? i < last : i > last; i += step)
        {
            yield return (int)i;
        }
    }

    private static OnnxArray Squeezed(OnnxArray x, int[] stated)
    {
        int rank = x.Dims.Length;
        int[] axes = [.. stated.Select(axis => OnnxAxes.Axis(axis, rank))];
        int[] dims = [.. x.Dims.Where((extent, axis) => axes.Length == 0 ? extent != 1 : !axes.Contains(axis))];
        return Reshaped(x, dims);
    }

    private static OnnxArray Unsqueezed(OnnxArray x, int[] stated)
    {
        int rank = x.Dims.Length + stated.Length;
        HashSet<int> axes = [.. stated.Select(axis => OnnxAxes.Axis(axis, rank))];
        Queue<int> rest = new(x.Dims);
        return x with { Dims = [.. Enumerable.Range(0, rank).Select(axis => axes.Contains(axis) ? 1 : rest.Dequeue())] };
    }

    private static OnnxArray Reshaped(OnnxArray x, int[] stated)
    {
        int[] dims = [.. stated.Select((extent, axis) => extent == 0 && axis < x.Dims.Length ? x.Dims[axis] : extent)];
        int open = Array.IndexOf(dims, -1);
        if (open >= 0)
        {
            dims[open] = 1;
            int known = OnnxArray.CountOf(dims);
            dims[open] = known > 0 ? x.Count / known : 0;
        }

        return OnnxArray.CountOf(dims) == x.Count ? x with { Dims = dims } : throw new CheckpointException(
            $"({string.Join(", ", x.Dims)}) can't become ({string.Join(", ", stated)})");
    }

    private static int[] Permutation(OnnxNode node, int rank)
    {
        int[] order = node.Integers("perm") ?? [.. Enumerable.Range(0, rank).Reverse()];
        return order.Length == rank && AxisOrder.IsPermutation(order) ? order : throw node.Wrong("perm");
    }

    private static OnnxArray Tiled(OnnxArray x, int[] repeats)
    {
        if (repeats.Length != x.Dims.Length)
        {
            throw new CheckpointException($"it has {repeats.Length} repeats for {x.Dims.Length} axes");
        }

        return Stretched(
            x, [.. x.Dims.Zip(repeats, (extent, times) => (int)Math.Min((long)extent * CheckedTimes(times), int.MaxValue))]);
    }

    /// <summary>Axes repeated until they have some extents: whole multiples of theirs, of 1 in a broadcast.</summary>
    private static OnnxArray Stretched(OnnxArray x, int[] dims)
    {
        if (x.Dims.AsSpan().SequenceEqual(dims))
        {
            return x;
        }

        double[] values = new double[OnnxArray.CountOf(dims)];
        int missing = dims.Length - x.Dims.Length;
        for (int i = 0; i < values.Length; i++)
        {
            int place = 0, rest = i, stride = 1;
            for (int axis = dims.Length - 1; axis >= missing; axis--)
            {
                int extent = x.Dims[axis - missing];
                place += rest % dims[axis] % extent * stride;
                stride *= extent;
                rest /= dims[axis];
            }

            values[i] = x.Values[place];
        }

        return x with { Dims = dims, Values = values };
    }

    private static OnnxArray Range(double start, double limit, double step, bool whole)
    {
        double count = step == 0 ? -1 : Math.Ceiling((limit - start) / step);
        int length = count is >= 0 and <= OnnxArray.MostComputed ? (int)count
            : count < 0 && step != 0 ? 0 : throw new CheckpointException($"there is no range from {start} to {limit} by {step}");
        return new OnnxArray([length], [.. Enumerable.Range(0, length).Select(i => start + (i * step))], whole);
    }
}
