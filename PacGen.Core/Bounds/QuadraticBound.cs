namespace PacGen.Core.Bounds;

/// <summary>
/// The quadratic form of Rivasplata, Tankasali and Szepesvári, "PAC-Bayes with backprop" (2019), and Pérez-Ortiz et al. (2021):
/// 𝔼L ≤ (√(𝔼L̂ + B) + √B)² with B = (KL + log ξ(n)/δ)/2n, for a loss in [0, 1]. It follows from <see cref="MaurerSeeger"/> by
/// kl(q‖p) ≥ (p − q)²/2p and is never below it; it is <see cref="LambdaBound"/> at the best λ.
/// </summary>
public static class QuadraticBound
{
    /// <summary>The bound.</summary>
    /// <param name="loss">𝔼L̂, the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Bound(double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        double confidence = MaurerSeeger.Confidence(n, delta), part = (kl + confidence) / (2d * n);
        double root = Math.Sqrt(loss + part) + Math.Sqrt(part);
        return new BoundResult("Quadratic PAC-Bayes", root * root, BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("log ξ(n)/δ", confidence), new("B = (KL + log ξ(n)/δ)/2n", part)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample]) { FailureProbability = delta };
    }
}
