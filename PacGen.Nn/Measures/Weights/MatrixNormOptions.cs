namespace PacGen.Nn;

/// <summary>What <see cref="MatrixNorms"/> computes.</summary>
public sealed record MatrixNormOptions
{
    /// <summary>Which quantity.</summary>
    public MatrixNormQuantity Quantity { get; init; }
}
