using ScottPlot;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>What all plots share: colours, marks and text.</summary>
internal static class Look
{
    /// <summary>The size of a page's title, a panel's title, an axis' name, and a tick's number or a legend's name.</summary>
    public const float Title = 19, Heading = 15, Name = 13, Small = 12;

    /// <summary>The grid's lines.</summary>
    public static readonly Color Faint = Color.FromHex("#E4E4E4");

    // Okabe and Ito's, distinguished by colour-blind eyes too, in an order in which neighbours differ in brightness.
    private static readonly Color[] Palette = Color.FromHex(
        ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#666666", "#56B4E9", "#000000"]);

    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle, MarkerShape.OpenSquare, MarkerShape.FilledTriangleUp, MarkerShape.OpenDiamond,
        MarkerShape.OpenCircle, MarkerShape.FilledSquare, MarkerShape.OpenTriangleDown, MarkerShape.Cross,
    ];

    /// <summary>The colour of the curve of that number, from 0; they begin again after eight.</summary>
    public static Color ColorOf(int curve) => Palette[curve % Palette.Length];

    /// <summary>Its mark: colours and marks together tell 8 curves apart in print without colours.</summary>
    public static MarkerShape MarkerOf(int curve) => Markers[curve % Markers.Length];

    /// <summary>Writes one line of text.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="text">What.</param>
    /// <param name="x">The place that it is aligned to.</param>
    /// <param name="y">That place's height.</param>
    /// <param name="size">The letters' size.</param>
    /// <param name="alignment">Which part of the text is at that place.</param>
    /// <param name="bold">Whether it is bold.</param>
    /// <param name="rotation">Its rotation in degrees, clockwise.</param>
    /// <param name="color">Its colour; black without it.</param>
    /// <param name="width">The width that it must not exceed: the letters become smaller for it.</param>
    public static void Write(SKCanvas canvas, string text, float x, float y, float size, Alignment alignment, bool bold = false,
        float rotation = 0, Color? color = null, float width = float.PositiveInfinity)
    {
        PlotFont.Use();
        using Paint paint = Paint.NewDisposablePaint();
        LabelStyle style = new()
        {
            Text = text, FontSize = size, Bold = bold, FontName = PlotFont.Family, Alignment = alignment, Rotation = rotation,
            ForeColor = color ?? Colors.Black,
        };
        Fit(style, width);
        style.Render(canvas, new Pixel(x, y), paint);
    }

    /// <summary>Makes a line's letters as small as its width asks for.</summary>
    public static void Fit(LabelStyle style, float width)
    {
        using Paint paint = Paint.NewDisposablePaint();
        style.FontSize *= Math.Min(1, width / style.Measure(style.Text, paint).Width);
    }
}
