namespace PacGen.Nn;

/// <summary>What <see cref="WeightNorm"/> computes.</summary>
public sealed record WeightNormOptions
{
    /// <summary>Which quantity.</summary>
    public WeightNormQuantity Quantity { get; init; }
}
