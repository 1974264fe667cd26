namespace PacGen.Core.Bounds;

/// <summary>
/// Catoni's inequality ("PAC-Bayesian supervised classification", 2007, Theorem 1.2.6): for one C = η/n chosen before the sample
/// was seen, 𝔼L ≤ (1 − exp(−C·𝔼L̂ − (KL + log 1/δ)/n))/(1 − e⁻ᶜ), for a loss in [0, 1].
/// </summary>
/// <remarks>It has Theorem 1's η, so that one grid serves both, and is never above (1) at the same η.</remarks>
public static class Catoni
{
    /// <summary>From this C on, 1 − e⁻ᶜ is 1.</summary>
    private const double LargestC = 40;

    /// <summary>The bound for one η = nC, chosen before the sample was seen.</summary>
    /// <param name="loss">𝔼L̂, the posterior's empirical loss, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more; +∞ gives 1/(1 − e⁻ᶜ).</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="eta">η = nC, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult ForEta(double loss, double kl, long n, double delta, double eta)
    {
        Require.Premises(loss, kl, n, delta);
        Require.Eta(eta);
        double confidence = -Math.Log(delta);
        return new BoundResult("Catoni", Value(loss, kl, n, confidence, eta), BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("log 1/δ", confidence), new("η", eta), new("C = η/n", eta / n)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.EtaBeforeData]) { FailureProbability = delta };
    }

    /// <summary>The bound at the best η_j of a grid, with δ_j for δ: valid although η_j is chosen by the sample.</summary>
    /// <param name="loss">𝔼L̂, in [0, 1].</param>
    /// <param name="kl">KL(posterior‖prior), 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="grid">The grid, fixed before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult OverGrid(double loss, double kl, long n, double delta, EtaGrid? grid = null)
    {
        Require.Premises(loss, kl, n, delta);
        EtaGrid own = grid ?? EtaGrid.Geometric(n, delta);
        int best = 0;
        double value = Value(loss, kl, n, own.LogInverseDelta(0, delta), own.Eta(0));

        // On the geometric grid, once e⁻ᶜ no longer counts, what follows only pays for smaller weights.
        for (int j = 1; own.Count is int count ? j < count : own.Eta(j - 1) < LargestC * n; j++)
        {
            double other = Value(loss, kl, n, own.LogInverseDelta(j, delta), own.Eta(j));
            if (other < value)
            {
                (best, value) = (j, other);
            }
        }

        double eta = own.Eta(best);
        return new BoundResult("Catoni, best of a grid over η", value, BoundStatus.ConditionalBound,
            [new("𝔼L̂", loss), new("KL", kl), new("j", best), new("η", eta), new("C = η/n", eta / n),
                new("log 1/δ_j", own.LogInverseDelta(best, delta))],
            grid is null ? [Assumption.PriorBeforeData, .. Assumption.OfSample]
                : [Assumption.PriorBeforeData, .. Assumption.OfSample, Assumption.GridBeforeData]) { FailureProbability = delta };
    }

    private static double Value(double loss, double kl, long n, double confidence, double eta)
    {
        double c = eta / n;
        return NearZero.ExpMinusOne((-c * loss) - ((kl + confidence) / n)) / NearZero.ExpMinusOne(-c);
    }
}
