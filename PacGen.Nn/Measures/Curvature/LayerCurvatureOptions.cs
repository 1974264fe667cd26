namespace PacGen.Nn;

/// <summary>How <see cref="LayerCurvatureMeter"/> goes about it.</summary>
public sealed record LayerCurvatureOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Curvature by layer");

    /// <summary>The most products for each layer's λ_max; as many vectors of each layer's size are kept at once.</summary>
    public int Products { get; init; } = 30;

    /// <summary>A layer's λ_max is done once its residual is at most this share of it, as in <see cref="Lanczos"/>.</summary>
    public double Tolerance { get; init; } = 1e-2;

    /// <summary>Products for each layer's trace and Frobenius norm; the errors fall as 1/√draws.</summary>
    public int Draws { get; init; } = 10;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(Products >= 1, $"the number of products is {Products}, but must be at least 1");
        Require(Tolerance >= 0, $"the tolerance is {Tolerance}, but must not be negative");
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
    }
}
