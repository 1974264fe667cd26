using ScottPlot;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>A picture on disk, in the format that its file's extension names; PNG where there is none.</summary>
internal static class PictureFile
{
    private const int Quality = 95;

    /// <summary>What the help says of a picture's file.</summary>
    public const string Help = ".png, .jpg, .webp, .bmp, .svg or .pdf";

    /// <summary>The formats by their names, without those that differ only in spelling.</summary>
    public static readonly string[] Formats = ["png", "jpg", "webp", "bmp", "svg", "pdf"];

    private const string Svg = ".svg", Pdf = ".pdf";

    private static readonly Dictionary<string, ImageFormat> Pixels = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = ImageFormat.Png,
        [".png"] = ImageFormat.Png,
        [".jpg"] = ImageFormat.Jpeg,
        [".jpeg"] = ImageFormat.Jpeg,
        [".webp"] = ImageFormat.Webp,
        [".bmp"] = ImageFormat.Bmp,
    };

    /// <summary>The extensions that name a format, with their dot; "" for none.</summary>
    public static readonly string[] Extensions = [.. Pixels.Keys, Svg, Pdf];

    /// <summary>Refuses an extension that names no format.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    public static void Require(string path)
    {
        string extension = Path.GetExtension(path);
        if (!Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"{path}: a picture is written as {Help}, not {extension}. Name the file so.");
        }
    }

    /// <summary>Draws a picture in the format that the file's extension names.</summary>
    /// <param name="path">The file; it is not written here.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="paint">Draws on a white canvas of that size.</param>
    /// <returns>The file's bytes.</returns>
    public static byte[] Encode(string path, int width, int height, Action<SKCanvas> paint)
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is Svg or Pdf)
        {
            using MemoryStream stream = new();
            if (extension == Svg)
            {
                using SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, width, height), stream);
                canvas.Clear(SKColors.White);
                paint(canvas);
            }
            else
            {
                using SKDocument document = SKDocument.CreatePdf(stream);
                paint(document.BeginPage(width, height));
                document.Close();
            }

            return extension == Svg ? SvgText.Mend(stream.ToArray(), width, height) : stream.ToArray();
        }

        using SKSurface surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.White);
        paint(surface.Canvas);
        return new Image(surface).GetImageBytes(Pixels[extension], Quality);
    }
}
