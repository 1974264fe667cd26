namespace PacGen.Core.Bounds;

/// <summary>
/// PAC-Bayes for a variable F of a few values b₀ &lt; b₁ &lt; … &lt; b_K (Wu and Seldin 2022): F = b₀ + Σⱼ(bⱼ − bⱼ₋₁)·1(F ≥ bⱼ),
/// and each indicator's mean is limited by kl⁻¹ with δ/K. For the difference of two losses this is far below a bound for a
/// variable in [b₀, b_K], where the two mostly agree. <see cref="Recursive"/> adds the other loss again.
/// </summary>
public static class SplitKl
{
    /// <summary>
    /// 𝔼F ≤ b₀ + Σⱼ(bⱼ − bⱼ₋₁)·kl⁻¹(p̂ⱼ, (KL + log Kξ(n)/δ)/n), with probability at least 1 − δ for all posteriors.
    /// </summary>
    /// <param name="values">b₀ &lt; … &lt; b_K.</param>
    /// <param name="shares">p̂ⱼ for j = 1 … K: the posterior's expected share of examples with F ≥ bⱼ, or an upper limit of
    /// it.</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentException">The values don't rise, or there is not a share for each but the first.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A share is outside [0, 1], KL is negative, n is below 1, or δ is not in
    /// (0, 1).</exception>
    public static BoundResult Bound(ReadOnlySpan<double> values, ReadOnlySpan<double> shares, double kl, long n, double delta)
    {
        Require.Kl(kl);
        Require.SampleSize(n);
        Require.Delta(delta);
        if (values.Length < 2 || shares.Length != values.Length - 1)
        {
            throw new ArgumentException(
                $"{values.Length} values need a share for each but the first; there are {shares.Length}.");
        }

        double budget = (kl + Math.Log(shares.Length) + MaurerSeeger.Confidence(n, delta)) / n, sum = values[0];
        List<BoundTerm> terms = [new("b₀", values[0])];
        for (int j = 1; j < values.Length; j++)
        {
            double rise = values[j] - values[j - 1];
            if (!(rise > 0))
            {
                throw new ArgumentException($"The values must rise, but b{j} is {values[j]} behind {values[j - 1]}.");
            }

            double limit = BinaryKl.UpperInverse(Require.Loss(shares[j - 1], nameof(shares)), budget);
            terms.Add(new BoundTerm($"p̂ of F ≥ {values[j]:R}", shares[j - 1]));
            terms.Add(new BoundTerm($"kl⁻¹ of F ≥ {values[j]:R}", limit));
            sum += rise * limit;
        }

        terms.Add(new BoundTerm("KL", kl));
        terms.Add(new BoundTerm("(KL + log Kξ(n)/δ)/n", budget));
        return new BoundResult(
            "Split kl", sum, BoundStatus.ConditionalBound, terms, [Assumption.PriorBeforeData, Assumption.IndependentSample])
        {
            FailureProbability = delta,
        };
    }

    /// <summary>
    /// L(Q) ≤ γ·B + E: B bounds the loss of a reference, such as the prior's, E the posterior's excess over γ times it, on the
    /// same examples or others (Mhammedi, Grünwald and Guedj 2019; Wu, Zhang, Chérief-Abdellatif and Seldin 2024). A reference
    /// whose own bound is made in this way again makes it a recursion, in which each step's prior has learnt from what the last
    /// was tested on.
    /// </summary>
    /// <param name="reference">B.</param>
    /// <param name="gamma">γ, in [0, 1], chosen before the data.</param>
    /// <param name="excess">E, of F = ℓ(Q) − γℓ(reference).</param>
    /// <exception cref="ArgumentOutOfRangeException">γ is not in [0, 1].</exception>
    public static BoundResult Recursive(BoundResult reference, double gamma, BoundResult excess)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(excess);
        if (!(gamma is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "γ must lie in [0, 1].");
        }

        BoundStatus status = (BoundStatus)Math.Max((int)reference.Status, (int)excess.Status);
        return new BoundResult(
            "Excess over a reference", Math.Min((gamma * reference.Value) + excess.Value, 1), status,
            [new("reference", reference.Value), new("γ", gamma), new("excess", excess.Value), .. excess.Terms],
            [.. reference.Assumptions.Union(excess.Assumptions)])
        {
            FailureProbability = reference.FailureProbability + excess.FailureProbability,
        };
    }
}
