using System.Numerics;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Bounds;

/// <summary>
/// Section 5.2: perturbations ũ that are Gaussian, N(0, σᵢ²), truncated to |ũᵢ| &lt; κᵢ (16), and the prior N(0, τI), τ being its
/// variance. The loss must be twice differentiable in the weights and lie in [0, 1]: a smooth <see cref="BoundedCrossEntropy"/>,
/// not the clipped one or the 0-1 loss. All sums are compensated and streamed.
/// </summary>
/// <remarks>
/// With <see cref="TruncatedKl.Exact"/> neither the cap on σ nor Σwᵢ² ≤ τ is needed: the divergence and the second moments are
/// those of the truncated product whatever Z is, and wᵢ²/2τ is in the sum. What Lemma 8 needs of local convexity is ∇ᵢ²L̂(w) ≥ 0,
/// and that is checked.
/// </remarks>
public static class GaussianBound
{
    /// <summary>
    /// σ* for the exact divergence: 1/√(η∇ᵢ²L̂ + ηρ√m κᵢ/3 + 1/τ), Appendix C's formula, without a cap unless one is given. It is
    /// the exact minimum: ηℳ + KL is, up to a constant, ηB·𝔼ũ² minus ũ's entropy, which among all densities on [−κ, κ] the Gibbs
    /// density ∝ exp(−ηBu²) minimises, the Gaussian of this σ truncated.
    /// </summary>
    /// <param name="curvature">∇ᵢ²L̂, at least 0.</param>
    /// <param name="kappa">κᵢ.</param>
    /// <param name="rhoRootM">ρ√m.</param>
    /// <param name="eta">η.</param>
    /// <param name="priorVariance">τ, or sᵢ² of a prior N(μᵢ, sᵢ²); +∞ leaves 1/τ out.</param>
    /// <param name="unitCap">The largest σ at κ = 1, such as <see cref="TruncatedGaussian.Cap"/>; +∞ for no cap.</param>
    /// <returns>σ*; above κ the posterior is nearly uniform, at +∞ it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException">η or τ is not above 0, ρ√m or κ is negative, or the curvature makes the
    /// root's argument negative.</exception>
    public static double OptimalSigma(
        double curvature, double kappa, double rhoRootM, double eta, double priorVariance,
        double unitCap = double.PositiveInfinity)
    {
        Require.Eta(eta);
        Require.Root(rhoRootM, kappa);
        if (!(priorVariance > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(priorVariance), priorVariance, "The prior's variance must be above 0.");
        }

        return Sigma(curvature, kappa, eta, eta * rhoRootM / 3, priorVariance, unitCap);
    }

    /// <summary>
    /// σ* of Lemma 8 for each way to take the divergence. Exact: as above. Twice: min(1/√(η(∇ᵢ²L̂/2 + ρ√m κᵢ/6) + 1/τ), cap),
    /// which minimises (19) with 2(KL + 1). Published: (21) as printed, without η on its ρ term and with the published cap.
    /// </summary>
    /// <param name="curvature">∇ᵢ²L̂, at least 0.</param>
    /// <param name="kappa">κᵢ.</param>
    /// <param name="parameters">m, at least 1.</param>
    /// <param name="rho">ρ.</param>
    /// <param name="eta">η.</param>
    /// <param name="tau">τ.</param>
    /// <param name="kl">How the divergence is taken.</param>
    /// <exception cref="ArgumentOutOfRangeException">m is below 1, η or τ is not above 0, ρ or κ is negative, or the curvature
    /// makes the root's argument negative.</exception>
    public static double OptimalSigma(
        double curvature, double kappa, long parameters, double rho, double eta, double tau, TruncatedKl kl)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        Require.Eta(eta);
        Require.PriorVariance(tau);
        double rhoRootM = Rho.RootM(Require.Rho(rho), parameters);
        Require.Root(rhoRootM, kappa);
        return Sigma(curvature, kappa, rhoRootM, eta, tau, kl, UnitCap(parameters, kl));
    }

    /// <summary>σ* of Lemma 8 of all parameters.</summary>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="tau">τ, the prior's variance.</param>
    /// <param name="sigma">Where σ* goes.</param>
    /// <param name="kl">How the divergence is taken, and σ* with it.</param>
    /// <exception cref="ArgumentException">Lengths differ, a curvature is negative, or a number is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">η or τ is not above 0.</exception>
    public static void OptimalSigma<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, LocalSmoothness smoothness, double eta, double tau, Span<T> sigma,
        TruncatedKl kl = TruncatedKl.Exact)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.PriorVariance(tau);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        Require.SameLength(weights.Length, sigma.Length, "places for σ");
        double rhoRootM = smoothness.RhoRootM(weights.Length), unitCap = UnitCap(weights.Length, kl);
        for (int i = 0; i < weights.Length; i++)
        {
            double kappa = smoothness.Kappa(Require.Finite(double.CreateTruncating(weights[i]), i, "weight"));
            sigma[i] = T.CreateTruncating(
                Sigma(Require.Convex(double.CreateTruncating(curvature[i]), i), kappa, rhoRootM, eta, tau, kl, unitCap));
        }
    }

    /// <summary>
    /// (18) = ½(m log τ − Σ log σᵢ² − m + Σσᵢ²/τ + 1), which KL(N(w, Σ) ‖ N(0, τI)) is at most where Σwᵢ² ≤ τ: the Gaussian
    /// before truncation.
    /// </summary>
    /// <param name="weights">w.</param>
    /// <param name="sigma">σ, above 0.</param>
    /// <param name="tau">τ.</param>
    /// <exception cref="ArgumentException">Σwᵢ² exceeds τ, a σ is not above 0 and finite, or lengths differ.</exception>
    public static double UntruncatedKl<T>(ReadOnlySpan<T> weights, ReadOnlySpan<T> sigma, double tau)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, sigma.Length, "σ");
        LocalSmoothness none = new(0, 0, 1);
        return Sum(weights, default, sigma, none, 0, tau, TruncatedKl.Published).Kl;
    }

    /// <summary>(17): 2(KL + 1), which the divergence of the truncated Gaussian is at most where Z ≥ ½.</summary>
    /// <param name="untruncatedKl">KL of the Gaussian before truncation, or an upper bound of it such as (18).</param>
    /// <exception cref="ArgumentOutOfRangeException">KL is negative or NaN.</exception>
    public static double TwiceKl(double untruncatedKl) => 2 * (Require.Kl(untruncatedKl) + 1);

    /// <summary>
    /// (19), as a function of σ: 𝔼L(w+ũ) ≤ L̂(w) + ½Σ∇ᵢ²L̂·𝔼ũᵢ² + (ρ√m/6)Σκᵢ𝔼ũᵢ² + (KL + log(1/δ))/η + η/2n. It needs no
    /// convexity with the exact divergence; the other two put σᵢ² for 𝔼ũᵢ², which needs ∇ᵢ²L̂ + ρ√m κᵢ/3 ≥ 0.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w).</param>
    /// <param name="sigma">σ, above 0.</param>
    /// <param name="tau">τ, the prior's variance.</param>
    /// <param name="kl">How the divergence is taken.</param>
    /// <exception cref="ArgumentException">
    /// With <see cref="TruncatedKl.Twice"/>, a σ exceeds the cap; with <see cref="TruncatedKl.Published"/>, Σwᵢ² exceeds τ;
    /// lengths differ, or a number is not finite.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">η or τ is not above 0.</exception>
    public static BoundResult AtSigma<T>(
        BoundSample sample, double eta, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        ReadOnlySpan<T> sigma, double tau,
        TruncatedKl kl = TruncatedKl.Exact)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        Require.SameLength(weights.Length, sigma.Length, "σ");
        GaussianBoundSums sums = Sum(weights, curvature, sigma, smoothness, eta, tau, kl);
        return Summands.Result(
            Name("(19)", kl), sample, eta, ("ℳ", sums.Sharpness), sums.Kl, Status(kl), Given([Assumption.EtaBeforeData]));
    }

    /// <summary>The sums of Lemma 8 at σ*, with the exact divergence, in one pass.</summary>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ, the prior's variance.</param>
    /// <exception cref="ArgumentException">A curvature is negative, lengths differ, or a number is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">η or τ is not above 0.</exception>
    public static GaussianBoundSums Sums<T>(
        LocalSmoothness smoothness, double eta, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, double tau)
        where T : struct, IBinaryFloatingPointIeee754<T> => Optimal(smoothness, eta, weights, curvature, tau, TruncatedKl.Exact);

    /// <summary>
    /// Lemma 8 (20): the bound at its σ*. With the exact divergence L̂ + ℳ + (KL + log(1/δ))/η + η/2n, ℳ and KL being the
    /// truncated product's; as published L̂ + (m log τ − Σ log σᵢ² + 1 + 2 log(1/δ))/2η + η/2n with (21).
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ, the prior's variance.</param>
    /// <param name="kl">How the divergence is taken, and σ* with it.</param>
    /// <exception cref="ArgumentException">
    /// A curvature is negative; with <see cref="TruncatedKl.Published"/>, Σwᵢ² exceeds τ; lengths differ, or a number is not
    /// finite.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">η or τ is not above 0.</exception>
    public static BoundResult Lemma8<T>(
        BoundSample sample, double eta, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        double tau,
        TruncatedKl kl = TruncatedKl.Exact)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(sample);
        GaussianBoundSums sums = Optimal(smoothness, eta, weights, curvature, tau, kl);
        if (kl != TruncatedKl.Published)
        {
            return Summands.Result(
                Name("Lemma 8 (20)", kl), sample, eta, ("ℳ", sums.Sharpness), sums.Kl, Status(kl),
                Given([Assumption.EtaBeforeData]));
        }

        // The sums' KL is Σ log(√τ/σ) + ½ here; see Sum.
        return Summands.Of(
            Name("Lemma 8 (20)", kl),
            BoundStatus.Score,
            sample.Delta,
            [],
            ("L̂(w)", sample.EmpiricalLoss),
            ("(m log τ − Σ log σ² + 1)/2η", sums.Kl / eta),
            ("log(1/δ)/η", sample.LogInverseDelta / eta),
            ("η/2n", eta / (2.0 * sample.Count)));
    }

    /// <summary>
    /// Lemma 8 (20) of sums at σ* with the exact divergence, as a device makes them; η is the one they were made at.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="sums">The sums.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sums were made at an η that is not above 0.</exception>
    public static BoundResult Lemma8(BoundSample sample, GaussianBoundSums sums)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(sums);
        return Summands.Result(
            Name("Lemma 8 (20)", TruncatedKl.Exact), sample, Require.Eta(sums.Eta), ("ℳ", sums.Sharpness), sums.Kl,
            BoundStatus.ConditionalBound, Given([Assumption.EtaBeforeData]));
    }

    /// <summary>
    /// The least of Lemma 8, with the exact divergence, over a grid of η, each ηⱼ with its share δⱼ of δ and its own σ*: η is
    /// chosen after the sample was seen. One pass over the parameters for each ηⱼ that could be the best, some ten.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ, the prior's variance.</param>
    /// <param name="grid">The grid, chosen before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    /// <exception cref="ArgumentException">A curvature is negative, lengths differ, or a number is not finite.</exception>
    public static BoundResult Lemma8OverGrid<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, double tau,
        EtaGrid? grid = null)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        return Least(sample, grid, new Network<T>(weights, curvature), (network, eta) =>
            Sums(smoothness, eta, network.Weights, network.Curvature, tau));
    }

    /// <summary>
    /// The least of Lemma 8 over a grid of η of sums at σ* with the exact divergence, as a device makes them at each ηⱼ that
    /// could be the best.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="sumsAt">The sums at an η, of one network and one τ.</param>
    /// <param name="grid">The grid, chosen before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    public static BoundResult Lemma8OverGrid(BoundSample sample, Func<double, GaussianBoundSums> sumsAt, EtaGrid? grid = null)
    {
        ArgumentNullException.ThrowIfNull(sumsAt);
        return Least(sample, grid, sumsAt, (at, eta) => at(eta));
    }

    private static BoundResult Least<TNetwork>(
        BoundSample sample, EtaGrid? grid, TNetwork network, Func<TNetwork, double, GaussianBoundSums> sumsAt)
        where TNetwork : allows ref struct
    {
        GridSearch search = GridSearch.Over(sample, grid, network, (of, eta) =>
        {
            GaussianBoundSums sums = sumsAt(of, eta);
            return (sums.Sharpness, sums.Kl);
        });
        return search.Result("Lemma 8 (20), least over the grid", BoundStatus.ConditionalBound, Given(search.Assumptions));
    }

    private static GaussianBoundSums Optimal<T>(
        LocalSmoothness smoothness, double eta, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, double tau, TruncatedKl kl)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        return Sum(weights, curvature, default, smoothness, eta, tau, kl);
    }

    /// <summary>The largest σ at κ = 1; the exact divergence needs none.</summary>
    private static double UnitCap(long parameters, TruncatedKl kl) => kl == TruncatedKl.Exact
        ? double.PositiveInfinity
        : TruncatedGaussian.Cap(1, parameters, kl == TruncatedKl.Published ? BoundForm.Published : BoundForm.Rigorous);

    private static double Sigma(
        double curvature, double kappa, double rhoRootM, double eta, double tau, TruncatedKl kl, double unitCap) => kl switch
    {
        TruncatedKl.Published => Sigma(curvature, kappa, eta, rhoRootM / 3, tau, unitCap),
        TruncatedKl.Twice => Sigma(curvature / 2, kappa, eta, eta * (rhoRootM / 2) / 3, tau, unitCap),
        _ => Sigma(curvature, kappa, eta, eta * rhoRootM / 3, tau, unitCap),
    };

    /// <summary>min(1/√(a∇ᵢ²L̂ + bκᵢ + 1/τ), cap·κᵢ).</summary>
    private static double Sigma(
        double curvature, double kappa, double curvatureScale, double kappaScale, double priorVariance, double unitCap)
    {
        double sigma = Perturbation.OptimalSigma.CappedGaussian(
            new Double1(kappa), new Double1(curvature), new Double1(curvatureScale), new Double1(kappaScale),
            new Double1(1 / priorVariance), new Double1(unitCap), out Double1 precision).Value;
        return precision.Value >= 0 ? sigma : throw new ArgumentOutOfRangeException(
            nameof(curvature), curvature, $"σ* is 1 over the root of η·∇ᵢ²L̂ + …, which this curvature makes " +
                $"{precision.Value:R}: the lemma needs local convexity, ∇ᵢ²L̂ ≥ 0.");
    }

    /// <summary>
    /// The sums at the σ given, or, where none are, at σ*. Kl is what the way of taking it puts over η; only for the published
    /// form at σ*, (20), where the sharpness cancels against −m/2 and Σσ²/2τ, it is Σ log(√τ/σ) + ½ alone.
    /// </summary>
    private static GaussianBoundSums Sum<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> curvatures, ReadOnlySpan<T> sigmas, LocalSmoothness smoothness, double eta,
        double tau, TruncatedKl kl)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.PriorVariance(tau);
        double rhoRootM = smoothness.RhoRootM(weights.Length), deviation = Math.Sqrt(tau), unitCap = UnitCap(weights.Length, kl);
        bool optimal = sigmas.IsEmpty, cancelled = optimal && kl == TruncatedKl.Published;
        CompensatedSum sharpness = default, divergence = default, squares = default;
        for (int i = 0; i < weights.Length; i++)
        {
            double weight = Require.Finite(double.CreateTruncating(weights[i]), i, "weight"), kappa = smoothness.Kappa(weight);
            double curvature = curvatures.IsEmpty ? 0 : double.CreateTruncating(curvatures[i]);
            double sigma = optimal
                ? Sigma(Require.Convex(curvature, i), kappa, rhoRootM, eta, tau, kl, unitCap)
                : Level(double.CreateTruncating(sigmas[i]), kappa, unitCap, kl, i);
            double moment = sigma * sigma;
            if (kl == TruncatedKl.Exact)
            {
                divergence.Add(TruncatedGaussian.Kl(weight, sigma, kappa, 0, deviation, out moment));
            }
            else
            {
                divergence.Add(Math.Log(deviation / sigma) + (cancelled ? 0 : ((moment / tau) - 1) / 2));
                squares.Add(weight * weight);
            }

            double half = (curvature / 2) + (rhoRootM * kappa / 6);
            if (!optimal && kl != TruncatedKl.Exact && !(half >= 0))
            {
                throw new ArgumentException(
                    $"σ² may stand for the truncated second moment only where ∇ᵢ²L̂ + ρ√m κᵢ/3 ≥ 0, but at parameter {i} the " +
                        $"curvature is {curvature:R}. Take the exact divergence.");
            }

            sharpness.Add(Require.Finite(half, i, "curvature") * moment);
        }

        double total = divergence.Value;
        switch (kl)
        {
            case TruncatedKl.Published:
                Require.SquaredNorm(squares.Value, tau);
                total += 0.5;
                break;
            case TruncatedKl.Twice:
                total = TwiceKl(Math.Max(total + (squares.Value / (2 * tau)), 0));
                break;
        }

        return new GaussianBoundSums(weights.Length, eta, sharpness.Value, total);
    }

    private static double Level(double sigma, double kappa, double unitCap, TruncatedKl kl, int index)
    {
        if (kl == TruncatedKl.Exact)
        {
            return Require.Level(sigma, index, "σ");
        }

        Require.Width(sigma, index, "σ");
        return kl == TruncatedKl.Published || sigma <= unitCap * kappa * (1 + 1e-7)
            ? sigma
            : throw new ArgumentException(
                $"(17) needs Z ≥ ½, which the union bound gives for σᵢ ≤ κᵢ/(√2·erf⁻¹(1 − 1/(2m))) = {unitCap * kappa:R}, but " +
                    $"at parameter {index} σ = {sigma:R}. "
                + "Cut σ off at the cap, or take the exact divergence, which needs none.");
    }

    private static string Name(string name, TruncatedKl kl) => kl switch
    {
        TruncatedKl.Exact => name + ", exact KL",
        TruncatedKl.Twice => name + ", 2(KL + 1)",
        _ => name + " as published",
    };

    private static BoundStatus Status(TruncatedKl kl) => kl == TruncatedKl.Published ? BoundStatus.Score
        : BoundStatus.ConditionalBound;

    private static List<Assumption> Given(IReadOnlyList<Assumption> ofEta) =>
        [.. Assumption.OfSample, Assumption.SmoothLoss, Assumption.HessianLipschitz, Assumption.ExactCurvature,
            Assumption.TauBeforeData, .. ofEta];
}
