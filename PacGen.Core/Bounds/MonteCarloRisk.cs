namespace PacGen.Core.Bounds;

/// <summary>
/// The posterior's empirical loss 𝔼L̂(w+u), limited from above by the mean over N independent draws of u: with probability at
/// least 1 − δ′ over the draws, 𝔼L̂ ≤ sup{p : kl(mean‖p) ≤ (log 1/δ′)/N}.
/// </summary>
/// <remarks>
/// The draws' losses are independent and in [0, 1], so P(kl(mean‖p) ≥ ε and mean ≤ p) ≤ e^−Nε (Hoeffding 1963, Theorem 1). One
/// side is all that is used, so log 1/δ′ suffices; Langford and Caruana (2001) and Dziugaite and Roy (2017) write log 2/δ′, which
/// pays for both sides. <see cref="BoundResult.Into"/> puts the limit in the place of 𝔼L̂ in a bound that holds with probability
/// 1 − δ; the result holds with probability 1 − δ − δ′, and says so.
/// </remarks>
public static class MonteCarloRisk
{
    /// <summary>The upper limit.</summary>
    /// <param name="meanLoss">The mean of the draws' empirical losses, in [0, 1].</param>
    /// <param name="draws">N, 1 or more.</param>
    /// <param name="delta">δ′, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult UpperLimit(double meanLoss, long draws, double delta)
    {
        Require.Loss(meanLoss);
        Require.SampleSize(draws);
        Require.Delta(delta);
        double budget = -Math.Log(delta) / draws;
        return new BoundResult(
            "Monte-Carlo limit of the empirical loss", BinaryKl.UpperInverse(meanLoss, budget), BoundStatus.ConditionalBound,
            [new("mean loss", meanLoss), new("N", draws), new("(log 1/δ′)/N", budget)],
            [Assumption.IndependentDraws, Assumption.BoundedLoss]) { FailureProbability = delta };
    }
}
