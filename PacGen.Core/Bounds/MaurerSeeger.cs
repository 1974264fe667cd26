namespace PacGen.Core.Bounds;

/// <summary>
/// Seeger's inequality with Maurer's constant: with probability at least 1 − δ, for every posterior at once,
/// kl(𝔼L̂‖𝔼L) ≤ (KL + log 2√n/δ)/n, for a loss in [0, 1].
/// </summary>
/// <remarks>
/// Maurer, "A note on the PAC Bayesian theorem" (2004): 𝔼exp(n·kl(L̂‖L)) ≤ ξ(n) = Σₖ C(n,k)(k/n)ᵏ(1 − k/n)ⁿ⁻ᵏ, and ξ(n) ≤ 2√n for
/// n ≥ 8. For n = 1, …, 7, ξ(n) is 2, 2.5, 2.89, 3.22, 3.51, 3.77, 4.02, which 2√n exceeds too, or meets at n = 1; so 2√n serves
/// for all n. The upper and the lower limit hold together, with one δ.
/// </remarks>
public static class MaurerSeeger
{
    /// <summary>The upper limit: sup{p : kl(𝔼L̂‖p) ≤ (KL + log 2√n/δ)/n}.</summary>
    /// <param name="loss">𝔼L̂, the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives 1.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Bound(double loss, double kl, long n, double delta) =>
        Result("Maurer–Seeger", loss, kl, n, delta, BinaryKl.UpperInverse);

    /// <summary>The lower limit: inf{p : kl(𝔼L̂‖p) ≤ (KL + log 2√n/δ)/n}; 𝔼L is at least this.</summary>
    /// <param name="loss">𝔼L̂, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult LowerBound(double loss, double kl, long n, double delta) =>
        Result("Maurer–Seeger, lower limit", loss, kl, n, delta, BinaryKl.LowerInverse);

    /// <summary>log 2√n/δ.</summary>
    internal static double Confidence(long n, double delta) => Math.Log(2) + (0.5 * Math.Log(n)) - Math.Log(delta);

    private static BoundResult Result(
        string name, double loss, double kl, long n, double delta, Func<double, double, double> inverse)
    {
        Require.Premises(loss, kl, n, delta);
        double confidence = Confidence(n, delta), budget = (kl + confidence) / n;
        return new BoundResult(name, inverse(loss, budget), BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("log 2√n/δ", confidence), new("(KL + log 2√n/δ)/n", budget)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample]);
    }
}
