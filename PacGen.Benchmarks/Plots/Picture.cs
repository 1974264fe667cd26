using ScottPlot;
using SkiaSharp;

namespace PacGen.Benchmarks.Plots;

/// <summary>A picture of several panels, laid out in units of its own and drawn at any size in pixels.</summary>
internal sealed class Picture : IDisposable
{
    private readonly SKBitmap bitmap;
    private readonly float scale;

    /// <param name="width">The width in units.</param>
    /// <param name="height">The height in units.</param>
    /// <param name="pixels">The width in pixels.</param>
    public Picture(int width, int height, int pixels)
    {
        PlotFont.Use();
        scale = (float)pixels / width;
        bitmap = new SKBitmap(pixels, (int)Math.Round(height * scale));
        Canvas = new SKCanvas(bitmap);
        Canvas.Clear(SKColors.White);
        Canvas.Scale(scale);
    }

    /// <summary>Where to draw, in units.</summary>
    public SKCanvas Canvas { get; }

    /// <summary>Draws a panel.</summary>
    /// <param name="plot">The panel; it can be disposed of afterwards.</param>
    /// <param name="area">Where, in units.</param>
    public void Add(Plot plot, SKRect area)
    {
        // Panels are laid out from the canvas's origin, and clear all that they may.
        Canvas.Save();
        Canvas.ClipRect(area);
        Canvas.Translate(area.Left, area.Top);
        plot.Render(Canvas, (int)area.Width, (int)area.Height);
        Canvas.Restore();
    }

    /// <summary>The bytes of a PNG file.</summary>
    public byte[] Encode()
    {
        Canvas.Flush();
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    public void Dispose()
    {
        Canvas.Dispose();
        bitmap.Dispose();
    }
}
