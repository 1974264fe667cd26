using System.Buffers.Binary;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Writes the graph of a network as nodes of ONNX. The graph is there for two sizes of batches: what differs is the batch. Images
/// are (N, H, W, C) here and (N, C, H, W) there; a tensor is written in the order in which it is wanted, and in the other one
/// only where that is wanted too.
/// </summary>
/// <param name="nodes">The tensors, inputs first.</param>
/// <param name="others">The same ones for another size of batches.</param>
/// <param name="input">The examples.</param>
/// <param name="output">What is made of them.</param>
internal sealed partial class OnnxGraphWriter(
    List<Tensor> nodes, List<Tensor> others, Tensor input, Tensor output)
{
    /// <summary>The names of the graph's input and output.</summary>
    public const string Input = "x", Output = "y";

    private readonly Dictionary<Tensor, Tensor> twins = [];

    /// <summary>The names under which tensors were written: in the order of here, and images in that of ONNX.</summary>
    private readonly Dictionary<Tensor, string> plain = [], first = [];

    /// <summary>The names of weights of convolutions, in the order of ONNX.</summary>
    private readonly Dictionary<Tensor, string> kernels = [];

    private readonly Dictionary<string, string> constants = [];
    private readonly HashSet<string> names = [Input, Output];
    private int count;

    /// <summary>The graph: GraphProto.</summary>
    public ProtoWriter Graph { get; } = new();

    /// <summary>Writes all nodes.</summary>
    /// <param name="progress">Notified of the share of them that is written, from 0 to 1; null for nobody.</param>
    /// <exception cref="NotSupportedException">One has no operator in ONNX.</exception>
    public void Write(IProgress<double>? progress)
    {
        if (nodes.Count != others.Count)
        {
            throw new NotSupportedException(
                "The network's graph depends on the size of the batch: it can't be written for any size.");
        }

        foreach ((Tensor node, Tensor other) in nodes.Zip(others))
        {
            twins.Add(node, other);
        }

        (input.Shape.Rank == 4 ? first : plain)[input] = Input;
        Dictionary<Tensor, OnnxBatchNorm> norms = nodes.Select(OnnxBatchNorm.Find).OfType<OnnxBatchNorm>().ToDictionary(
            norm => norm.Node);
        HashSet<Tensor> wanted = [output];
        foreach (Tensor node in Enumerable.Reverse(nodes).Where(wanted.Contains))
        {
            wanted.UnionWith(norms.TryGetValue(node, out OnnxBatchNorm? norm) ? [norm.X]
                : node.Operation is Conv2dForward or Conv2dInputGradient ? [node.Inputs[0], Taps(node.Inputs[1], out _)]
                : node.Inputs);
        }

        Tensor[] written = [.. nodes.Where(wanted.Contains).Where(node => node != input)];
        for (int i = 0; i < written.Length; i++)
        {
            Tensor node = written[i];
            if (norms.TryGetValue(node, out OnnxBatchNorm? norm))
            {
                WriteNorm(norm);
            }
            else if (node.Operation is not null)
            {
                Write(node, node.Operation);
            }

            progress?.Report((i + 1.0) / written.Length);
        }

        Node("Identity", [Plain(output)], Output);
    }

    /// <summary>Refuses what ONNX has no operator for.</summary>
    private static NotSupportedException Unsupported(Tensor node, string why = "ONNX has no operator for it here") =>
        new($"{node} can't be written as ONNX: {why}.");

    /// <summary>The name of a tensor in the order of here.</summary>
    private string Plain(Tensor tensor)
    {
        if (!plain.TryGetValue(tensor, out string? name))
        {
            name = first.TryGetValue(tensor, out string? images)
                ? Node("Transpose", [images], null, ("perm", OnnxAxes.ToChannelsLast))
                : Leaf(tensor, AxisOrder.Identity(tensor.Shape.Rank), tensor.Shape.AsSpan().ToArray());
            plain.Add(tensor, name);
        }

        return name;
    }

    /// <summary>The name of images in the order of ONNX.</summary>
    private string First(Tensor tensor)
    {
        if (!first.TryGetValue(tensor, out string? name))
        {
            name = Node("Transpose", [Plain(tensor)], null, ("perm", OnnxAxes.ToChannelsFirst));
            first.Add(tensor, name);
        }

        return name;
    }

    /// <summary>An operand of up to four axes as it broadcasts against images in the order of ONNX.</summary>
    private string AgainstImages(Tensor tensor)
    {
        if (tensor.Shape.Rank == 4)
        {
            return First(tensor);
        }

        if (tensor.Shape.Rank == 0)
        {
            return Plain(tensor);
        }

        int missing = 4 - tensor.Shape.Rank;
        string padded = Reshaped(Plain(tensor), [.. Enumerable.Repeat(1, missing), .. tensor.Shape.AsSpan()]);
        return Node("Transpose", [padded], null, ("perm", OnnxAxes.ToChannelsFirst));
    }

    /// <summary>The name of a weight or constant, permuted: axis i of what is written is axis order[i] of the tensor.</summary>
    private string Leaf(Tensor tensor, int[] order, int[] shape)
    {
        float[] values = tensor.Values ?? (tensor.Parameter?.Region ?? tensor.State?.Region)?.ToArray()
            ?? throw Unsupported(tensor, "it depends on more than the examples and the weights");
        if (tensor.Values is not null && !values.AsSpan().SequenceEqual(twins[tensor].Values))
        {
            throw Unsupported(tensor, "a constant depends on the size of the batch");
        }

        bool asItIs = order.AsSpan().SequenceEqual(AxisOrder.Identity(order.Length));
        string own = tensor.Parameter?.Name ?? tensor.State?.Name ?? "constant";
        if (!asItIs)
        {
            values = Array.ConvertAll(AxisOrder.Places(tensor.Shape.AsSpan(), order), place => values[place]);
        }

        return WriteArray(own, shape, values, isWeight: tensor.Values is null);
    }

    /// <summary>Writes an array: TensorProto, of a weight among the graph's, else in a node of its own.</summary>
    private string WriteArray(string wish, int[] dims, float[] values, bool isWeight)
    {
        string name = Unique(wish);
        ProtoWriter array = Dims(dims).Number(2, 1).Text(8, name);
        byte[] bytes = new byte[sizeof(float) * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        array.Raw(9, bytes);
        if (isWeight)
        {
            Graph.Message(5, array);
            return name;
        }

        // AttributeProto of a tensor.
        ProtoWriter value = new ProtoWriter().Text(1, "value").Message(5, array).Number(20, 4);
        Graph.Message(1, new ProtoWriter().Text(2, name).Text(3, name).Text(4, "Constant").Message(5, value));
        return name;
    }

    /// <summary>Writes an array of whole numbers, once.</summary>
    private string Integers(params int[] values)
    {
        string key = string.Join(',', values);
        if (!constants.TryGetValue(key, out string? name))
        {
            name = Unique("integers");
            byte[] bytes = new byte[sizeof(long) * values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
            }

            Graph.Message(5, Dims([values.Length]).Number(2, 7).Text(8, name).Raw(9, bytes));
            constants.Add(key, name);
        }

        return name;
    }

    private static ProtoWriter Dims(int[] dims)
    {
        ProtoWriter array = new();
        foreach (int extent in dims)
        {
            array.Number(1, extent);
        }

        return array;
    }

    private string Scalar(float value) => WriteArray("constant", [], [value], isWeight: false);

    /// <summary>A name that nothing has yet.</summary>
    private string Unique(string wish)
    {
        string name = wish;
        while (!names.Add(name))
        {
            name = $"{wish}:{++count}";
        }

        return name;
    }

    /// <summary>Writes a node of one output: NodeProto.</summary>
    private string Node(string type, string[] inputs, string? name = null, params (string Name, object Value)[] attributes)
    {
        ProtoWriter node = new();
        foreach (string one in inputs)
        {
            node.Text(1, one);
        }

        name ??= Unique($"t{++count}");
        node.Text(2, name).Text(3, $"{type}_{name}").Text(4, type);
        foreach ((string attribute, object value) in attributes)
        {
            // AttributeProto: its name, its value, and the kind of that.
            ProtoWriter proto = new ProtoWriter().Text(1, attribute);
            switch (value)
            {
                case int number:
                    proto.Number(3, number).Number(20, 2);
                    break;
                case float number:
                    proto.Float(2, number).Number(20, 1);
                    break;
                default:
                    foreach (int number in (int[])value)
                    {
                        proto.Number(8, number);
                    }

                    proto.Number(20, 7);
                    break;
            }

            node.Message(5, proto);
        }

        Graph.Message(1, node);
        return name;
    }

    private string Reshaped(string source, int[] dims) => Node("Reshape", [source, Integers(dims)]);

    /// <summary>The extents of a tensor with −1 for the one that the batch decides.</summary>
    private int[] Extents(Tensor node)
    {
        int[] dims = node.Shape.AsSpan().ToArray(), other = twins[node].Shape.AsSpan().ToArray();
        for (int axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = dims[axis] == other[axis] ? dims[axis] : -1;
        }

        return dims.Count(extent => extent < 0) <= 1 ? dims : throw Unsupported(node, "two of its extents depend on the batch");
    }

    private void WriteNorm(OnnxBatchNorm norm)
    {
        bool images = norm.X.Shape.Rank == 4;
        string name = Node(
            "BatchNormalization",
            [images ? First(norm.X) : Plain(norm.X), Plain(norm.Weight), Plain(norm.Bias), Plain(norm.Mean),
                Plain(norm.Variance)], null,
            ("epsilon", norm.Epsilon));
        (images ? first : plain).Add(norm.Node, name);
    }
}
