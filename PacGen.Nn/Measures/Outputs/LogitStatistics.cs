namespace PacGen.Nn;

/// <summary>
/// Measures what a classifier's logits on its training images say: margins and entropy (Jiang and others 2020,
/// <see href="https://arxiv.org/abs/1912.02178">arXiv 1912.02178</see>, appendix C.2). One pass over the images.
/// </summary>
public static class LogitStatistics
{
    /// <summary>Measures the margins and the entropy.</summary>
    /// <param name="subject">The network and its training images; left at its weights.</param>
    /// <param name="options">Which quantity is the value; the margin's 10th percentile without it.</param>
    /// <param name="progress">Notified at the end.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>All margins, and the mean entropy.</returns>
    /// <exception cref="InvalidOperationException">The network has no row of logits, or the margin to divide by is not
    /// positive.</exception>
    /// <exception cref="TrainingException">A logit is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static MarginDistribution Measure(
        EmpiricalLoss subject, LogitOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new LogitOptions();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject, options.Quantity));
        PassCost before = subject.Work;
        MarginDistribution found = MarginDistribution.Of(subject, cancellation);
        double value = options.Quantity switch
        {
            LogitQuantity.InverseSquaredMargin => 1 / (found.Tenth * found.Tenth),
            LogitQuantity.Entropy => found.Entropy,
            _ => found.Tenth,
        };
        progress?.Report(new MeasureProgress("margins", 1, 1));
        return found with { Value = value, Uncertainty = Uncertainty.Rounding(value), Cost = subject.Work - before };
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(string name, LogitQuantity quantity, string description, bool smallerIsBetter, string assumes) =>
        new(
            name, description, smallerIsBetter, assumes,
            (subject, _, progress, cancellation) =>
                Measure(subject, new LogitOptions { Quantity = quantity }, progress, cancellation),
            subject => Obstacle(subject, quantity));

    private static string? Obstacle(EmpiricalLoss subject, LogitQuantity quantity) =>
        Obstacles.Margin(subject, quantity == LogitQuantity.InverseSquaredMargin);
}
