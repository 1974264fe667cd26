namespace PacGen.Core.Bounds;

/// <summary>
/// The λ form of Thiemann, Igel, Wintenberger and Seldin, "A strongly quasiconvex PAC-Bayesian bound" (2017):
/// 𝔼L ≤ 𝔼L̂/(1 − λ/2) + (KL + log ξ(n)/δ)/(nλ(1 − λ/2)), for a loss in [0, 1]. It holds for all λ in (0, 2) at once, so λ may be
/// chosen, and trained, by the sample.
/// </summary>
public static class LambdaBound
{
    /// <summary>The bound for one λ.</summary>
    /// <param name="loss">𝔼L̂, the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="lambda">λ, in (0, 2).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Bound(double loss, double kl, long n, double delta, double lambda)
    {
        Require.Premises(loss, kl, n, delta);
        if (!(lambda is > 0 and < 2))
        {
            throw new ArgumentOutOfRangeException(
                nameof(lambda), lambda, $"lambda must lie in (0, 2); {nameof(BestLambda)} gives the best.");
        }

        double confidence = MaurerSeeger.Confidence(n, delta), share = 1 - (lambda / 2);
        double first = loss / share, second = (kl + confidence) / (n * lambda * share);
        return new BoundResult("λ form of PAC-Bayes", first + second, BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("λ", lambda), new("log ξ(n)/δ", confidence), new("𝔼L̂/(1 − λ/2)", first),
                new("(KL + log ξ(n)/δ)/(nλ(1 − λ/2))", second)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample]) { FailureProbability = delta };
    }

    /// <summary>The λ at which the bound is smallest: 2/(1 + √(1 + 2n𝔼L̂/(KL + log ξ(n)/δ))), in (0, 1].</summary>
    /// <param name="loss">𝔼L̂, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static double BestLambda(double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        return 2 / (1 + Math.Sqrt(1 + (2d * n * loss / (kl + MaurerSeeger.Confidence(n, delta)))));
    }
}
