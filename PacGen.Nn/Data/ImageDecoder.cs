namespace PacGen.Nn;

/// <summary>
/// Decodes JPEG and PNG images with <see cref="ImageCodec.Current"/> to 8-bit red, green and blue. The size is looked at before
/// pixels are decoded, so that a small file cannot ask for much memory.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>The most bytes that an image file may have.</summary>
    public const int LargestFile = 1 << 26;

    private const int LargestSide = 8192, LargestArea = 1 << 24;

    /// <summary>The height and width of an image.</summary>
    /// <exception cref="DataException">It is neither JPEG nor PNG, or too large; there is no codec.</exception>
    public static (int Height, int Width) Size(byte[] file, string name)
    {
        using EncodedImage image = Open(file, name);
        return (image.Height, image.Width);
    }

    /// <summary>Decodes an image into height × width × 3 bytes.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="name">The file, for errors.</param>
    /// <param name="height">The height that it must have, or is resized to.</param>
    /// <param name="width">The width.</param>
    /// <param name="resize">Whether an image of another size is resized; else it is refused.</param>
    /// <param name="first">The file that decided the size, for errors.</param>
    /// <param name="pixels">Takes the bytes, NHWC.</param>
    /// <exception cref="DataException">
    /// The file is damaged, too large, no JPEG or PNG, or of another size; there is no codec.
    /// </exception>
    public static void Decode(byte[] file, string name, int height, int width, bool resize, string first, Span<byte> pixels)
    {
        using EncodedImage image = Open(file, name);
        if (!resize && (image.Height, image.Width) != (height, width))
        {
            throw new DataException(
                $"{name} has {image.Height}×{image.Width} pixels, but {first} has {height}×{width} " +
                $"(height × width): all images must have one size. Resize them, or say a size with --image-size.");
        }

        if (image.Decode(height, width, pixels) is { } problem)
        {
            throw new DataException($"{name} {problem}. Replace it or remove it.");
        }
    }

    private static EncodedImage Open(byte[] file, string name)
    {
        bool known = file is [0xFF, 0xD8, 0xFF, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..];
        EncodedImage? image = null;
        if (known)
        {
            ImageCodec codec = ImageCodec.Current ?? throw new DataException(
                $"{name} can't be decoded: PacGen.Nn has no codec for image files. Add the package PacGen.Images, which has " +
                    "one: dotnet add package PacGen.Images");
            try
            {
                image = codec.Open(file);
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

        if (image is null)
        {
            string problem = known ? "truncated or corrupted: its header is not whole" : file.Length == 0 ? "empty"
                : "neither JPEG nor PNG";
            throw new DataException($"{name} is {problem}. Replace it or remove it.");
        }

        (int height, int width) = (image.Height, image.Width);
        if (height > LargestSide || width > LargestSide || (long)height * width > LargestArea)
        {
            image.Dispose();
            throw new DataException(
                $"{name} has {height}×{width} pixels; PacGen reads images of at most {LargestSide} a side and {LargestArea} in " +
                $"all. Replace it or remove it.");
        }

        return image;
    }
}
