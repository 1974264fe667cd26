using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>A node with the values that it takes: what an operator works on.</summary>
/// <param name="node">The node.</param>
/// <param name="inputs">Its inputs; null for one that is left out.</param>
/// <param name="network">The network that is being built.</param>
internal sealed class OnnxCall(OnnxNode node, IReadOnlyList<OnnxValue?> inputs, OnnxNetwork network)
{
    /// <summary>The node.</summary>
    public OnnxNode Node => node;

    /// <summary>Its inputs; null for one that is left out.</summary>
    public IReadOnlyList<OnnxValue?> Inputs => inputs;

    /// <summary>The network that is being built.</summary>
    public OnnxNetwork Network => network;

    /// <summary>An input.</summary>
    public OnnxValue this[int index] => Optional(index)
        ?? throw new CheckpointException($"it has {inputs.Count(input => input is not null)} inputs, too few");

    /// <summary>An input, or null where it is left out.</summary>
    public OnnxValue? Optional(int index) => index < inputs.Count ? inputs[index] : null;

    /// <summary>An input that must be known without any example, such as a shape; null where it is left out.</summary>
    public OnnxArray? Known(int index) => Optional(index) switch
    {
        null => null,
        OnnxKnown known => known.Array,
        OnnxStored { Weight: { Parameter: null, State: null } weight } => new OnnxArray(
            weight.Source.Dims, weight.Source.Numbers(), weight.Source.Whole),
        _ => throw new CheckpointException($"its input {index} depends on the examples, where a fixed value is needed"),
    };

    /// <summary>
    /// Whole numbers from an input, or from the attribute that older versions of the operator have; null for neither.
    /// </summary>
    public int[]? Integers(int index, string attribute) => Known(index)?.Integers ?? node.Integers(attribute);

    /// <summary>A function of each element.</summary>
    public OnnxTensor Unary(Func<Tensor, Tensor> function)
    {
        OnnxTensor x = this[0] as OnnxTensor ?? new OnnxTensor(this[0].Plain(), this[0].Dims);
        return x with { Tensor = function(x.Tensor) };
    }

    /// <summary>A function of elements that broadcast against each other, in the order that most of them have.</summary>
    public static OnnxTensor Elementwise(Func<Tensor[], Tensor> function, params OnnxValue[] values)
    {
        int[] dims = OnnxAxes.Broadcast(values.Select(value => value.Dims));
        OnnxTensor? image = values.OfType<OnnxTensor>().FirstOrDefault(value => value.Layout != OnnxLayout.Plain);
        if (image is { Layout: OnnxLayout.ChannelsLast } && dims.Length == 4)
        {
            return new OnnxTensor(function(Array.ConvertAll(values, ChannelsLast)), dims, OnnxLayout.ChannelsLast);
        }

        if (image is { Layout: OnnxLayout.FlattenedImage } && dims.Length == 2 && dims[1] == image.Dims[1])
        {
            return new OnnxTensor(
                function(Array.ConvertAll(values, value => Flattened(value, image.Image))), dims, OnnxLayout.FlattenedImage)
            {
                Image = image.Image,
            };
        }

        return new OnnxTensor(function(Array.ConvertAll(values, value => value.Plain())), dims);
    }

    /// <summary>A value of at most four axes as it broadcasts against images (N, H, W, C).</summary>
    public static Tensor ChannelsLast(OnnxValue value)
    {
        if (value is OnnxTensor { Layout: OnnxLayout.ChannelsLast } image)
        {
            return image.Tensor;
        }

        int missing = 4 - value.Dims.Length;
        if (missing == 4)
        {
            return value.Plain();
        }

        int[] padded = [.. Enumerable.Repeat(1, missing), .. value.Dims];
        return value.Ordered(
            [.. value.Dims.Select(extent => (int[])[extent])],
            [.. OnnxAxes.ToChannelsLast.Where(axis => axis >= missing).Select(axis => axis - missing)],
            new Shape(Array.ConvertAll(OnnxAxes.ToChannelsLast, axis => padded[axis])));
    }

    /// <summary>A value of at most two axes as it broadcasts against flattened images.</summary>
    private static Tensor Flattened(OnnxValue value, int[] image)
    {
        if (value is OnnxTensor { Layout: OnnxLayout.FlattenedImage } same && same.Image.AsSpan().SequenceEqual(image))
        {
            return same.Tensor;
        }

        return value.Dims is [.., > 1] ? FromFlattened(value, value.Dims.Length - 1, image) : value.Plain();
    }

    /// <summary>A value of one or two axes, one of which counts the features of a flattened image.</summary>
    /// <param name="value">The value.</param>
    /// <param name="axis">That axis.</param>
    /// <param name="image">Channels, height and width.</param>
    /// <param name="transposed">Whether the two axes are to change places.</param>
    public static Tensor FromFlattened(OnnxValue value, int axis, int[] image, bool transposed = false)
    {
        int[][] factors = [.. value.Dims.Select((extent, i) => i == axis ? image : (int[])[extent])];
        int[] features = [axis + 1, axis + 2, axis];
        int[] dims = value.Dims, order = value.Dims.Length == 1 ? features : axis == 0 ? [.. features, 3] : [0, .. features];
        if (transposed)
        {
            order = axis == 0 ? [3, .. features] : [.. features, 0];
            dims = [dims[1], dims[0]];
        }

        return value.Ordered(factors, order, new Shape(dims));
    }

    /// <summary>Whether an input is one of sequences, (N, C, L) in ONNX: images of one row.</summary>
    public bool IsSequence(int index) => this[index].Dims.Length == 3;

    /// <summary>The images of an input, (N, C, H, W) in ONNX, as (N, H, W, C); sequences are images of one row.</summary>
    public Tensor Images(int index)
    {
        OnnxValue value = this[index];
        int[] dims = value.Dims;
        return dims.Length switch
        {
            4 => (value as OnnxTensor ?? new OnnxTensor(value.Plain(), dims)).ChannelsLast(),
            3 => value.Plain().Permute(0, 2, 1).Reshape(dims[0], 1, dims[2], dims[1]),
            _ => throw new CheckpointException(
                $"its input '{Printable.Name(node.Inputs[index])}' has the extents ({string.Join(", ", dims)}), and images of " +
                    $"one or two dimensions, (N, C, L) or (N, C, H, W), are supported"),
        };
    }

    /// <summary>Images (N, H, W, C) as ONNX's (N, C, H, W), or as sequences (N, C, L).</summary>
    public static OnnxTensor OfImages(Tensor images, bool sequence = false)
    {
        Shape shape = images.Shape;
        return sequence
            ? new OnnxTensor(images.Reshape(shape[0], shape[2], shape[3]).Permute(0, 2, 1), [shape[0], shape[3], shape[2]])
            : new OnnxTensor(images, [shape[0], shape[3], shape[1], shape[2]], OnnxLayout.ChannelsLast);
    }
}
