using PacGen.Nn;
using SkiaSharp;

namespace PacGen.Images;

/// <summary>
/// Decodes PNG and JPEG with Skia. PacGen.Nn finds it by itself where the package PacGen.Images is referred to.
/// </summary>
public sealed class SkiaCodec : ImageCodec
{
    /// <inheritdoc/>
    public override EncodedImage? Open(byte[] file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using SKData data = SKData.CreateCopy(file);
        return SKCodec.Create(data) is { } codec ? new SkiaImage(codec) : null;
    }
}
