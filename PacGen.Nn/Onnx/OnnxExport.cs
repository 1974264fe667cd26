using PacGen.Core.Files;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Writes networks as ONNX files, which ONNX Runtime, PyTorch's tools and <see cref="OnnxNetwork"/> read: what the network
/// computes in evaluation, for batches of any size. Weights keep their names. Images come as (N, C, H, W), as other programs have
/// them.
/// </summary>
/// <example>
/// <code>
/// OnnxExport.Save("network.onnx", model, trainer.Arena, example: new Shape(28, 28, 1));
/// </code>
/// </example>
public static class OnnxExport
{
    /// <summary>ONNX's version of messages (1.13's) and of operators: old enough to be read widely.</summary>
    private const int MessageVersion = 8, OperatorVersion = 18;

    /// <summary>The type of a float in ONNX.</summary>
    private const int FloatType = 1;

    /// <summary>Writes a network into a file; it is replaced as a whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="example">The shape of one example: (height, width, channels) of an image, or another.</param>
    /// <param name="set">Samples that the network was trained on: how they are normalised stands in the file's metadata
    /// (<see cref="OnnxNetwork.NormalizationKey"/>), and values that were standardised come in their own units. Nothing of it
    /// without.</param>
    /// <param name="progress">Notified of the share of the network that is written, from 0 to 1; null for nobody.</param>
    /// <exception cref="NotSupportedException">ONNX has no operator for one of the network's.</exception>
    /// <exception cref="ShapeException">The network takes other examples.</exception>
    /// <exception cref="IOException">The file can't be written; what was there before is still there.</exception>
    public static void Save(
        string path, Module network, ParameterArena arena, Shape example, SampleSet? set = null,
        IProgress<double>? progress = null)
    {
        ProtoWriter model = Model(network, arena, example, set, progress);
        AtomicFile.Write(path, stream => stream.Write(model.Bytes.Span));
    }

    /// <summary>Writes a network to a stream; otherwise as <see cref="Save"/>.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="network">The network.</param>
    /// <param name="arena">Its weights and state.</param>
    /// <param name="example">The shape of a sample, without the batch.</param>
    /// <param name="set">The samples, whose normalisation and targets' scale go into the file; null for none.</param>
    /// <param name="progress">Notified of the share of the network that is written, from 0 to 1; null for nobody.</param>
    /// <exception cref="NotSupportedException">ONNX has no operator for one of the network's.</exception>
    /// <exception cref="ShapeException">The network takes other examples.</exception>
    public static void Write(
        Stream stream, Module network, ParameterArena arena, Shape example, SampleSet? set = null,
        IProgress<double>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Model(network, arena, example, set, progress).Bytes.Span);
    }

    private static ProtoWriter Model(
        Module network, ParameterArena arena, Shape example, SampleSet? set, IProgress<double>? progress)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(arena);

        // Names are given where parameters are listed, and leaves are made in the first pass: the next two give the same nodes.
        _ = (network.Parameters, network.State, Output(1, out _));
        Tensor output = Output(2, out Tensor input), other = Output(3, out _);
        OnnxGraphWriter graph = new(Gradients.Ordered(output), Gradients.Ordered(other), input, output);
        graph.Write(progress);
        bool image = example.Rank == 3;
        int[] dims = image ? [example[2], example[0], example[1]] : example.AsSpan().ToArray();
        ProtoWriter proto = graph.Graph.Text(2, "network")
            .Message(11, Value(OnnxGraphWriter.Input, dims))
            .Message(12, Value(OnnxGraphWriter.Output, output.Shape.AsSpan()[1..]));
        ProtoWriter model = new ProtoWriter().Number(1, MessageVersion).Text(2, "PacGen").Message(7, proto)
            .Message(8, new ProtoWriter().Text(1, "").Number(2, OperatorVersion));
        return set?.Normalization is not { } normalization ? model : model.Message(
            14, new ProtoWriter().Text(1, OnnxNetwork.NormalizationKey).Text(2, normalization.ToText()));

        Tensor Output(int batch, out Tensor x)
        {
            x = Tensor.Input(new Shape([batch, .. example.AsSpan()]), "x");
            Tensor y = network.Evaluated(x);
            return set?.Target.Scale is not { } scale ? y
                : (y * Constant(scale.StandardDeviation)) + Constant(scale.Mean);
        }
    }

    private static Tensor Constant(ReadOnlySpan<float> values) => Tensor.Constant(new Shape(values.Length), values.ToArray());

    /// <summary>An input or output: ValueInfoProto, with an open first extent.</summary>
    private static ProtoWriter Value(string name, ReadOnlySpan<int> dims)
    {
        ProtoWriter shape = new ProtoWriter().Message(1, new ProtoWriter().Text(2, "batch"));
        foreach (int extent in dims)
        {
            shape.Message(1, new ProtoWriter().Number(1, extent));
        }

        ProtoWriter tensor = new ProtoWriter().Number(1, FloatType).Message(2, shape);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensor));
    }
}
