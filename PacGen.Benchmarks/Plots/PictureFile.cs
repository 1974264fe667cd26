using PacGen.Benchmarks.Reporting;
using ScottPlot;
using SkiaSharp;

namespace PacGen.Benchmarks.Plots;

/// <summary>A picture on disk, in the format that its file's extension names; PNG where there is none.</summary>
internal static class PictureFile
{
    private const int Quality = 95;

    /// <summary>What the help says of a picture's file.</summary>
    public const string Help = ".png, .jpg, .webp, .bmp or .svg";

    private static readonly Dictionary<string, ImageFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = ImageFormat.Png,
        [".png"] = ImageFormat.Png,
        [".jpg"] = ImageFormat.Jpeg,
        [".jpeg"] = ImageFormat.Jpeg,
        [".webp"] = ImageFormat.Webp,
        [".bmp"] = ImageFormat.Bmp,
        [".svg"] = ImageFormat.Svg,
    };

    /// <summary>
    /// Checks, before the work begins, that the extension names a format that can be written and that the file can be.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="UsageException">The extension names another format.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Check(string path, string option) =>
        OutputFile.Check(path, option, "a picture", OutputKind.Picture, [.. Formats.Keys]);

    /// <summary>Draws a picture in the format that the file's extension names.</summary>
    /// <param name="path">The file; it is not written here.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="paint">Draws on a white canvas of that size.</param>
    /// <returns>The file's bytes.</returns>
    public static byte[] Encode(string path, int width, int height, Action<SKCanvas> paint)
    {
        ImageFormat format = Formats[Path.GetExtension(path)];
        if (format == ImageFormat.Svg)
        {
            using MemoryStream svg = new();
            using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, width, height), svg))
            {
                canvas.Clear(SKColors.White);
                paint(canvas);
            }

            return svg.ToArray();
        }

        using SKSurface surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.White);
        paint(surface.Canvas);
        return new Image(surface).GetImageBytes(format, Quality);
    }
}
