namespace PacGen.Nn;

/// <summary>How <see cref="Lanczos"/> iterates.</summary>
public sealed record LanczosOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Lanczos");

    /// <summary>The most products; as many vectors of m numbers are kept.</summary>
    public int Products { get; init; } = 60;

    /// <summary>
    /// Ends early once the residual of λ_max is at most this share of |λ_max|, and two more products have moved it by no more,
    /// whatever the spectrum's other end.
    /// </summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(Products >= 1, $"the number of products is {Products}, but must be at least 1");
        Require(Tolerance >= 0, $"the tolerance is {Tolerance}, but must not be negative");
    }
}
