namespace PacGen.Core.Bounds;

/// <summary>
/// Seeger's inequality with Maurer's constant: with probability at least 1 − δ, for every posterior at once,
/// kl(𝔼L̂‖𝔼L) ≤ (KL + log ξ(n)/δ)/n, for a loss in [0, 1].
/// </summary>
/// <remarks>
/// Maurer, "A note on the PAC Bayesian theorem" (2004): 𝔼exp(n·kl(L̂‖L)) ≤ ξ(n) = Σₖ C(n,k)(k/n)ᵏ(1 − k/n)ⁿ⁻ᵏ. The literature
/// puts 2√n in its place; ξ(n) is near √(πn/2), 1.6 times smaller. The upper and the lower limit hold together, with one δ.
/// </remarks>
public static class MaurerSeeger
{
    /// <summary>The upper limit: sup{p : kl(𝔼L̂‖p) ≤ (KL + log ξ(n)/δ)/n}.</summary>
    /// <param name="loss">𝔼L̂, the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives 1.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Bound(double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        return Result("Maurer–Seeger", loss, kl, n, delta, BinaryKl.UpperInverse, false, "ξ(n)", Confidence(n, delta));
    }

    /// <summary>The lower limit: inf{p : kl(𝔼L̂‖p) ≤ (KL + log ξ(n)/δ)/n}; 𝔼L is at least this.</summary>
    /// <param name="loss">𝔼L̂, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult LowerBound(double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        return Result(
            "Maurer–Seeger, lower limit", loss, kl, n, delta, BinaryKl.LowerInverse, true, "ξ(n)", Confidence(n, delta));
    }

    /// <summary>
    /// The upper limit with the literature's 2√n in the place of ξ(n), which it is never below: what published certificates were
    /// computed with.
    /// </summary>
    /// <inheritdoc cref="Bound"/>
    public static BoundResult WithTwoRootN(double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        double confidence = Math.Log(2) + (0.5 * Math.Log(n)) - Math.Log(delta);
        return Result(
            "Maurer–Seeger with 2√n", loss, kl, n, delta, BinaryKl.UpperInverse, false, "2√n", confidence);
    }

    /// <summary>
    /// ξ(n) = Σₖ C(n,k)(k/n)ᵏ(1 − k/n)ⁿ⁻ᵏ, which is Σₖ n!/((n − k)! nᵏ): 2 at n = 1, near √(πn/2) + ⅔.
    /// </summary>
    /// <param name="n">n, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is below 1.</exception>
    public static double Xi(long n)
    {
        Require.SampleSize(n);
        if (n > 1L << 30)
        {
            // Σₖ exp(−k(k − 1)/2n), which no term of the sum exceeds, is at most this.
            return Math.Sqrt(Math.PI * n / 2) + 3;
        }

        // Terms fall like exp(−k²/2n): some nine roots of n of them count.
        double sum = 0, term = 1;
        for (long k = 1; k <= n && term > 1e-18 * sum; k++)
        {
            sum += term;
            term *= (double)(n - k + 1) / n;
        }

        return sum + term;
    }

    /// <summary>log ξ(n)/δ.</summary>
    internal static double Confidence(long n, double delta) => Math.Log(Xi(n)) - Math.Log(delta);

    private static BoundResult Result(
        string name, double loss, double kl, long n, double delta, Func<double, double, double> inverse, bool isLower,
        string constant, double confidence)
    {
        double budget = (kl + confidence) / n;
        return new BoundResult(name, inverse(loss, budget), BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new($"log {constant}/δ", confidence), new($"(KL + log {constant}/δ)/n", budget)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample]) { FailureProbability = delta, IsLower = isLower };
    }
}
