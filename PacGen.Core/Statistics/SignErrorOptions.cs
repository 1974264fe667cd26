namespace PacGen.Core.Statistics;

/// <summary>
/// Which pairs of networks count in a <see cref="SignErrorRate"/>: differences of gaps that are noise tell nothing.
/// </summary>
public sealed record SignErrorOptions
{
    /// <summary>
    /// The test images behind a gap of accuracies: a pair weighs (w − ½)₊ with Hoeffding's w of
    /// <see cref="SignErrorRate.Hoeffding"/>, as Dziugaite et al. have it. Null: each pair weighs 1, as for gaps of losses, which
    /// have no bound and so no such w.
    /// </summary>
    public int? TestImages { get; init; }

    /// <summary>
    /// The smallest effective number of pairs, (Σw)²/Σw², with which two settings count; 12 in the publication, which had ten
    /// seeds.
    /// </summary>
    public double LeastPairs { get; init; } = 1;

    /// <summary>
    /// How many standard errors over their seeds (Welch's) the mean gaps of two settings must lie apart to count; 0: all count.
    /// Settings of one network have no standard error, and count.
    /// </summary>
    public double LeastSeparation { get; init; }
}
