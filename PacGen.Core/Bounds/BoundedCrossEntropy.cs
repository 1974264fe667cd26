namespace PacGen.Core.Bounds;

/// <summary>
/// Cross-entropy made a loss in [0, 1], as the theory needs it, where p is the probability that the network gives to the true
/// class: clipped, l = −ln(max(p, p_min))/ln(1/p_min) (Pérez-Ortiz et al. 2021), or smooth, l = −ln(p_min + (1 −
/// p_min)p)/ln(1/p_min).
/// </summary>
/// <remarks>
/// The clipped loss has a kink at p = p_min. The PAC-Bayes inequalities do not mind; the bounds from curvature (Lemmas 5 to 9,
/// Theorem 7) need a loss that is twice differentiable in the weights, which the smooth one is if the network is. They hold for
/// the clipped loss too with ρ and curvature of the loss before clipping, provided that no example is clipped at w: with f the
/// unclipped loss, min(f, 1) ≤ f everywhere and both are the same at w, so what (5) says of f bounds 𝔼 min(f, 1).
/// </remarks>
public sealed class BoundedCrossEntropy
{
    /// <summary>The loss for one smallest probability.</summary>
    /// <param name="smallestProbability">p_min, in (0, 1), chosen before the sample was seen; 10⁻⁴ or 10⁻⁵ are usual.</param>
    /// <param name="smooth">Whether p_min is mixed in, p ← p_min + (1 − p_min)p, where otherwise p is clipped at it.</param>
    /// <exception cref="ArgumentOutOfRangeException">p_min is outside (0, 1).</exception>
    public BoundedCrossEntropy(double smallestProbability, bool smooth = false)
    {
        if (!(smallestProbability is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(smallestProbability), smallestProbability, "p_min must lie in (0, 1); 1e-4 and 1e-5 are usual.");
        }

        SmallestProbability = smallestProbability;
        Smooth = smooth;
        Scale = -Math.Log(smallestProbability);
    }

    /// <summary>p_min.</summary>
    public double SmallestProbability { get; }

    /// <summary>Whether p_min is mixed in, so that the loss has no kink.</summary>
    public bool Smooth { get; }

    /// <summary>ln(1/p_min): a loss, or a bound, times this is in nats.</summary>
    public double Scale { get; }

    /// <summary>The loss at a probability.</summary>
    /// <param name="probability">p, in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">p is outside [0, 1] or NaN.</exception>
    public double Loss(double probability)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(probability), probability, "probability must lie in [0, 1]: give the softmax's output, not the logit.");
        }

        // −ln 1 would be −0.
        double bounded = Smooth ? SmallestProbability + ((1 - SmallestProbability) * probability)
            : Math.Max(probability, SmallestProbability);
        return bounded >= 1 ? 0 : -Math.Log(bounded) / Scale;
    }

    /// <summary>The loss at the logarithm of a probability, which keeps its digits near p = 1.</summary>
    /// <param name="logProbability">ln p, 0 or less; −∞ for p = 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">ln p is positive or NaN.</exception>
    public double LossOfLog(double logProbability)
    {
        if (!(logProbability <= 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(logProbability), logProbability,
                "logProbability must be 0 or less: it is the logarithm of a probability.");
        }

        if (!Smooth)
        {
            return logProbability == 0 ? 0 : Math.Min(-logProbability, Scale) / Scale;
        }

        // p_min + (1 − p_min)p = 1 − (1 − p_min)(1 − p), whose logarithm keeps its digits near p = 1.
        return logProbability < -1
            ? Loss(Math.Exp(logProbability))
            : Math.Abs(NearZero.LogOnePlus((1 - SmallestProbability) * NearZero.ExpMinusOne(logProbability))) / Scale;
    }
}
