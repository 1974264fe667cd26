namespace PacGen.Core.Bounds;

/// <summary>What a bound takes of the sample: the loss on it, its size, and the probability with which the bound may fail.</summary>
/// <param name="EmpiricalLoss">L̂(w), of a loss in [0, 1].</param>
/// <param name="Count">n, how many independent examples L̂ is the mean of.</param>
/// <param name="Delta">δ.</param>
public sealed record BoundSample(double EmpiricalLoss, long Count, double Delta)
{
    /// <summary>L̂(w), in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1] or NaN.</exception>
    public double EmpiricalLoss { get; init => field = Loss(value); } = Loss(EmpiricalLoss);

    /// <summary>n, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public long Count { get; init => field = Size(value); } = Size(Count);

    /// <summary>δ, in (0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 0 and 1.</exception>
    public double Delta { get; init => field = Probability(value); } = Probability(Delta);

    /// <summary>log(1/δ).</summary>
    internal double LogInverseDelta => -Math.Log(Delta);

    private static double Loss(double empiricalLoss) => empiricalLoss is >= 0 and <= 1
        ? empiricalLoss
        : throw new ArgumentOutOfRangeException(
            nameof(empiricalLoss),
            empiricalLoss,
            "The bounds need a loss in [0, 1]. A raw cross-entropy is none: bound it by a smallest probability and divide by its largest empiricalLoss.");

    private static long Size(long count) => count >= 1
        ? count
        : throw new ArgumentOutOfRangeException(nameof(count), count, "n, the number of examples, must be at least 1.");

    private static double Probability(double delta) => delta is > 0 and < 1
        ? delta
        : throw new ArgumentOutOfRangeException(nameof(delta), delta, "δ, the probability that the bound fails, must lie between 0 and 1.");
}
