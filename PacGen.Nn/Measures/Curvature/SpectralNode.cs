using System.Globalization;

namespace PacGen.Nn;

/// <summary>A part of a spectrum that stands at one eigenvalue.</summary>
/// <param name="Eigenvalue">Where.</param>
/// <param name="Mass">Its share of the m eigenvalues; all shares sum to 1.</param>
public readonly record struct SpectralNode(double Eigenvalue, double Mass)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Eigenvalue:G6}: {Mass:G4}");
}
