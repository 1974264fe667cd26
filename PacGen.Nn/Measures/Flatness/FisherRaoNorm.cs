namespace PacGen.Nn;

/// <summary>
/// Measures the Fisher-Rao norm (d + 1)²·(1/n)·Σᵢ⟨w, ∇ℓᵢ⟩², d the number of weight matrices (Liang and others 2019,
/// <see href="https://arxiv.org/abs/1711.01530">arXiv 1711.01530</see>; Jiang and others 2020, appendix C, (45)).
/// </summary>
public static class FisherRaoNorm
{
    /// <summary>Measures the norm.</summary>
    /// <param name="subject">The network and its training images; its loss is a mean over images.</param>
    /// <param name="options">How many images; at most 1,000 without it.</param>
    /// <param name="progress">Notified after each image.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The norm.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">A weight's matrix isn't known, so that layers can't be counted.</exception>
    /// <exception cref="TrainingException">A loss or gradient is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, ImageGradientOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new ImageGradientOptions();
        options.Validate();
        NetworkLayers layers = NetworkLayers.Of(subject);
        Obstacles.Require(layers.Unknown);
        PassCost before = subject.Work;
        ImageGradients found = ImageGradients.Of(
            subject, options.Images, options.Seed,
            (done, total) => progress?.Report(new MeasureProgress("gradients of images", done, total)), cancellation);
        double factor = Math.Pow(layers.Matrices.Count + 1, 2);
        MeanEstimate mean = MeanEstimate.Of([.. found.AlongWeights.Select(along => factor * along * along)]);
        progress?.Report(new MeasureProgress("gradients of images", found.Squares.Length, found.Squares.Length));
        return new NamedMeasurement
        {
            Name = "fisher-rao-norm",
            Value = mean.Value,
            Uncertainty = found.Squares.Length == subject.Images.Count ? Uncertainty.Rounding(mean.Value)
                : Uncertainty.Of(mean),
            Cost = subject.Work - before,
        };
    }

    /// <summary>The row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row() => new(
        "fisher-rao-norm", "(d + 1)²·mean⟨w, ∇ℓᵢ⟩²", true, "networks of one depth trained to one loss",
        (subject, seed, progress, cancellation) =>
            Measure(subject, new ImageGradientOptions { Seed = seed }, progress, cancellation),
        subject => NetworkLayers.Of(subject).Unknown);
}
