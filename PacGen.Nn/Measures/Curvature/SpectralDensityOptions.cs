namespace PacGen.Nn;

/// <summary>How <see cref="LanczosQuadrature"/> estimates a spectral density.</summary>
public sealed record SpectralDensityOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Spectral density");

    /// <summary>Random vectors; the errors fall as 1/√probes.</summary>
    public int Probes { get; init; } = 2;

    /// <summary>
    /// Products a vector: so many eigenvalues stand for the spectrum, exact in moments up to twice that. As many vectors of m
    /// numbers are kept.
    /// </summary>
    public int Products { get; init; } = 40;

    /// <summary>
    /// α of the value, the effective dimensionality Σ λ/(λ + α): an eigenvalue counts as far as it is above α.
    /// </summary>
    public double Alpha { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(Probes >= 1, $"the number of random vectors is {Probes}, but must be at least 1");
        Require(Products >= 1, $"the number of products is {Products}, but must be at least 1");
        Require(Alpha > 0 && double.IsFinite(Alpha), $"α is {Alpha}, but must be above 0");
    }
}
