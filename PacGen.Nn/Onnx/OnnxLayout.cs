namespace PacGen.Nn;

/// <summary>The order of the elements of a tensor that stands for a value of an ONNX graph.</summary>
internal enum OnnxLayout
{
    /// <summary>That of ONNX.</summary>
    Plain,

    /// <summary>Images: (N, C, H, W) there, (N, H, W, C) here.</summary>
    ChannelsLast,

    /// <summary>
    /// Flattened images: (N, C·H·W) in the order of channel, height, width there, of height, width, channel here.
    /// </summary>
    FlattenedImage,
}
