namespace PacGen.Core.Bounds;

/// <summary>
/// Catoni's inequality along a sequence, in which every example is tested before it is learnt from: stage t has a posterior Q_t
/// and a prior π_t that was fixed before the stage's n_t examples were looked at. With probability at least 1 − δ, for all
/// posteriors at once, the mean over examples of their stage's risk is
/// L̄ ≤ (1 − exp(−C·L̂ − (Σ KL(Q_t‖π_t) + log 1/δ)/n))/(1 − e⁻ᶜ), n = Σn_t, L̂ the mean loss, C = η/n chosen before.
/// </summary>
/// <remarks>
/// <para>
/// Given the past, 𝔼exp(−C·ℓ) ≤ 1 − (1 − e⁻ᶜ)p for a loss in [0, 1] of mean p; so the product over examples of
/// exp(−C·ℓᵢ)/(1 − (1 − e⁻ᶜ)pᵢ), its mean under the priors, is a supermartingale from 1, at the end at most 1/δ but for a
/// probability δ (Markov). −log(1 − (1 − e⁻ᶜ)p) is convex in p, so its mean is not below its value at the mean risk (Jensen), and
/// the change from priors to posteriors costs Σ KL. This is the test-then-train argument of progressive validation (Blum, Kalai
/// and Langford 1999; Cesa-Bianchi, Conconi and Gentile 2004) with posteriors, as in PAC-Bayes for martingales (Seldin et al.
/// 2012) and online PAC-Bayes (Haddouche and Guedj 2022).
/// </para>
/// <para>
/// Bounded is the Gibbs classifier that draws a stage with probability n_t/n and then weights from Q_t. Where Q_t = π_t one draw
/// of weights for each example is enough: its loss has the mean of the stage's risk, so no limit for draws is paid.
/// </para>
/// </remarks>
public static class SequentialBound
{
    /// <summary>The bound.</summary>
    /// <param name="loss">L̂: the mean over all stages' examples of the loss of the stage's posterior, in [0, 1].</param>
    /// <param name="kl">Σ KL(Q_t‖π_t), 0 or more; 0 where each stage's posterior was fixed before its examples.</param>
    /// <param name="n">The examples of all stages.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="eta">η = nC, above 0, chosen before the first of the examples.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Bound(double loss, double kl, long n, double delta, double eta)
    {
        BoundResult catoni = Catoni.ForEta(loss, kl, n, delta, eta);
        return catoni with
        {
            Name = "Catoni along a sequence of stages",
            Terms = [new("L̂", loss), new("Σ KL", kl), .. catoni.Terms.Skip(2)],
            Assumptions = [Assumption.PredictablePriors, .. Assumption.OfSample, Assumption.EtaBeforeData],
        };
    }

    /// <summary>
    /// The η at which the bound is smallest for an expected loss q: C = log(p(1 − q)/(q(1 − p))), p = kl⁻¹(q, (KL + log 1/δ)/n),
    /// and there the bound is p. A guess of q from examples that are not among the n keeps η fixed before them; being wrong by a
    /// third costs little.
    /// </summary>
    /// <param name="expectedLoss">q, in [0, 1]; 0 counts as 1/2n.</param>
    /// <param name="kl">Σ KL as it is expected.</param>
    /// <param name="n">The examples of all stages.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static double EtaFor(double expectedLoss, double kl, long n, double delta)
    {
        Require.Premises(expectedLoss, kl, n, delta);
        double q = Math.Clamp(expectedLoss, 0.5 / n, 1 - (0.5 / n)), p = BinaryKl.UpperInverse(q, (kl - Math.Log(delta)) / n);
        return n * Math.Min(40, Math.Log(p / q) + Math.Log((1 - q) / (1 - p)));
    }
}
