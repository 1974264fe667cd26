namespace PacGen.Nn;

/// <summary>
/// The quantities that <see cref="MatrixNorms"/> makes of the norms of a network's d weight matrices Wᵢ, a convolution's being
/// its reshaped kernel; γ is the margin that 90 % of the images exceed. Products are given as natural logarithms: they leave a
/// double's range in deep networks. Numbers in brackets are those of Jiang and others' appendix C as the code of Dziugaite and
/// others cites them.
/// </summary>
public enum MatrixNormQuantity
{
    /// <summary>ln Πᵢ‖Wᵢ‖₂² (32).</summary>
    SpectralProduct,

    /// <summary>
    /// ln Πᵢ‖Aᵢ‖₂², Aᵢ the layer as a linear map of its whole input: of a convolution with its strides and padding, to 10⁻⁶.
    /// </summary>
    OperatorProduct,

    /// <summary>ln(Πᵢ‖Aᵢ‖₂² / γ²).</summary>
    OperatorProductOverMargin,

    /// <summary>d·(Πᵢ‖Wᵢ‖₂²)^(1/d) (35).</summary>
    SpectralSum,

    /// <summary>ln(Πᵢ‖Wᵢ‖₂² / γ²) (31).</summary>
    SpectralProductOverMargin,

    /// <summary>d·(Πᵢ‖Wᵢ‖₂² / γ²)^(1/d) (34).</summary>
    SpectralSumOverMargin,

    /// <summary>ln(Πᵢ‖Wᵢ‖₂² · Σⱼ‖Wⱼ‖_F²/‖Wⱼ‖₂² / γ²) (30), after Neyshabur and others 2018.</summary>
    SpectralComplexity,

    /// <summary>ln(Πᵢ‖Wᵢ‖₂² · Σⱼ‖Wⱼ − Wⱼ⁰‖_F²/‖Wⱼ‖₂² / γ²) (29), after Bartlett and others 2017.</summary>
    SpectralComplexityFromInit,

    /// <summary>Σᵢ‖Wᵢ‖_F²/‖Wᵢ‖₂² (33), the sum of the stable ranks.</summary>
    FrobeniusOverSpectral,

    /// <summary>The mean of the stable ranks, (1/d)·Σᵢ‖Wᵢ‖_F²/‖Wᵢ‖₂².</summary>
    StableRank,

    /// <summary>ln Πᵢ‖Wᵢ‖_F² (37).</summary>
    FrobeniusProduct,

    /// <summary>d·(Πᵢ‖Wᵢ‖_F²)^(1/d) (39).</summary>
    FrobeniusSum,

    /// <summary>ln(Πᵢ‖Wᵢ‖_F² / γ²) (36).</summary>
    FrobeniusProductOverMargin,

    /// <summary>d·(Πᵢ‖Wᵢ‖_F² / γ²)^(1/d) (38).</summary>
    FrobeniusSumOverMargin,

    /// <summary>Σᵢ‖Wᵢ − Wᵢ⁰‖₂² (41).</summary>
    SpectralTravel,

    /// <summary>Σᵢ‖Wᵢ − Wᵢ⁰‖_F² (40).</summary>
    FrobeniusTravel,

    /// <summary>γ / Πᵢ‖Wᵢ‖₂, the margin normalised by what the network can stretch (Bartlett and others 2017).</summary>
    NormalizedMargin,
}
