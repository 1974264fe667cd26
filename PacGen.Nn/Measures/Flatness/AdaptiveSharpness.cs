using System.Globalization;

namespace PacGen.Nn;

/// <summary>Adaptive sharpness: max L̂(w + ε) − L̂(w) over ‖ε/t‖₂ ≤ ρ, t = |w| + η, from below.</summary>
public sealed record AdaptiveSharpness : Measurement
{
    /// <summary>L̂(w).</summary>
    public required double Loss { get; init; }

    /// <summary>The largest L̂(w + ε) that was met.</summary>
    public required double LargestLoss { get; init; }

    /// <summary>L̂ after each of the ascent's steps; the first is where ASAM takes its gradient.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>The value and the losses.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"adaptive sharpness {Value:G5}: loss {Loss:G6} at the weights, {LargestLoss:G6} at worst, {Losses[0]:G6} after one " +
            $"step; {Cost}");
}
