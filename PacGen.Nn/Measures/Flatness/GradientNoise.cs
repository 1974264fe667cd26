namespace PacGen.Nn;

/// <summary>
/// Measures the variance of single images' gradients, (1/n)·Σᵢ‖∇ℓᵢ − ∇L̂‖₂², the trace of their covariance (Jiang and others
/// 2020, <see href="https://arxiv.org/abs/1912.02178">arXiv 1912.02178</see>, appendix C.5, at the end of training). Each
/// parameter has its part.
/// </summary>
public static class GradientNoise
{
    /// <summary>Measures the variance.</summary>
    /// <param name="subject">The network and its training images; its loss is a mean over images.</param>
    /// <param name="options">How many images; at most 1,000 without it.</param>
    /// <param name="progress">Notified after each image.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The variance.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="TrainingException">A loss or gradient is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, ImageGradientOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new ImageGradientOptions();
        options.Validate();
        PassCost before = subject.Work;
        ImageGradients found = ImageGradients.Of(
            subject, options.Images, options.Seed,
            (done, total) => progress?.Report(new MeasureProgress("gradients of images", done, total)), cancellation);
        double value = found.Spread.Sum();
        progress?.Report(new MeasureProgress("gradients of images", found.Squares.Length, found.Squares.Length));
        return new NamedMeasurement
        {
            Name = "gradient-noise",
            Value = value,
            Uncertainty = found.Squares.Length == subject.Images.Count ? Uncertainty.Rounding(value)
                : Uncertainty.Of(MeanEstimate.Of(found.Squares) with { Value = value }),
            Cost = subject.Work - before,
            Layers = [.. subject.Arena.Parameters.Zip(
                found.Spread, (parameter, part) => new LayerValue(parameter.Name, part))],
        };
    }

    /// <summary>The row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row() => new(
        "gradient-noise", "the mean of ‖∇ℓᵢ − ∇L̂‖² over images", true, "networks trained to one loss",
        (subject, seed, progress, cancellation) =>
            Measure(subject, new ImageGradientOptions { Seed = seed }, progress, cancellation));
}
