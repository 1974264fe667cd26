namespace PacGen.Nn;

/// <summary>What <see cref="HeavyTails"/> computes.</summary>
public sealed record HeavyTailOptions
{
    /// <summary>Which quantity.</summary>
    public HeavyTailQuantity Quantity { get; init; }

    /// <summary>A layer with fewer eigenvalues is left out; at least 3.</summary>
    public int FewestEigenvalues { get; init; } = 10;

    internal void Validate() => ArgumentOutOfRangeException.ThrowIfLessThan(FewestEigenvalues, 3);
}
