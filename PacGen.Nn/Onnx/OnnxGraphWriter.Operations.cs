using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Each operation as ONNX has it.</content>
internal sealed partial class OnnxGraphWriter
{
    /// <summary>The functions of each element that ONNX has as they are.</summary>
    private static readonly Dictionary<Type, string> Functions = new()
    {
        [typeof(AddFunction)] = "Add", [typeof(SubtractFunction)] = "Sub", [typeof(MultiplyFunction)] = "Mul",
        [typeof(DivideFunction)] = "Div", [typeof(MaximumFunction)] = "Max", [typeof(PowFunction)] = "Pow",
        [typeof(NegateFunction)] = "Neg", [typeof(ExpFunction)] = "Exp", [typeof(LogFunction)] = "Log",
        [typeof(SqrtFunction)] = "Sqrt",
        [typeof(AbsFunction)] = "Abs", [typeof(TanhFunction)] = "Tanh", [typeof(SigmoidFunction)] = "Sigmoid",
        [typeof(ReciprocalFunction)] = "Reciprocal", [typeof(ReluFunction)] = "Relu", [typeof(SignFunction)] = "Sign",
        [typeof(ErfFunction)] = "Erf", [typeof(SoftplusFunction)] = "Softplus", [typeof(StopGradientFunction)] = "Identity",
    };

    private void Write(Tensor node, Operation operation)
    {
        switch (operation)
        {
            case FusedMap map:
                WriteMap(node, map);
                break;
            case Reshape:
                plain.Add(node, Reshaped(Plain(node.Inputs[0]), Extents(node)));
                break;
            case Transpose:
                plain.Add(node, Node("Transpose", [Plain(node.Inputs[0])], null, ("perm", (int[])[1, 0])));
                break;
            case Permute permute:
                plain.Add(node, Node("Transpose", [Plain(node.Inputs[0])], null, ("perm", permute.Order.AsSpan().ToArray())));
                break;
            case MatMul product:
                plain.Add(node, Node(
                    "Gemm", [Plain(node.Inputs[0]), Plain(node.Inputs[1])], null, ("transA", product.TransposeA ? 1 : 0),
                    ("transB", product.TransposeB ? 1 : 0)));
                break;
            case BatchMatMul product:
                plain.Add(node, Node(
                    "MatMul", [Turned(node.Inputs[0], product.TransposeA), Turned(node.Inputs[1], product.TransposeB)]));
                break;
            case Reduce reduce:
                WriteReduce(node, reduce);
                break;
            case SquaredDeviations deviations:
                WriteDeviations(node, deviations);
                break;
            case Softmax:
                plain.Add(node, Node("Softmax", [Plain(node.Inputs[0])], null, ("axis", 1)));
                break;
            case Concatenate joined:
                bool images = node.Shape.Rank == 4 && node.Inputs.Any(first.ContainsKey);
                (images ? first : plain).Add(node, Node(
                    "Concat", [.. node.Inputs.Select(one => images ? First(one) : Plain(one))], null,
                    ("axis", images ? ImageAxis(joined.Axis) : joined.Axis)));
                break;
            case Slice slice:
                WriteSlice(node, slice);
                break;
            case GatherRows:
                // Cast to INT64.
                string index = Node("Cast", [Plain(node.Inputs[1])], null, ("to", 7));
                plain.Add(node, Node("Gather", [Plain(node.Inputs[0]), index], null, ("axis", 0)));
                break;
            case Conv2dForward convolution:
                WriteConvolution(node, convolution.Geometry, Taps(node.Inputs[1], out int[] apart), 1, apart);
                break;
            case DepthwiseConv2d depthwise:
                WriteConvolution(
                    node, depthwise.Geometry.Windows, node.Inputs[1], node.Shape[3],
                    [depthwise.Geometry.DilationHeight, depthwise.Geometry.DilationWidth]);
                break;
            case Conv2dInputGradient adjoint:
                WriteAdjoint(node, adjoint);
                break;
            case PoolSelect select when node.Inputs[0] == node.Inputs[1]:
                WritePool(node, "MaxPool", select.Geometry);
                break;
            case AveragePool average:
                WritePool(node, "AveragePool", average.Geometry, ("count_include_pad", 1));
                break;
            default:
                throw Unsupported(node);
        }
    }

    /// <summary>Which axis of (N, C, H, W) an axis of (N, H, W, C) is.</summary>
    private static int ImageAxis(int axis) => OnnxAxes.ToChannelsLast[axis];

    private string Turned(Tensor matrices, bool transposed) =>
        transposed ? Node("Transpose", [Plain(matrices)], null, ("perm", (int[])[0, 2, 1])) : Plain(matrices);

    private void WriteMap(Tensor node, FusedMap map)
    {
        if (map.Expression.Size == 0)
        {
            plain.Add(node, Expanded(node));
            return;
        }

        // In the order of ONNX where what comes is: images that a convolution made, for the next one.
        bool images = node.Shape.Rank == 4 && node.Inputs.Any(one => first.ContainsKey(one) && !plain.ContainsKey(one));
        string[] inputs = [.. node.Inputs.Select(one => images ? AgainstImages(one) : Plain(one))];
        (images ? first : plain).Add(node, Function(node, map.Expression.Function, inputs));
    }

    private string Function(Tensor node, Type? function, string[] x)
    {
        if (function is not null && Functions.TryGetValue(function, out string? name))
        {
            return Node(name, x);
        }

        return function switch
        {
            _ when function == typeof(SquareFunction) => Node("Mul", [x[0], x[0]]),
            _ when function == typeof(LessFunction) => Float(Node("Less", x)),
            _ when function == typeof(EqualFunction) => Float(Node("Equal", x)),
            _ when function == typeof(StepFunction) => Float(Node("Greater", [x[0], Scalar(0)])),

            // Where the mask is not 0; Cast to BOOL.
            _ when function == typeof(KeepFunction) => Node("Where", [Node("Cast", [x[0]], null, ("to", 9)), x[1], Scalar(0)]),
            _ when function == typeof(NormalDistributionFunction) => Node(
                "Mul", [Node("Add", [Node("Erf", [Node("Mul", [x[0], Scalar(0.707106781f)])]), Scalar(1)]), Scalar(0.5f)]),
            _ => throw Unsupported(node),
        };

        string Float(string truth) => Node("Cast", [truth], null, ("to", 1));
    }

    /// <summary>A tensor stretched to a shape, which the batch may decide.</summary>
    private string Expanded(Tensor node)
    {
        int[] dims = Extents(node);
        int open = Array.IndexOf(dims, -1);
        if (open < 0)
        {
            return Node("Expand", [Plain(node.Inputs[0]), Integers(dims)]);
        }

        // As many as there are examples, or some for each.
        int each = node.Shape[open] / 2;
        string batch = Node("Shape", [Input], null, ("start", 0), ("end", 1));
        string extent = each == 1 ? batch : Node("Mul", [batch, Integers(each)]);
        string[] parts =
        [
            .. open > 0 ? [Integers(dims[..open])] : Array.Empty<string>(), extent,
            .. open < dims.Length - 1 ? [Integers(dims[(open + 1)..])] : Array.Empty<string>(),
        ];
        return Node("Expand", [Plain(node.Inputs[0]), Node("Concat", parts, null, ("axis", 0))]);
    }

    private void WriteReduce(Tensor node, Reduce reduce)
    {
        Tensor source = node.Inputs[0];
        int[] axes = [.. Enumerable.Range(0, source.Shape.Rank).Where(reduce.Axes.Contains)];
        bool images = first.ContainsKey(source) && !plain.ContainsKey(source) && (reduce.KeepDims || axes is [1, 2] or [1, 2, 3]);
        string type = reduce.Kind switch
        {
            ReduceKind.Sum => "ReduceSum",
            ReduceKind.Max => "ReduceMax",
            _ => throw Unsupported(node),
        };
        if (Extents(source).Where((extent, axis) => extent < 0 && axes.Contains(axis)).Any())
        {
            throw Unsupported(node, "it takes the examples of a batch together");
        }

        (images && reduce.KeepDims ? first : plain).Add(node, Node(
            type, [images ? First(source) : Plain(source), Integers(images ? Array.ConvertAll(axes, ImageAxis) : axes)],
            null,
            ("keepdims", reduce.KeepDims ? 1 : 0)));
    }

    private void WriteDeviations(Tensor node, SquaredDeviations deviations)
    {
        int[] axes = [.. Enumerable.Range(0, node.Inputs[0].Shape.Rank).Where(deviations.Axes.Contains)];
        string apart = Node("Sub", [Plain(node.Inputs[0]), Plain(node.Inputs[1])]);
        plain.Add(node, Node("ReduceSum", [Node("Mul", [apart, apart]), Integers(axes)], null, ("keepdims", 0)));
    }

    private void WriteSlice(Tensor node, Slice slice)
    {
        Tensor source = node.Inputs[0];
        bool images = first.ContainsKey(source) && !plain.ContainsKey(source);
        string name = images ? First(source) : Plain(source);
        int[] before = new int[node.Shape.Rank], behind = new int[node.Shape.Rank];
        int[] open = Extents(node), dims = Extents(source);
        for (int axis = 0; axis < node.Shape.Rank; axis++)
        {
            int length = source.Shape[axis], extent = node.Shape[axis], start = slice.Starts[axis], step = slice.Steps[axis];
            int there = images ? ImageAxis(axis) : axis;
            if (extent == length && start == 0 && step == 1)
            {
                continue;
            }

            int last = start + ((extent - 1) * step), spacing = slice.Spacings[axis];
            if (open[axis] < 0)
            {
                throw Unsupported(node, "it cuts a batch");
            }

            if (spacing != 1)
            {
                name = (start, step) == (0, 1) && extent == ((length - 1) * spacing) + 1 && !images
                    ? Spread(name, dims, axis, spacing) : throw Unsupported(node);
                dims[axis] = extent;
                continue;
            }

            if (step == 1 && (start < 0 || last >= length))
            {
                (before[there], behind[there]) = (-start, last - length + 1);
            }
            else if (Math.Min(start, last) >= 0 && Math.Max(start, last) < length)
            {
                // The end is the place behind the last, or far before the first where it goes backwards to that.
                int end = last + Math.Sign(step);
                name = Node(
                    "Slice", [name, Integers(start), Integers(end < 0 ? int.MinValue : end), Integers(there), Integers(step)]);
                dims[axis] = extent;
            }
            else
            {
                throw Unsupported(node);
            }
        }

        // A negative number takes elements away.
        (images ? first : plain).Add(node, before.Concat(behind).Any(number => number != 0)
            ? Node("Pad", [name, Integers([.. before, .. behind])]) : name);
    }

    /// <summary>
    /// Zeros between the elements along an axis: put behind each on an axis of their own, and those at the end cut away.
    /// </summary>
    private string Spread(string source, int[] dims, int axis, int spacing)
    {
        int[] behind = new int[2 * (dims.Length + 1)];
        behind[^(dims.Length - axis)] = spacing - 1;
        string each = Node("Pad", [Reshaped(source, [.. dims[..(axis + 1)], 1, .. dims[(axis + 1)..]]), Integers(behind)]);
        string joined = Reshaped(each, [.. dims[..axis], dims[axis] * spacing, .. dims[(axis + 1)..]]);
        return Node("Slice", [joined, Integers(0), Integers(((dims[axis] - 1) * spacing) + 1), Integers(axis)]);
    }

    /// <summary>The weights before zeros were put between their taps, and how far apart they are then.</summary>
    private static Tensor Taps(Tensor weights, out int[] apart)
    {
        apart = [1, 1];
        while (weights.Operation is Slice slice && slice.Spacings.AsSpan()[..2].ContainsAnyExcept(1)
            && !slice.Starts.AsSpan().ContainsAnyExcept(0) && !slice.Steps.AsSpan().ContainsAnyExcept(1))
        {
            apart = [apart[0] * slice.Spacings[0], apart[1] * slice.Spacings[1]];
            weights = weights.Inputs[0];
        }

        return weights;
    }

    /// <summary>The name of weights (KH, KW, C, OC) as ONNX's (OC, C, KH, KW).</summary>
    private string Kernel(Tensor weights)
    {
        int[] order = [3, 2, 0, 1];
        return weights.Operation is null
            ? KernelName(weights, order)
            : Node("Transpose", [Plain(weights)], null, ("perm", order));
    }

    private string KernelName(Tensor weights, int[] order)
    {
        if (!kernels.TryGetValue(weights, out string? name))
        {
            name = Leaf(weights, order, Array.ConvertAll(order, axis => weights.Shape[axis]));
            kernels.Add(weights, name);
        }

        return name;
    }

    private void WriteConvolution(Tensor node, Conv2dGeometry geometry, Tensor weights, int groups, int[] apart) =>
        first.Add(node, Node(
        "Conv", [First(node.Inputs[0]), Kernel(weights)], null, ("kernel_shape", (int[])[weights.Shape[0], weights.Shape[1]]),
        ("strides", (int[])[geometry.StrideHeight, geometry.StrideWidth]),
        ("pads", (int[])[geometry.PaddingHeight, geometry.PaddingWidth, geometry.PaddingHeight, geometry.PaddingWidth]),
        ("dilations", apart), ("group", groups)));

    private void WriteAdjoint(Tensor node, Conv2dInputGradient adjoint)
    {
        Tensor source = node.Inputs[0], weights = Taps(node.Inputs[1], out int[] apart);
        Conv2dGeometry moves = adjoint.Geometry;
        int rows = Least(source.Shape[1], moves.StrideHeight, moves.PaddingHeight, weights.Shape[0], apart[0]);
        int columns = Least(source.Shape[2], moves.StrideWidth, moves.PaddingWidth, weights.Shape[1], apart[1]);
        first.Add(node, Node(
            "ConvTranspose", [First(source), Kernel(weights)], null, ("strides", (int[])[moves.StrideHeight, moves.StrideWidth]),
            ("pads", (int[])[moves.PaddingHeight, moves.PaddingWidth, moves.PaddingHeight, moves.PaddingWidth]),
            ("dilations", apart),
            ("kernel_shape", (int[])[weights.Shape[0], weights.Shape[1]]),
            ("output_padding", (int[])[node.Shape[1] - rows, node.Shape[2] - columns])));

        static int Least(int extent, int stride, int padding, int taps, int apart) =>
            ((extent - 1) * stride) - (2 * padding) + ((taps - 1) * apart) + 1;
    }

    private void WritePool(Tensor node, string type, PoolGeometry geometry, params (string Name, object Value)[] more) =>
        first.Add(node, Node(
            type, [First(node.Inputs[0])], null,
            [
                ("kernel_shape", (int[])[geometry.KernelHeight, geometry.KernelWidth]),
                ("strides", (int[])[geometry.StrideHeight, geometry.StrideWidth]),
                ("pads", (int[])[geometry.PaddingHeight, geometry.PaddingWidth, geometry.PaddingHeight, geometry.PaddingWidth]),
                .. more,
            ]));
}
