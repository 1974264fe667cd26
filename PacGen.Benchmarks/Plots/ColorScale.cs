using ScottPlot;
using SkiaSharp;

namespace PacGen.Benchmarks.Plots;

/// <summary>What values become which colours; values beyond the ends get the ends' colours.</summary>
/// <param name="Map">The colours.</param>
/// <param name="Least">The value of the first colour.</param>
/// <param name="Largest">The value of the last colour.</param>
internal sealed record ColorScale(IColormap Map, double Least, double Largest)
{
    /// <summary>The colour of a value, darkened to a share of its brightness.</summary>
    public SKColor Of(double value, double brightness = 1)
    {
        Color color = Map.GetColor(Math.Clamp((value - Least) / (Largest - Least), 0, 1));
        return new SKColor((byte)(color.R * brightness), (byte)(color.G * brightness), (byte)(color.B * brightness));
    }
}
