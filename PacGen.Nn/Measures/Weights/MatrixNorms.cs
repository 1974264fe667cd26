using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Products, sums and ratios of the spectral and Frobenius norms of a network's weight matrices, and their distance from
/// initialisation (Jiang and others 2020, <see href="https://arxiv.org/abs/1912.02178">arXiv 1912.02178</see>, appendix C.3;
/// Dziugaite and others 2020, <see href="https://arxiv.org/abs/2010.11924">arXiv 2010.11924</see>). Biases and the factors of
/// batch norm are in no matrix. The spectral norm is that of the reshaped kernel, exact to double precision; the norm of the
/// convolution as a map of images is in <see cref="MatrixNormQuantity.OperatorProduct"/>.
/// </summary>
public static class MatrixNorms
{
    /// <summary>Computes one of the quantities.</summary>
    /// <param name="subject">The network; a pass over its images is taken where the quantity has a margin.</param>
    /// <param name="options">Which quantity; the logarithm of the product of spectral norms without it.</param>
    /// <param name="progress">Notified at the end.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>
    /// The quantity, and of each layer what it is made of: of logarithms ln ‖Wᵢ‖², of sums ‖Wᵢ‖², of the normalised margin ‖Wᵢ‖₂,
    /// of ratios ‖Wᵢ‖_F²/‖Wᵢ‖₂², of distances ‖Wᵢ − Wᵢ⁰‖².
    /// </returns>
    /// <exception cref="InvalidOperationException">It can't be taken on this network: <see cref="Measure.Obstacle"/>.</exception>
    /// <exception cref="TrainingException">A weight is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, MatrixNormOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new MatrixNormOptions();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject, options.Quantity));
        PassCost before = subject.Work;
        LayerNorms[] layers =
            options.Quantity is MatrixNormQuantity.OperatorProduct or MatrixNormQuantity.OperatorProductOverMargin
            ? MatrixSpectrum.OperatorsOf(subject, cancellation) : MatrixSpectrum.NormsOf(subject);
        double margin = NeedsMargin(options.Quantity) ? MarginDistribution.Of(subject, cancellation).Tenth : double.NaN;
        double[] parts = [.. layers.Select(layer => Part(layer, options.Quantity))];
        double sum = parts.Sum(), logMargin = 2 * Math.Log(margin);
        double value = options.Quantity switch
        {
            MatrixNormQuantity.SpectralSum or MatrixNormQuantity.FrobeniusSum => parts.Length * Math.Exp(sum / parts.Length),
            MatrixNormQuantity.SpectralSumOverMargin or MatrixNormQuantity.FrobeniusSumOverMargin =>
                parts.Length * Math.Exp((sum - logMargin) / parts.Length),
            MatrixNormQuantity.SpectralProductOverMargin or MatrixNormQuantity.FrobeniusProductOverMargin
                or MatrixNormQuantity.OperatorProductOverMargin => sum - logMargin,
            MatrixNormQuantity.SpectralComplexity =>
                sum - logMargin + Math.Log(layers.Sum(layer => layer.Frobenius / layer.Spectral)),
            MatrixNormQuantity.SpectralComplexityFromInit =>
                sum - logMargin + Math.Log(layers.Sum(layer => layer.FrobeniusTravel / layer.Spectral)),
            MatrixNormQuantity.StableRank => sum / parts.Length,
            MatrixNormQuantity.NormalizedMargin => margin / Math.Exp(sum / 2),
            _ => sum,
        };
        progress?.Report(new MeasureProgress("norms of weight matrices", 1, 1));
        return new NamedMeasurement
        {
            Name = NameOf(options.Quantity),
            Value = value,
            Uncertainty = Uncertainty.Rounding(value),
            Cost = subject.Work - before,
            Layers = [.. layers.Zip(parts, (layer, part) => new LayerValue(layer.Name, Shown(part, options.Quantity)))],
        };
    }

    /// <summary>The rows of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(MatrixNormQuantity quantity, string description, bool smallerIsBetter) => new(
        NameOf(quantity), description, smallerIsBetter, Assumption(quantity),
        (subject, _, progress, cancellation) => Measure(
            subject, new MatrixNormOptions { Quantity = quantity }, progress, cancellation),
        subject => Obstacle(subject, quantity));

    private static string NameOf(MatrixNormQuantity quantity) => quantity switch
    {
        MatrixNormQuantity.SpectralProduct => "log-spectral-product",
        MatrixNormQuantity.OperatorProduct => "log-operator-product",
        MatrixNormQuantity.OperatorProductOverMargin => "log-operator-product-over-margin",
        MatrixNormQuantity.SpectralSum => "spectral-sum",
        MatrixNormQuantity.SpectralProductOverMargin => "log-spectral-product-over-margin",
        MatrixNormQuantity.SpectralSumOverMargin => "spectral-sum-over-margin",
        MatrixNormQuantity.SpectralComplexity => "log-spectral-complexity",
        MatrixNormQuantity.SpectralComplexityFromInit => "log-spectral-complexity-from-init",
        MatrixNormQuantity.FrobeniusOverSpectral => "frobenius-over-spectral",
        MatrixNormQuantity.StableRank => "mean-stable-rank",
        MatrixNormQuantity.FrobeniusProduct => "log-frobenius-product",
        MatrixNormQuantity.FrobeniusSum => "frobenius-sum",
        MatrixNormQuantity.FrobeniusProductOverMargin => "log-frobenius-product-over-margin",
        MatrixNormQuantity.FrobeniusSumOverMargin => "frobenius-sum-over-margin",
        MatrixNormQuantity.SpectralTravel => "spectral-distance-from-init",
        MatrixNormQuantity.FrobeniusTravel => "frobenius-distance-from-init",
        MatrixNormQuantity.NormalizedMargin => "normalized-margin",
        _ => throw new ArgumentOutOfRangeException(nameof(quantity), quantity, "There is no such quantity."),
    };

    /// <summary>A layer's part: what the products and sums are made of.</summary>
    private static double Part(LayerNorms layer, MatrixNormQuantity quantity) => quantity switch
    {
        MatrixNormQuantity.FrobeniusProduct or MatrixNormQuantity.FrobeniusSum
            or MatrixNormQuantity.FrobeniusProductOverMargin or MatrixNormQuantity.FrobeniusSumOverMargin =>
            Math.Log(layer.Frobenius),
        MatrixNormQuantity.FrobeniusOverSpectral or MatrixNormQuantity.StableRank => layer.Frobenius / layer.Spectral,
        MatrixNormQuantity.SpectralTravel => layer.SpectralTravel,
        MatrixNormQuantity.FrobeniusTravel => layer.FrobeniusTravel,
        _ => Math.Log(layer.Spectral),
    };

    /// <summary>A part in the quantity's own unit: logarithms only where it is one.</summary>
    private static double Shown(double part, MatrixNormQuantity quantity) => quantity switch
    {
        MatrixNormQuantity.SpectralSum or MatrixNormQuantity.FrobeniusSum or MatrixNormQuantity.SpectralSumOverMargin
            or MatrixNormQuantity.FrobeniusSumOverMargin => Math.Exp(part),
        MatrixNormQuantity.NormalizedMargin => Math.Exp(part / 2),
        _ => part,
    };

    private static bool NeedsMargin(MatrixNormQuantity quantity) => quantity is MatrixNormQuantity.SpectralProductOverMargin
        or MatrixNormQuantity.SpectralSumOverMargin or MatrixNormQuantity.SpectralComplexity
        or MatrixNormQuantity.OperatorProductOverMargin
        or MatrixNormQuantity.SpectralComplexityFromInit or MatrixNormQuantity.FrobeniusProductOverMargin
        or MatrixNormQuantity.FrobeniusSumOverMargin or MatrixNormQuantity.NormalizedMargin;

    private static bool NeedsInit(MatrixNormQuantity quantity) => quantity is MatrixNormQuantity.SpectralTravel
        or MatrixNormQuantity.FrobeniusTravel or MatrixNormQuantity.SpectralComplexityFromInit;

    private static string Assumption(MatrixNormQuantity quantity) =>
        NeedsMargin(quantity) ? "networks of one depth; batch norm's factors are left out"
        : "networks of one depth trained to one loss; batch norm's factors are left out";

    private static string? Obstacle(EmpiricalLoss subject, MatrixNormQuantity quantity)
    {
        NetworkLayers layers = NetworkLayers.Of(subject);
        return layers.Unknown
            ?? (NeedsInit(quantity) ? Obstacles.InitialWeights(subject) : null)
            ?? (NeedsMargin(quantity) ? Obstacles.Margin(subject, quantity != MatrixNormQuantity.NormalizedMargin) : null)
            ?? (quantity is MatrixNormQuantity.SpectralTravel or MatrixNormQuantity.FrobeniusTravel ? null : ZeroLayer(subject));
    }

    private static string? ZeroLayer(EmpiricalLoss subject) =>
        MatrixSpectrum.NormsOf(subject).FirstOrDefault(layer => !(layer.Spectral > 0)) is { } zero
            ? $"All weights of {zero.Name} are 0: neither the logarithm of its norm nor a ratio to it is a number." : null;
}
