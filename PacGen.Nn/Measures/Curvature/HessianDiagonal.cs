using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The diagonal of ∇²L̂, or of another curvature matrix, at a network's weights, exact or estimated. The value is its sum, the
/// trace, <see cref="Measurement.Layers"/> its part in each layer's weights.
/// </summary>
public sealed record HessianDiagonal : Measurement
{
    /// <summary>∇ᵢ²L̂, in the arena's order.</summary>
    public required IReadOnlyList<double> Entries { get; init; }

    /// <summary>Whose diagonal it is.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>Whether every entry was computed by a product of its own, not estimated from random products.</summary>
    public required bool IsExact { get; init; }

    /// <summary>The share of entries below 0.</summary>
    public double NegativeShare => Entries.Count(entry => entry < 0) / (double)Entries.Count;

    /// <summary>The sum, and how it was got.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"diagonal of {Entries.Count:N0} entries, {(IsExact ? "exact" : "estimated")}: sum {Value:G6}, {NegativeShare:P1} " +
            $"below 0; {Cost}");
}
