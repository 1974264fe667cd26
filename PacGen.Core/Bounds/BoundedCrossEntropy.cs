namespace PacGen.Core.Bounds;

/// <summary>
/// Cross-entropy made a loss in [0, 1], as the theory needs it: l = −ln(max(p, p_min))/ln(1/p_min), where p is the probability that
/// the network gives to the true class (Pérez-Ortiz et al. 2021).
/// </summary>
public sealed class BoundedCrossEntropy
{
    /// <summary>The loss for one smallest probability.</summary>
    /// <param name="smallestProbability">p_min, in (0, 1), chosen before the sample was seen; 10⁻⁴ or 10⁻⁵ are usual.</param>
    /// <exception cref="ArgumentOutOfRangeException">p_min is outside (0, 1).</exception>
    public BoundedCrossEntropy(double smallestProbability)
    {
        if (!(smallestProbability is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smallestProbability), smallestProbability, "p_min must lie in (0, 1); 1e-4 and 1e-5 are usual.");
        }

        SmallestProbability = smallestProbability;
        Scale = -Math.Log(smallestProbability);
    }

    /// <summary>p_min.</summary>
    public double SmallestProbability { get; }

    /// <summary>ln(1/p_min): a loss, or a bound, times this is in nats.</summary>
    public double Scale { get; }

    /// <summary>The loss at a probability.</summary>
    /// <param name="probability">p, in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">p is outside [0, 1] or NaN.</exception>
    public double Loss(double probability)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "probability must lie in [0, 1]: give the softmax's output, not the logit.");
        }

        // −ln 1 would be −0.
        return probability == 1 ? 0 : -Math.Log(Math.Max(probability, SmallestProbability)) / Scale;
    }

    /// <summary>The loss at the logarithm of a probability, which keeps its digits near p = 1.</summary>
    /// <param name="logProbability">ln p, 0 or less; −∞ for p = 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">ln p is positive or NaN.</exception>
    public double LossOfLog(double logProbability)
    {
        if (!(logProbability <= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(logProbability), logProbability, "logProbability must be 0 or less: it is the logarithm of a probability.");
        }

        return logProbability == 0 ? 0 : Math.Min(-logProbability, Scale) / Scale;
    }
}
