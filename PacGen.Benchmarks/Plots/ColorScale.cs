using ScottPlot;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>What values become which colours; values beyond the ends get the ends' colours.</summary>
/// <param name="Map">The colours.</param>
/// <param name="Least">The value of the first colour.</param>
/// <param name="Largest">The value of the last colour.</param>
internal sealed record ColorScale(IColormap Map, double Least, double Largest)
{
    /// <summary>The colour of what has no value.</summary>
    public static readonly Color Missing = Color.FromHex("#DDDDDD");

    /// <summary>The colour of a value, darkened to a share of its brightness.</summary>
    public SKColor Of(double value, double brightness = 1)
    {
        Color color = At(value);
        return new SKColor((byte)(color.R * brightness), (byte)(color.G * brightness), (byte)(color.B * brightness));
    }

    /// <summary>Whether black can be read on a value's colour better than white.</summary>
    public bool IsBright(double value)
    {
        Color color = At(value);
        return (0.299 * color.R) + (0.587 * color.G) + (0.114 * color.B) > 140;
    }

    private Color At(double value) =>
        double.IsNaN(value) ? Missing : Map.GetColor(Math.Clamp((value - Least) / (Largest - Least), 0, 1));
}
