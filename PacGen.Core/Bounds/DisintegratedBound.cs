namespace PacGen.Core.Bounds;

/// <summary>
/// A bound for one predictor h drawn from the posterior, which can be shipped, in the place of the Gibbs classifier: with
/// probability at least 1 − δ over the sample and the draw, kl(L̂(h)‖L(h)) ≤ (log dQ/dπ(h) + log ξ(n)/δ)/n (Rivasplata,
/// Kuzborskij, Szepesvári and Shawe-Taylor 2020, Theorem 1). It is for one draw: who draws again until he likes it voids δ.
/// </summary>
/// <remarks>
/// 𝔼_S 𝔼_{h∼π} exp(n·kl(L̂(h)‖L(h))) ≤ ξ(n); changing the draw from π to Q, 𝔼 exp(n·kl − log dQ/dπ(h)) ≤ ξ(n), and Markov's
/// inequality gives the statement. log dQ/dπ(h) is in the mean KL, and moves around it from draw to draw.
/// </remarks>
public static class DisintegratedBound
{
    /// <summary>The bound.</summary>
    /// <param name="loss">L̂(h), in [0, 1].</param>
    /// <param name="logRatio">log dQ/dπ(h), such as <see cref="TruncatedGaussian.LogRatio{T}"/>; of either sign.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range, or log dQ/dπ(h) is NaN.</exception>
    public static BoundResult Bound(double loss, double logRatio, long n, double delta)
    {
        Require.Loss(loss);
        Require.SampleSize(n);
        Require.Delta(delta);
        if (double.IsNaN(logRatio))
        {
            throw new ArgumentOutOfRangeException(nameof(logRatio), logRatio, "log dQ/dπ(h) must be a number.");
        }

        double confidence = MaurerSeeger.Confidence(n, delta), budget = Math.Max((logRatio + confidence) / n, 0);
        return new BoundResult(
            "Disintegrated PAC-Bayes, one draw", BinaryKl.UpperInverse(loss, budget), BoundStatus.ConditionalBound,
            [new("L̂(h)", loss), new("log dQ/dπ(h)", logRatio), new("log ξ(n)/δ", confidence),
                new("(log dQ/dπ(h) + log ξ(n)/δ)/n", budget)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.OneDraw])
        {
            FailureProbability = delta,
        };
    }
}
