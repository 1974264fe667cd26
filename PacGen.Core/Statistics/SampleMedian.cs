using MathNet.Numerics.Distributions;

namespace PacGen.Core.Statistics;

/// <summary>
/// The median of independent draws, and an interval for the median of their distribution that holds whatever that distribution
/// is.
/// </summary>
/// <remarks>
/// Of n draws, the number below the distribution's median is binomial (n, ½), so that the k-th smallest and the k-th largest
/// draw hold the median with probability at least 1 − 2·P(Bin(n, ½) ≤ k − 1): equality for a continuous distribution. A heavy
/// tail, even one without a mean, changes nothing.
/// </remarks>
public static class SampleMedian
{
    /// <summary>The confidence of the intervals that the project prints.</summary>
    public const double UsualConfidence = 0.95;

    /// <summary>
    /// The fewest draws that give an interval of <see cref="UsualConfidence"/>: 1 − 2·2⁻⁶ is above 0.95, 1 − 2·2⁻⁵ is not.
    /// </summary>
    public const int FewestDraws = 6;

    /// <summary>The median: the middle draw, or the mean of the two middle ones.</summary>
    /// <param name="draws">Independent draws, in any order.</param>
    /// <exception cref="ArgumentException">There is no draw.</exception>
    public static double Of(IReadOnlyList<double> draws)
    {
        double[] sorted = Sorted(draws);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] / 2) + (sorted[middle] / 2);
    }

    /// <summary>
    /// The narrowest interval of a k-th smallest and a k-th largest draw that holds the distribution's median with at least a
    /// confidence.
    /// </summary>
    /// <param name="draws">Independent draws.</param>
    /// <param name="confidence">The confidence, in (0, 1).</param>
    /// <returns>The interval, or null where there are too few draws: fewer than <see cref="FewestDraws"/> at 0.95.</returns>
    /// <exception cref="ArgumentException">There is no draw, or the confidence is out of range.</exception>
    public static ConfidenceInterval? Interval(IReadOnlyList<double> draws, double confidence = UsualConfidence)
    {
        if (confidence is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence must be in (0, 1).");
        }

        double[] sorted = Sorted(draws);
        int n = sorted.Length, k = 0;
        while (k < (n + 1) / 2 && Covers(n, k + 1) >= confidence)
        {
            k++;
        }

        return k == 0 ? null : new ConfidenceInterval(sorted[k - 1], sorted[n - k], Covers(n, k));
    }

    private static double Covers(int n, int k) => 1 - (2 * Binomial.CDF(0.5, n, k - 1));

    private static double[] Sorted(IReadOnlyList<double> draws)
    {
        ArgumentNullException.ThrowIfNull(draws);
        double[] sorted = [.. draws.Order()];
        return sorted.Length > 0 ? sorted : throw new ArgumentException("There are no draws.", nameof(draws));
    }
}
