using PacGen.Nn;
using SkiaSharp;

namespace PacGen.Images;

/// <summary>An image that Skia has read the header of.</summary>
internal sealed class SkiaImage(SKCodec codec) : EncodedImage
{
    /// <inheritdoc/>
    public override int Height => codec.Info.Height;

    /// <inheritdoc/>
    public override int Width => codec.Info.Width;

    /// <inheritdoc/>
    public override string? Decode(int height, int width, Span<byte> pixels)
    {
        // No colour space: the bytes of the file, not converted to another gamut.
        SKImageInfo info = new(Width, Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using SKBitmap bitmap = new(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            return $"is truncated or corrupted: it does not decode ({result})";
        }

        if ((Height, Width) == (height, width))
        {
            Pack(bitmap.GetPixelSpan(), bitmap.RowBytes, height, width, pixels);
            return null;
        }

        using SKBitmap? resized = bitmap.Resize(
            new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        if (resized is null)
        {
            return $"cannot be resized from {Height}×{Width} to {height}×{width}";
        }

        Pack(resized.GetPixelSpan(), resized.RowBytes, height, width, pixels);
        return null;
    }

    /// <inheritdoc/>
    public override void Dispose() => codec.Dispose();

    private static void Pack(ReadOnlySpan<byte> source, int rowBytes, int height, int width, Span<byte> pixels)
    {
        for (int y = 0, to = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = source.Slice(y * rowBytes, 4 * width);
            for (int x = 0; x < row.Length; x += 4, to += 3)
            {
                pixels[to] = row[x];
                pixels[to + 1] = row[x + 1];
                pixels[to + 2] = row[x + 2];
            }
        }
    }
}
