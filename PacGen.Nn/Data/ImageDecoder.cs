using SkiaSharp;

namespace PacGen.Nn;

/// <summary>
/// Decodes JPEG and PNG images with Skia to 8-bit red, green and blue; grayscale becomes three equal channels, transparency is
/// dropped. The size is looked at before pixels are decoded, so that a small file cannot ask for much memory.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>The most bytes that an image file may have.</summary>
    public const int LargestFile = 1 << 26;

    private const int LargestSide = 8192, LargestArea = 1 << 24;

    /// <summary>The height and width of an image.</summary>
    /// <exception cref="DataException">It is neither JPEG nor PNG, or too large.</exception>
    public static (int Height, int Width) Size(byte[] file, string name)
    {
        using SKCodec codec = Open(file, name);
        return (codec.Info.Height, codec.Info.Width);
    }

    /// <summary>Decodes an image into height × width × 3 bytes.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="name">The file, for errors.</param>
    /// <param name="height">The height that it must have, or is resized to.</param>
    /// <param name="width">The width.</param>
    /// <param name="resize">Whether an image of another size is resized; else it is refused.</param>
    /// <param name="first">The file that decided the size, for errors.</param>
    /// <param name="pixels">Takes the bytes, NHWC.</param>
    /// <exception cref="DataException">The file is damaged, too large, no JPEG or PNG, or of another size.</exception>
    public static void Decode(byte[] file, string name, int height, int width, bool resize, string first, Span<byte> pixels)
    {
        using SKCodec codec = Open(file, name);
        (int ownHeight, int ownWidth) = (codec.Info.Height, codec.Info.Width);
        if (!resize && (ownHeight, ownWidth) != (height, width))
        {
            throw new DataException(
                $"{name} has {ownHeight}×{ownWidth} pixels, but {first} has {height}×{width}: all images must have one size. " +
                $"Resize them, or say a size with --image-size.");
        }

        // No colour space: the bytes of the file, not converted to another gamut.
        SKImageInfo info = new(ownWidth, ownHeight, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using SKBitmap bitmap = new(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            throw new DataException($"{name} is truncated or corrupted: it does not decode ({result}). Replace it or remove it.");
        }

        if ((ownHeight, ownWidth) == (height, width))
        {
            Pack(bitmap.GetPixelSpan(), bitmap.RowBytes, height, width, pixels);
            return;
        }

        using SKBitmap resized = bitmap.Resize(
            new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))
            ?? throw new DataException(
                $"{name} cannot be resized from {ownHeight}×{ownWidth} to {height}×{width}. Replace it or remove it.");
        Pack(resized.GetPixelSpan(), resized.RowBytes, height, width, pixels);
    }

    private static SKCodec Open(byte[] file, string name)
    {
        bool known = file is [0xFF, 0xD8, 0xFF, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..];
        SKCodec? codec = null;
        if (known)
        {
            try
            {
                using SKData data = SKData.CreateCopy(file);
                codec = SKCodec.Create(data);
            }
            catch (Exception error) when (((error as TypeInitializationException)?.InnerException ?? error)
                is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
            {
                throw new DataException(
                    $"{name} cannot be decoded: the image codec's native library, libSkiaSharp, is not there or cannot " +
                        $"be loaded. Copy it, from runtimes in the folder of a whole build, beside {AppContext.BaseDirectory}; " +
                        $"data sets that are no image files need none.", error);
            }
        }

        if (codec is null)
        {
            string problem = known ? "truncated or corrupted: its header is not whole" : file.Length == 0 ? "empty"
                : "neither JPEG nor PNG";
            throw new DataException($"{name} is {problem}. Replace it or remove it.");
        }

        (int height, int width) = (codec.Info.Height, codec.Info.Width);
        if (height > LargestSide || width > LargestSide || (long)height * width > LargestArea)
        {
            codec.Dispose();
            throw new DataException(
                $"{name} has {height}×{width} pixels; PacGen reads images of at most {LargestSide} a side and {LargestArea} in " +
                $"all. Replace it or remove it.");
        }

        return codec;
    }

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
