namespace PacGen.Nn;

/// <content>The measures that the literature ranks.</content>
public static partial class Measures
{
    private static Measure[] OfLiterature() =>
    [
        CountRows.Parameters(),
        CountRows.Images(),
        CountRows.Loss(),
        CountRows.Steps("steps-to-tenth", "steps until the training loss was 0.1", null, 0.1),
        CountRows.Steps("steps-tenth-to-hundredth", "steps from a training loss of 0.1 to 0.01", 0.1, 0.01),

        LogitStatistics.Row(
            "margin", LogitQuantity.Margin, "γ, the margin of logits that 90 % of the images exceed", false,
            "networks whose logits have one scale"),
        LogitStatistics.Row(
            "inverse-squared-margin", LogitQuantity.InverseSquaredMargin, "1/γ²", true, "networks whose logits have one scale"),
        LogitStatistics.Row(
            "output-entropy", LogitQuantity.Entropy, "the mean entropy of the softmax, in nats", false,
            "networks trained to one loss"),

        WeightNorm.Row(WeightNormQuantity.FromOrigin, "parameter-norm", "‖w‖₂², all weights"),
        WeightNorm.Row(WeightNormQuantity.FromInit, "distance-from-init", "‖w − w₀‖₂², all weights"),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusTravel, "Σ‖Wᵢ − Wᵢ⁰‖_F²", true),
        MatrixNorms.Row(MatrixNormQuantity.SpectralTravel, "Σ‖Wᵢ − Wᵢ⁰‖₂²", true),
        MatrixNorms.Row(MatrixNormQuantity.SpectralProduct, "ln Π‖Wᵢ‖₂²", true),
        MatrixNorms.Row(MatrixNormQuantity.SpectralProductOverMargin, "ln Π‖Wᵢ‖₂²/γ²", true),
        MatrixNorms.Row(MatrixNormQuantity.OperatorProduct, "ln Π‖Aᵢ‖₂², a convolution as a map of images", true),
        MatrixNorms.Row(MatrixNormQuantity.OperatorProductOverMargin, "ln Π‖Aᵢ‖₂²/γ²", true),
        MatrixNorms.Row(MatrixNormQuantity.SpectralSum, "d·(Π‖Wᵢ‖₂²)^(1/d)", true),
        MatrixNorms.Row(MatrixNormQuantity.SpectralSumOverMargin, "d·(Π‖Wᵢ‖₂²/γ²)^(1/d)", true),
        MatrixNorms.Row(
            MatrixNormQuantity.SpectralComplexity, "ln Π‖Wᵢ‖₂²·Σ‖Wⱼ‖_F²/‖Wⱼ‖₂²/γ²", true),
        MatrixNorms.Row(
            MatrixNormQuantity.SpectralComplexityFromInit, "ln Π‖Wᵢ‖₂²·Σ‖Wⱼ − Wⱼ⁰‖_F²/‖Wⱼ‖₂²/γ²", true),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusOverSpectral, "Σ‖Wᵢ‖_F²/‖Wᵢ‖₂²", true),
        MatrixNorms.Row(MatrixNormQuantity.StableRank, "the mean of ‖Wᵢ‖_F²/‖Wᵢ‖₂²", true),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusProduct, "ln Π‖Wᵢ‖_F²", true),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusProductOverMargin, "ln Π‖Wᵢ‖_F²/γ²", true),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusSum, "d·(Π‖Wᵢ‖_F²)^(1/d)", true),
        MatrixNorms.Row(MatrixNormQuantity.FrobeniusSumOverMargin, "d·(Π‖Wᵢ‖_F²/γ²)^(1/d)", true),
        MatrixNorms.Row(MatrixNormQuantity.NormalizedMargin, "γ/Π‖Wᵢ‖₂", false),
        PathNorm.Row(overMargin: false),
        PathNorm.Row(overMargin: true),

        HeavyTails.Row(HeavyTailQuantity.Exponent, "α of the layers' spectra, the mean"),
        HeavyTails.Row(HeavyTailQuantity.WeightedExponent, "α̂ = α·log₁₀ λ_max, the mean over layers"),
        HeavyTails.Row(HeavyTailQuantity.LogNorm, "log₁₀ ‖W‖_F², the mean over layers"),
        HeavyTails.Row(HeavyTailQuantity.LogSpectralNorm, "log₁₀ ‖W‖₂², the mean over layers"),
        HeavyTails.Row(HeavyTailQuantity.LogAlphaNorm, "log₁₀ Σλ^α, the mean over layers"),

        FisherRaoNorm.Row(),
        GradientNoise.Row(),
        AdaptiveAscent.Row(),
        NormalizedSharpness.Row(),
        .. OfFlatness("σ of Gaussian noise", new FlatnessOptions()),
        .. OfFlatness("σ of noise of variance σ²w² + 10⁻⁶", new FlatnessOptions { MagnitudeAware = true }),
        .. OfFlatness("σ of a box", new FlatnessOptions { WorstCase = true }),
        .. OfFlatness("σ of a box σ|w| + 10⁻³", new FlatnessOptions { WorstCase = true, MagnitudeAware = true }),
    ];

    private static IEnumerable<Measure> OfFlatness(string level, FlatnessOptions options) =>
    [
        FlatnessSearch.Row(options, $"1/σ², {level} that costs 10 % of accuracy"),
        FlatnessSearch.Row(
            options with { Reference = FlatnessReference.Origin }, $"PAC-Bayes from the origin, {level} that costs 10 %"),
        FlatnessSearch.Row(
            options with { Reference = FlatnessReference.Init }, $"PAC-Bayes from initialisation, {level} that costs 10 %"),
    ];
}
