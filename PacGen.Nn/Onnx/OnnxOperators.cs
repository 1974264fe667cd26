using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What the operators of ONNX are here: a row each. Another operator is one row more.</summary>
internal static partial class OnnxOperators
{
    private delegate OnnxValue Operator(OnnxCall call);

    private static readonly Dictionary<string, Operator> Table = new()
    {
        // Of each element.
        ["Abs"] = call => call.Unary(x => x.Abs()),
        ["Exp"] = call => call.Unary(x => x.Exp()),
        ["Log"] = call => call.Unary(x => x.Log()),
        ["Neg"] = call => call.Unary(x => -x),
        ["Reciprocal"] = call => call.Unary(x => 1f / x),
        ["Sqrt"] = call => call.Unary(x => x.Sqrt()),
        ["Relu"] = call => call.Unary(x => x.Relu()),
        ["Sigmoid"] = call => call.Unary(x => x.Sigmoid()),
        ["Tanh"] = call => call.Unary(x => x.Tanh()),
        ["Identity"] = call => call[0],
        ["LeakyRelu"] = call => call.Unary(x => x.LeakyRelu(call.Node.Number("alpha", 0.01))),
        ["Elu"] = call => call.Unary(x => x.Elu(call.Node.Number("alpha", 1))),
        ["Selu"] = call => call.Unary(x => call.Node.Number("gamma", 1.05070102214813232421875)
            * x.Elu(call.Node.Number("alpha", 1.67326319217681884765625))),
        ["Erf"] = call => call.Unary(x => x.Erf()),
        ["Gelu"] = call => call.Unary(x => x.Gelu(call.Node.Word("approximate", "none") == "tanh")),
        ["Mish"] = call => call.Unary(x => x * x.Softplus().Tanh()),
        ["Softplus"] = call => call.Unary(x => x.Softplus()),
        ["HardSigmoid"] = call => call.Unary(
            x => ((x * call.Node.Number("alpha", 0.2)) + call.Node.Number("beta", 0.5)).Clamp(0, 1)),
        ["HardSwish"] = call => call.Unary(x => x.Hardswish()),
        ["Celu"] = call => call.Unary(x => Alpha(call) * (x * (1 / Alpha(call))).Elu()),
        ["ThresholdedRelu"] = call => call.Unary(x => Tensor.Where(Tensor.Less((float)Alpha(call), x), x, 0f)),
        ["Swish"] = call => call.Unary(x => x * (x * Alpha(call)).Sigmoid()),
        ["Sign"] = call => call.Unary(Tensor.Map<SignFunction>),
        ["Not"] = call => call.Unary(x => 1f - x),
        ["Softsign"] = call => call.Unary(x => x / (1f + x.Abs())),
        ["Cast"] = Cast,
        ["CastLike"] = call => call[0],
        ["Clip"] = Clip,
        ["Dropout"] = Dropout,

        // Of elements that broadcast.
        ["Add"] = call => OnnxCall.Elementwise(x => x[0] + x[1], call[0], call[1]),
        ["Sub"] = call => OnnxCall.Elementwise(x => x[0] - x[1], call[0], call[1]),
        ["Mul"] = call => OnnxCall.Elementwise(x => x[0] * x[1], call[0], call[1]),
        ["Div"] = call => OnnxCall.Elementwise(x => x[0] / x[1], call[0], call[1]),
        ["Max"] = call => OnnxCall.Elementwise(x => x.Aggregate(Tensor.Maximum), All(call)),
        ["Min"] = call => OnnxCall.Elementwise(x => x.Aggregate(Tensor.Minimum), All(call)),
        ["Mean"] = call => OnnxCall.Elementwise(x => x.Aggregate((a, b) => a + b) * (1f / x.Length), All(call)),
        ["Sum"] = call => OnnxCall.Elementwise(x => x.Aggregate((a, b) => a + b), All(call)),
        ["PRelu"] = call => OnnxCall.Elementwise(x => x[0].LeakyRelu(x[1]), call[0], call[1]),
        ["Equal"] = call => OnnxCall.Elementwise(x => Tensor.Equal(x[0], x[1]), call[0], call[1]),
        ["Less"] = call => OnnxCall.Elementwise(x => Tensor.Less(x[0], x[1]), call[0], call[1]),
        ["Greater"] = call => OnnxCall.Elementwise(x => Tensor.Less(x[1], x[0]), call[0], call[1]),
        ["LessOrEqual"] = call => OnnxCall.Elementwise(x => 1f - Tensor.Less(x[1], x[0]), call[0], call[1]),
        ["GreaterOrEqual"] = call => OnnxCall.Elementwise(x => 1f - Tensor.Less(x[0], x[1]), call[0], call[1]),
        ["And"] = call => OnnxCall.Elementwise(x => x[0] * x[1], call[0], call[1]),
        ["Or"] = call => OnnxCall.Elementwise(x => Tensor.Maximum(x[0], x[1]), call[0], call[1]),
        ["Where"] = call => OnnxCall.Elementwise(x => Tensor.Where(x[0], x[1], x[2]), call[0], call[1], call[2]),
        ["Pow"] = Pow,

        // Of matrices.
        ["Gemm"] = Gemm,
        ["MatMul"] = MatMul,
        ["Einsum"] = Einsum,

        // Of images.
        ["Conv"] = Convolution,
        ["ConvTranspose"] = TransposedConvolution,
        ["InstanceNormalization"] = InstanceNormalization,
        ["GroupNormalization"] = GroupNormalization,
        ["BatchNormalization"] = BatchNormalization,
        ["MaxPool"] = call => Pool(call, average: false),
        ["AveragePool"] = call => Pool(call, average: true),
        ["GlobalAveragePool"] = call => OnnxCall.OfImages(call.Images(0).Mean([1, 2], true), call.IsSequence(0)),
        ["GlobalMaxPool"] = call => OnnxCall.OfImages(call.Images(0).Max([1, 2], true), call.IsSequence(0)),
        ["Resize"] = Resize,
        ["DepthToSpace"] = DepthToSpace,
        ["SpaceToDepth"] = SpaceToDepth,
        ["LRN"] = LocalResponse,

        // Of rows.
        ["Softmax"] = call => AlongAxis(call, x => x.Softmax()),
        ["LogSoftmax"] = call => AlongAxis(call, x => x.LogSoftmax()),
        ["LayerNormalization"] = LayerNormalization,
        ["RMSNormalization"] = RootMeanSquare,
        ["CumSum"] = CumulativeSum,
        ["ReduceMean"] = call => Reduce(call, (x, axes, keep) => x.Mean(axes, keep)),
        ["ReduceSum"] = call => Reduce(call, (x, axes, keep) => x.Sum(axes, keep)),
        ["ReduceMax"] = call => Reduce(call, (x, axes, keep) => x.Max(axes, keep)),
        ["ReduceMin"] = call => Reduce(call, (x, axes, keep) => -(-x).Max(axes, keep)),
        ["ReduceL2"] = call => Reduce(call, (x, axes, keep) => x.Square().Sum(axes, keep).Sqrt()),
        ["ReduceL1"] = call => Reduce(call, (x, axes, keep) => x.Abs().Sum(axes, keep)),
        ["ReduceSumSquare"] = call => Reduce(call, (x, axes, keep) => x.Square().Sum(axes, keep)),
        ["ReduceLogSum"] = call => Reduce(call, (x, axes, keep) => x.Sum(axes, keep).Log()),
        ["ReduceLogSumExp"] = call => Reduce(call, LogSumExp),

        // Of shapes.
        ["Flatten"] = Flatten,
        ["Reshape"] = Reshape,
        ["Squeeze"] = Squeeze,
        ["Unsqueeze"] = Unsqueeze,
        ["Transpose"] = Transpose,
        ["Expand"] = Expand,
        ["Slice"] = Slice,
        ["Gather"] = Gather,
        ["Concat"] = Concat,
        ["Tile"] = Tile,
        ["Trilu"] = Triangle,
        ["Pad"] = Pad,
    };

    /// <summary>Those with several outputs.</summary>
    private static readonly Dictionary<string, Func<OnnxCall, OnnxValue[]>> Several = new()
    {
        ["Split"] = Split,
        ["LSTM"] = LongShortTermMemory,
        ["GRU"] = GatedUnits,
        ["RNN"] = SimpleUnits,
    };

    /// <summary>Computes a node.</summary>
    /// <exception cref="CheckpointException">The operator is not known, or not with these settings or inputs.</exception>
    public static IReadOnlyList<OnnxValue> Run(OnnxCall call)
    {
        OnnxNode node = call.Node;
        if (node.Domain.Length > 0)
        {
            throw new CheckpointException(
                $"the operators of the domain {Printable.Name(node.Domain)} are not supported; those of ONNX itself are");
        }

        if (OnnxFolding.Evaluate(call) is { } known)
        {
            call.Network.CountComputed(known.Sum(value => ((OnnxKnown)value).Array.Count));
            return known;
        }

        return Several.TryGetValue(node.Operator, out Func<OnnxCall, OnnxValue[]>? all) ? all(call)
            : Table.TryGetValue(node.Operator, out Operator? run) ? [run(call)]
            : throw new CheckpointException(
                $"the operator {Printable.Name(node.Operator)} is not supported; these are: " +
                    $"{string.Join(", ", Table.Keys.Concat(Several.Keys).Order())}");
    }

    private static OnnxValue[] All(OnnxCall call) => [.. Enumerable.Range(0, call.Inputs.Count).Select(index => call[index])];

    private static OnnxValue Cast(OnnxCall call)
    {
        int type = call.Node.Integer("to", 1);
        if (OnnxMessages.IsFloat(type) == true)
        {
            return call[0];
        }

        // To truth values: 1 where it is not 0.
        if (type == 9)
        {
            return call.Unary(x => 1f - Tensor.Equal(x, 0f));
        }

        // The examples themselves hold whole numbers where they are indices.
        Tensor? source = (call[0] as OnnxTensor)?.Tensor;
        while (source?.Operation is PacGen.Kernels.Reshape)
        {
            source = source.Inputs[0];
        }

        return source is { Operation: null } && OnnxMessages.IsFloat(type) == false ? call[0] : throw new CheckpointException(
            $"what depends on the examples is cast to the type {type} of ONNX, and only casts to floats are supported there");
    }

    private static OnnxTensor Clip(OnnxCall call)
    {
        float least = (float)(call.Known(1)?.Single ?? double.NegativeInfinity);
        float most = (float)(call.Known(2)?.Single ?? double.PositiveInfinity);
        return call.Unary(x => x.Clamp(least, most));
    }

    private static OnnxTensor Dropout(OnnxCall call)
    {
        double probability = call.Known(1)?.Single ?? 0.5;
        return call.Unary(x => call.Network.Layer(call.Node, () => new Dropout(probability)).Forward(x));
    }

    private static OnnxTensor Pow(OnnxCall call) => call[1] is OnnxKnown { Array.Count: 1 } exponent
        ? call.Unary(x => x.Pow(exponent.Array.Single))
        : OnnxCall.Elementwise(x => Tensor.Pow(x[0], x[1]), call[0], call[1]);

    /// <summary>A function of the last axis, for any axis.</summary>
    private static OnnxTensor AlongAxis(OnnxCall call, Func<Tensor, Tensor> function)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length, axis = OnnxAxes.Axis(call.Node.Integer("axis", -1), rank);
        if (value is OnnxTensor { Layout: OnnxLayout.ChannelsLast } images && axis == 1)
        {
            return images with { Tensor = Rows(images.Tensor, function) };
        }

        int[] order = [.. Enumerable.Range(0, rank).Where(one => one != axis), axis];
        Tensor last = OnnxAxes.Permuted(value.Plain(), order);
        return new OnnxTensor(OnnxAxes.Permuted(Rows(last, function), AxisOrder.Inverse(order)), value.Dims);
    }

    private static Tensor Rows(Tensor x, Func<Tensor, Tensor> function) =>
        function(x.Reshape(-1, x.Shape[-1])).Reshape(x.Shape);

    private static double Alpha(OnnxCall call) => call.Node.Number("alpha", 1);

    // From the largest, which may be −∞.
    private static Tensor LogSumExp(Tensor x, int[] axes, bool keep)
    {
        Tensor most = x.Max(axes, true).Clamp(float.MinValue, float.MaxValue).StopGradient();
        Tensor sum = (x - most).Exp().Sum(axes, keep).Log();
        return sum + most.Reshape(sum.Shape);
    }

    private static OnnxTensor Reduce(OnnxCall call, Func<Tensor, int[], bool, Tensor> function)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length;
        bool keep = call.Node.Integer("keepdims", 1) != 0;
        int[] stated = call.Integers(1, "axes") ?? [];
        bool none = stated.Length == 0 && call.Node.Integer("noop_with_empty_axes", 0) != 0;
        int[] axes = none ? [] : stated.Length == 0 ? AxisOrder.Identity(rank)
            : [.. stated.Select(axis => OnnxAxes.Axis(axis, rank)).Distinct().Order()];
        int[] dims = [.. Enumerable.Range(0, rank).Where(axis => keep || !axes.Contains(axis)).Select(
            axis => axes.Contains(axis) ? 1 : value.Dims[axis])];

        // Over height and width, with or without the channels, images need no other order.
        if (value is OnnxTensor { Layout: OnnxLayout.ChannelsLast } images && (keep || axes is [2, 3] or [1, 2, 3]))
        {
            int[] ours = Array.ConvertAll(axes, axis => Array.IndexOf(OnnxAxes.ToChannelsLast, axis));
            return new OnnxTensor(function(images.Tensor, ours, keep), dims, keep ? OnnxLayout.ChannelsLast : OnnxLayout.Plain);
        }

        return new OnnxTensor(function(value.Plain(), axes, keep), dims);
    }
}
