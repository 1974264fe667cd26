using MathNet.Numerics.Distributions;

namespace PacGen.Core.Statistics;

/// <summary>
/// An interval for a mean over random splits of one set of data into a part to choose on and a part to try on.
/// </summary>
/// <remarks>
/// The splits share data, so that their results are not independent, and the plain standard error s/√J is too small. The
/// corrected one is s·√(1/J + n₂/n₁), with n₁ to choose on and n₂ to try on, and Student's t with J − 1 degrees of freedom (C.
/// Nadeau and Y. Bengio,
/// <em>Inference for the generalization error</em>, Machine Learning 52, 2003). It does not become small with the number of
/// splits.
/// </remarks>
public static class ResampledDifference
{
    /// <summary>The interval of the mean.</summary>
    /// <param name="values">The value of each split, such as the difference of two scores: two or more.</param>
    /// <param name="triedOverChosen">n₂/n₁; 1 for halves.</param>
    /// <param name="confidence">The confidence, in (0, 1).</param>
    /// <exception cref="ArgumentException">There are fewer than two values, or an argument is out of range.</exception>
    public static ConfidenceInterval Interval(
        IReadOnlyList<double> values, double triedOverChosen = 1, double confidence = SampleMedian.UsualConfidence)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(triedOverChosen);
        if (confidence is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence must be in (0, 1).");
        }

        if (values.Count < 2)
        {
            throw new ArgumentException($"An interval needs two splits or more; there are {values.Count}.", nameof(values));
        }

        double mean = values.Average();
        double variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        double half = StudentT.InvCDF(0, 1, values.Count - 1, (1 + confidence) / 2)
            * Math.Sqrt(((1.0 / values.Count) + triedOverChosen) * variance);
        return new ConfidenceInterval(mean - half, mean + half, confidence);
    }
}
