namespace PacGen.Nn;

/// <summary>What <see cref="PathNorm"/> computes.</summary>
public sealed record PathNormOptions
{
    /// <summary>Whether the norm is divided by γ², γ the margin that 90 % of the images exceed.</summary>
    public bool OverMargin { get; init; }
}
