using ScottPlot;

namespace PacGen.Plots;

/// <summary>Points of a <see cref="Panel"/>, joined or not.</summary>
/// <param name="Name">Its name in the legend; "" for none.</param>
/// <param name="X">Where its points are.</param>
/// <param name="Y">Their values; what is not finite, or not positive on a logarithmic axis, is left out.</param>
internal sealed record Curve(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Its colour; without it the next one of the palette.</summary>
    public Color? Color { get; init; }

    /// <summary>Solid, dashed or dotted.</summary>
    public LinePattern Pattern { get; init; } = LinePattern.Solid;

    /// <summary>The line's width; 0 for points that are not joined.</summary>
    public float Width { get; init; } = 2;

    /// <summary>The points' marks; none without it, unless there is one point alone.</summary>
    public MarkerShape? Marker { get; init; }

    /// <summary>How many of the points have marks at most, evenly spread.</summary>
    public int MostMarks { get; init; } = int.MaxValue;

    /// <summary>The marks' size.</summary>
    public float MarkerSize { get; init; } = 8;

    /// <summary>A band around it, such as the range over seeds.</summary>
    public (IReadOnlyList<double> Low, IReadOnlyList<double> High)? Band { get; init; }
}
