namespace PacGen.Core.Bounds;

/// <summary>
/// Theorem 1, PAC-Bayes-Hoeffding: with probability at least 1 − δ over the sample, for every posterior at once,
/// 𝔼L(w+u) ≤ 𝔼L̂(w+u) + (KL + log 1/δ)/η + η/2n, for a loss in [0, 1].
/// </summary>
/// <remarks>
/// Hoeffding's lemma, for losses in [0, 1], gives η/8n: (1) is valid and its last term four times what it could be.
/// <see cref="Sharp"/> has η/8n; its best over η is √((KL + log 1/δ)/2n), half of what the paper has, and
/// <see cref="McAllester"/> reaches that but for log ξ(n).
/// </remarks>
public static class PacBayesHoeffding
{
    /// <summary>(1) for one η, chosen before the sample was seen.</summary>
    /// <param name="loss">𝔼L̂(w+u), the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="eta">η, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult ForEta(double loss, double kl, long n, double delta, double eta)
    {
        Require.Premises(loss, kl, n, delta);
        Require.Eta(eta);
        double confidence = -Math.Log(delta);
        return new BoundResult("Theorem 1 (1)", loss + ((kl + confidence) / eta) + (eta / (2d * n)), BoundStatus.ConditionalBound,
            [new("𝔼L̂(w+u)", loss), new("KL", kl), new("log 1/δ", confidence), new("η", eta),
                new("(KL + log 1/δ)/η", (kl + confidence) / eta), new("η/2n", eta / (2d * n))],
            [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.EtaBeforeData]) { FailureProbability = delta };
    }

    /// <summary>
    /// (1) with the constant of Hoeffding's lemma: 𝔼L(w+u) ≤ 𝔼L̂(w+u) + (KL + log 1/δ)/η + η/8n for one η, chosen before the
    /// sample was seen.
    /// </summary>
    /// <inheritdoc cref="ForEta"/>
    public static BoundResult Sharp(double loss, double kl, long n, double delta, double eta)
    {
        Require.Premises(loss, kl, n, delta);
        Require.Eta(eta);
        double confidence = -Math.Log(delta), rest = (kl + confidence) / eta;
        return new BoundResult("Theorem 1 with η/8n", loss + rest + (eta / (8d * n)), BoundStatus.ConditionalBound,
            [new("𝔼L̂(w+u)", loss), new("KL", kl), new("log 1/δ", confidence), new("η", eta),
                new("(KL + log 1/δ)/η", rest), new("η/8n", eta / (8d * n))],
            [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.EtaBeforeData]) { FailureProbability = delta };
    }

    /// <summary>(1) at the best η_j of a grid, with δ_j for δ: valid although η_j is chosen by the sample.</summary>
    /// <param name="loss">𝔼L̂(w+u), in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="grid">The grid, fixed before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult OverGrid(double loss, double kl, long n, double delta, EtaGrid? grid = null)
    {
        Require.Premises(loss, kl, n, delta);
        EtaChoice best = (grid ?? EtaGrid.Geometric(n, delta)).Best(kl, n, delta);
        return new BoundResult("Theorem 1 (1), best of a grid over η", loss + best.Value, BoundStatus.ConditionalBound,
            [new("𝔼L̂(w+u)", loss), new("KL", kl), new("j", best.Index), new("η", best.Eta),
                new("log 1/δ_j", best.LogInverseDelta), new("(KL + log 1/δ_j)/η_j", (kl + best.LogInverseDelta) / best.Eta),
                new("η_j/2n", best.Eta / (2d * n))],
            grid is null ? [Assumption.PriorBeforeData, .. Assumption.OfSample]
                : [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.GridBeforeData]) { FailureProbability = delta };
    }

    /// <summary>
    /// (1) with η optimised: the grid's best, or, as published, 𝔼L̂(w+u) + 2√((KL + log 1/δ)/2n), which no union bound pays for.
    /// </summary>
    /// <param name="loss">𝔼L̂(w+u), in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="form">Which form; the published one is a score.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Optimized(double loss, double kl, long n, double delta, BoundForm form = BoundForm.Rigorous)
    {
        if (form == BoundForm.Rigorous)
        {
            return OverGrid(loss, kl, n, delta);
        }

        Require.Premises(loss, kl, n, delta);
        double confidence = -Math.Log(delta), gap = 2 * Math.Sqrt((kl + confidence) / (2d * n));
        return new BoundResult("Theorem 1 (1), optimised over η as published", loss + gap, BoundStatus.Score,
            [new("𝔼L̂(w+u)", loss), new("KL", kl), new("log 1/δ", confidence), new("η", Math.Sqrt(2d * n * (kl + confidence))),
                new("2√((KL + log 1/δ)/2n)", gap)],
            []);
    }
}
