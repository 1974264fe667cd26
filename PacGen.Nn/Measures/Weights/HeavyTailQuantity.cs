namespace PacGen.Nn;

/// <summary>
/// What <see cref="HeavyTails"/> computes of the eigenvalues λ of WᵀW, layer by layer, and averages over the layers.
/// </summary>
public enum HeavyTailQuantity
{
    /// <summary>α, the exponent of the power law that the larger λ follow.</summary>
    Exponent,

    /// <summary>α̂ = α·log₁₀ λ_max.</summary>
    WeightedExponent,

    /// <summary>log₁₀ Σλ = log₁₀ ‖W‖_F².</summary>
    LogNorm,

    /// <summary>log₁₀ λ_max = log₁₀ ‖W‖₂².</summary>
    LogSpectralNorm,

    /// <summary>log₁₀ Σλ^α, the α-norm of Martin, Peng and Mahoney.</summary>
    LogAlphaNorm,
}
