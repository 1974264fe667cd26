namespace PacGen.Core.Bounds;

/// <summary>
/// McAllester's inequality with Maurer's constant: 𝔼L ≤ 𝔼L̂ + √((KL + log ξ(n)/δ)/2n), for a loss in [0, 1]. It follows from
/// <see cref="MaurerSeeger"/> by Pinsker's inequality, kl(q‖p) ≥ 2(p − q)², and is never below it.
/// </summary>
public static class McAllester
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
        double confidence = MaurerSeeger.Confidence(n, delta), gap = Math.Sqrt((kl + confidence) / (2d * n));
        return new BoundResult("McAllester", loss + gap, BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("log ξ(n)/δ", confidence), new("√((KL + log ξ(n)/δ)/2n)", gap)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample]) { FailureProbability = delta };
    }
}
