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
        ["LeakyRelu"] = call => call.Unary(x => x.Relu() - ((-x).Relu() * call.Node.Number("alpha", 0.01))),
        ["HardSigmoid"] = call => call.Unary(
            x => HardSigmoid(x, call.Node.Number("alpha", 0.2), call.Node.Number("beta", 0.5))),
        ["HardSwish"] = call => call.Unary(x => x * HardSigmoid(x, 1.0 / 6, 0.5)),
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
        ["Min"] = call => OnnxCall.Elementwise(x => -x.Select(one => -one).Aggregate(Tensor.Maximum), All(call)),
        ["Sum"] = call => OnnxCall.Elementwise(x => x.Aggregate((a, b) => a + b), All(call)),
        ["PRelu"] = call => OnnxCall.Elementwise(x => x[0].Relu() - ((-x[0]).Relu() * x[1]), call[0], call[1]),
        ["Pow"] = Pow,

        // Of matrices.
        ["Gemm"] = Gemm,
        ["MatMul"] = MatMul,

        // Of images.
        ["Conv"] = Convolution,
        ["BatchNormalization"] = BatchNormalization,
        ["MaxPool"] = call => Pool(call, average: false),
        ["AveragePool"] = call => Pool(call, average: true),
        ["GlobalAveragePool"] = call => OnnxCall.OfImages(call.Images(0).Images.Mean([1, 2], true)),
        ["GlobalMaxPool"] = call => OnnxCall.OfImages(call.Images(0).Images.Max([1, 2], true)),

        // Of rows.
        ["Softmax"] = call => AlongAxis(call, x => x.Softmax()),
        ["LogSoftmax"] = call => AlongAxis(call, x => x.LogSoftmax()),
        ["LayerNormalization"] = LayerNormalization,
        ["ReduceMean"] = call => Reduce(call, (x, axes, keep) => x.Mean(axes, keep)),
        ["ReduceSum"] = call => Reduce(call, (x, axes, keep) => x.Sum(axes, keep)),
        ["ReduceMax"] = call => Reduce(call, (x, axes, keep) => x.Max(axes, keep)),
        ["ReduceMin"] = call => Reduce(call, (x, axes, keep) => -(-x).Max(axes, keep)),
        ["ReduceL2"] = call => Reduce(call, (x, axes, keep) => x.Square().Sum(axes, keep).Sqrt()),
        ["ReduceSumSquare"] = call => Reduce(call, (x, axes, keep) => x.Square().Sum(axes, keep)),

        // Of shapes.
        ["Flatten"] = Flatten,
        ["Reshape"] = Reshape,
        ["Squeeze"] = Squeeze,
        ["Unsqueeze"] = Unsqueeze,
        ["Transpose"] = Transpose,
        ["Expand"] = Expand,
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
            return known;
        }

        return Table.TryGetValue(node.Operator, out Operator? run)
            ? [run(call)]
            : throw new CheckpointException(
                $"the operator {Printable.Name(node.Operator)} is not supported; these are: " +
                    $"{string.Join(", ", Table.Keys.Order())}");
    }

    private static OnnxValue[] All(OnnxCall call) => [.. Enumerable.Range(0, call.Inputs.Count).Select(index => call[index])];

    private static Tensor HardSigmoid(Tensor x, double alpha, double beta) => AtMost(((x * alpha) + beta).Relu(), 1);

    private static Tensor AtMost(Tensor x, double limit) => -Tensor.Maximum(-x, -limit);

    private static OnnxValue Cast(OnnxCall call)
    {
        int type = call.Node.Integer("to", 1);
        return OnnxMessages.IsFloat(type) == true ? call[0] : throw new CheckpointException(
            $"what depends on the examples is cast to the type {type} of ONNX, and only casts to floats are supported there");
    }

    private static OnnxTensor Clip(OnnxCall call)
    {
        double? least = call.Known(1)?.Single, most = call.Known(2)?.Single;
        return call.Unary(x =>
        {
            Tensor y = least is { } low ? Tensor.Maximum(x, low) : x;
            return most is { } high ? AtMost(y, high) : y;
        });
    }

    private static OnnxTensor Dropout(OnnxCall call)
    {
        double probability = call.Known(1)?.Single ?? 0.5;
        return call.Unary(x => call.Network.Layer(call.Node, () => new Dropout(probability)).Forward(x));
    }

    private static OnnxTensor Pow(OnnxCall call) => call.Known(1)?.Single switch
    {
        0.5 => call.Unary(x => x.Sqrt()),
        1 => call.Unary(x => x),
        2 => call.Unary(x => x.Square()),
        3 => call.Unary(x => x * x.Square()),
        -0.5 => call.Unary(x => 1f / x.Sqrt()),
        -1 => call.Unary(x => 1f / x),
        var exponent => throw new CheckpointException($"the power {exponent} is not supported; −1, ±0.5, 1, 2 and 3 are"),
    };

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

    private static OnnxTensor LayerNormalization(OnnxCall call)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length, first = OnnxAxes.Axis(call.Node.Integer("axis", -1), rank);
        int[] axes = [.. Enumerable.Range(first, rank - first)];
        Tensor x = value.Plain();
        Tensor centred = x - x.Mean(axes, true);
        Tensor variance = centred.Square().Mean(axes, true);
        Tensor y = centred / (variance + call.Node.Number("epsilon", 1e-5)).Sqrt() * call[1].Plain();
        return new OnnxTensor(call.Optional(2) is { } bias ? y + bias.Plain() : y, value.Dims);
    }

    private static OnnxTensor Reduce(OnnxCall call, Func<Tensor, int[], bool, Tensor> function)
    {
        OnnxValue value = call[0];
        int rank = value.Dims.Length;
        bool keep = call.Node.Integer("keepdims", 1) != 0;
        int[] stated = call.Integers(1, "axes") ?? [];
        if (stated.Length == 0 && call.Node.Integer("noop_with_empty_axes", 0) != 0)
        {
            return call.Unary(x => x);
        }

        int[] axes = stated.Length == 0 ? AxisOrder.Identity(rank)
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
