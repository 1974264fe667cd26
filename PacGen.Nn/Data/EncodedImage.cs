namespace PacGen.Nn;

/// <summary>An image file whose header an <see cref="ImageCodec"/> has read.</summary>
public abstract class EncodedImage : IDisposable
{
    /// <summary>Its height in pixels.</summary>
    public abstract int Height { get; }

    /// <summary>Its width in pixels.</summary>
    public abstract int Width { get; }

    /// <summary>
    /// Decodes to 8-bit red, green and blue: grayscale becomes three equal channels, transparency is dropped.
    /// </summary>
    /// <param name="height">The height to resize to, or its own.</param>
    /// <param name="width">The width.</param>
    /// <param name="pixels">Takes height × width × 3 bytes, row by row.</param>
    /// <returns>
    /// What is wrong with the file, as the rest of a sentence that its name begins, such as <c>is truncated</c>; null where it
    /// was decoded.
    /// </returns>
    public abstract string? Decode(int height, int width, Span<byte> pixels);

    /// <inheritdoc/>
    public abstract void Dispose();
}
