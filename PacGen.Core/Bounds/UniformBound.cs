using System.Numerics;
using PacGen.Core.Lanes;

namespace PacGen.Core.Bounds;

/// <summary>
/// Section 5.1: perturbations uᵢ ~ U(−σᵢ, σᵢ), σᵢ ≤ κᵢ, and the prior U(−τᵢ, τᵢ), τᵢ ≥ |wᵢ| + κᵢ. The loss must be twice
/// differentiable in the weights and lie in [0, 1]: a smooth <see cref="BoundedCrossEntropy"/>, not the clipped one or the 0-1
/// loss. All sums are compensated and streamed: no memory is taken.
/// </summary>
/// <remarks>
/// Spans may be of float or double; the arithmetic is double. The bounds take the curvature of the empirical loss, ∇²L̂, where
/// (12) and (14) print ∇²L. What Lemma 6 and Theorem 7 need of local convexity is ∇ᵢ²L̂(w) ≥ 0, and that is checked; so only the
/// published form lists it as an assumption.
/// </remarks>
public static class UniformBound
{
    /// <summary>σ* (14) = min(1/√(η(∇ᵢ²L̂/3 + ρ√m κᵢ/9)), κᵢ), which minimises (12); with η = √(mn) it is (15).</summary>
    /// <param name="curvature">∇ᵢ²L̂. Where η(∇ᵢ²L̂/3 + ρ√m κᵢ/9) is not above 0, (12) falls with σ and σ* is κ.</param>
    /// <param name="kappa">κᵢ.</param>
    /// <param name="rhoRootM">ρ√m.</param>
    /// <param name="eta">η.</param>
    /// <exception cref="ArgumentOutOfRangeException">η is not above 0, ρ√m or κ is negative, or the curvature is not
    /// finite.</exception>
    public static double OptimalSigma(double curvature, double kappa, double rhoRootM, double eta)
    {
        Require.Eta(eta);
        Require.Root(rhoRootM, kappa);
        if (!double.IsFinite(curvature))
        {
            throw new ArgumentOutOfRangeException(nameof(curvature), curvature, "A curvature must be finite.");
        }

        return Perturbation.OptimalSigma.Uniform(
            new Double1(kappa), new Double1(curvature), new Double1(eta / 3), new Double1(eta * rhoRootM / 9), out _).Value;
    }

    /// <summary>σ* (14) of all parameters.</summary>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="sigma">Where σ* goes.</param>
    /// <exception cref="ArgumentException">Lengths differ, a curvature is negative, or a number is not finite.</exception>
    public static void OptimalSigma<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, LocalSmoothness smoothness, double eta, Span<T> sigma)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        Require.SameLength(weights.Length, sigma.Length, "places for σ");
        double rhoRootM = smoothness.RhoRootM(weights.Length);
        for (int i = 0; i < weights.Length; i++)
        {
            double kappa = smoothness.Kappa(Require.Finite(double.CreateTruncating(weights[i]), i, "weight"));
            sigma[i] =
                T.CreateTruncating(OptimalSigma(Require.Convex(double.CreateTruncating(curvature[i]), i), kappa, rhoRootM, eta));
        }
    }

    /// <summary>√(mn), the η that Theorem 7 takes σ* at (15).</summary>
    /// <param name="parameters">m.</param>
    /// <param name="count">n.</param>
    public static double Theorem7Eta(long parameters, long count) => Math.Sqrt((double)parameters * count);

    /// <summary>KL (11) = Σ log(τᵢ/σᵢ) of w + u, u ~ U(−σ, σ), to U(−τ, τ).</summary>
    /// <param name="weights">w.</param>
    /// <param name="sigma">σ, above 0 and at most κ.</param>
    /// <param name="smoothness">γ and ε of κ.</param>
    /// <param name="tau">τ.</param>
    /// <exception cref="ArgumentException">|wᵢ| + κᵢ exceeds τᵢ, σᵢ exceeds κᵢ, or lengths differ.</exception>
    public static double Kl<T>(ReadOnlySpan<T> weights, ReadOnlySpan<T> sigma, LocalSmoothness smoothness, Tau tau)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.SameLength(weights.Length, sigma.Length, "σ");
        return Sums(weights, default, sigma, smoothness, 0, tau, default).Kl;
    }

    /// <summary>
    /// (12), as a function of σ: 𝔼L(w+u) ≤ L̂(w) + Σ∇ᵢ²L̂·σᵢ²/6 + (ρ√m/18)Σκᵢσᵢ² + (Σ log(τᵢ/σᵢ) + log(1/δ))/η + η/2n. It needs
    /// no convexity.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w); may be negative.</param>
    /// <param name="sigma">σ, above 0 and at most κ.</param>
    /// <param name="tau">τ.</param>
    /// <exception cref="ArgumentException">|wᵢ| + κᵢ exceeds τᵢ, σᵢ exceeds κᵢ, lengths differ, or a number is not
    /// finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">η is not above 0.</exception>
    public static BoundResult AtSigma<T>(
        BoundSample sample, double eta, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        ReadOnlySpan<T> sigma, Tau tau)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        Require.SameLength(weights.Length, sigma.Length, "σ");
        UniformBoundSums sums = Sums(weights, curvature, sigma, smoothness, eta, tau, default);
        return Summands.Result(
            "(12)", sample, eta, ("ℳ", sums.Sharpness), sums.Kl, Status(sums),
            Given(BoundForm.Rigorous, [Assumption.EtaBeforeData]));
    }

    /// <summary>The sums of Lemma 6 at σ* (14), in one pass.</summary>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ.</param>
    /// <exception cref="ArgumentException">A curvature is negative, |wᵢ| + κᵢ exceeds τᵢ, lengths differ, or a number is not
    /// finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">η is not above 0.</exception>
    public static UniformBoundSums Sums<T>(
        LocalSmoothness smoothness, double eta, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau)
        where T : struct, IBinaryFloatingPointIeee754<T> => Optimal(smoothness, eta, weights, curvature, tau, default);

    /// <summary>The sums of Lemma 6 at σ* (14), with a τ for each parameter.</summary>
    /// <inheritdoc cref="Sums{T}(LocalSmoothness, double, ReadOnlySpan{T}, ReadOnlySpan{T}, Tau)"/>
    public static UniformBoundSums Sums<T>(
        LocalSmoothness smoothness, double eta, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, ReadOnlySpan<T> tau)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, tau.Length, "τ");
        return Optimal(smoothness, eta, weights, curvature, default, tau);
    }

    /// <summary>
    /// Lemma 6 (13): 𝔼L(w+u) ≤ L̂(w) + ℳ + (Σ log(τᵢ/σᵢ*) + log(1/δ))/η + η/2n at σ* (14). The published form has m/2η, which ℳ
    /// at σ* is at most and equals where no σ* is cut off at κ; both are bounds.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ.</param>
    /// <param name="form">ℳ as it is, or the published m/2η.</param>
    /// <exception cref="ArgumentException">A curvature is negative, |wᵢ| + κᵢ exceeds τᵢ, lengths differ, or a number is not
    /// finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">η is not above 0.</exception>
    public static BoundResult Lemma6<T>(
        BoundSample sample, double eta, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau,
        BoundForm form = BoundForm.Rigorous)
        where T : struct, IBinaryFloatingPointIeee754<T> => Lemma6(sample, Sums(smoothness, eta, weights, curvature, tau), form);

    /// <summary>Lemma 6 (13) with a τ for each parameter.</summary>
    /// <inheritdoc cref="Lemma6{T}(BoundSample, double, LocalSmoothness, ReadOnlySpan{T}, ReadOnlySpan{T}, Tau, BoundForm)"/>
    public static BoundResult Lemma6<T>(
        BoundSample sample, double eta, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        ReadOnlySpan<T> tau,
        BoundForm form = BoundForm.Rigorous)
        where T : struct, IBinaryFloatingPointIeee754<T> => Lemma6(sample, Sums(smoothness, eta, weights, curvature, tau), form);

    /// <summary>Lemma 6 (13) of sums at σ* (14), as a device makes them; η is the one they were made at.</summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="form">ℳ as it is, or the published m/2η.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sums were made at an η that is not above 0.</exception>
    public static BoundResult Lemma6(BoundSample sample, UniformBoundSums sums, BoundForm form = BoundForm.Rigorous)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(sums);
        double eta = Require.Eta(sums.Eta);
        (string, double) sharpness = form == BoundForm.Published ? ("m/2η", sums.Parameters / (2 * eta)) : ("ℳ", sums.Sharpness);
        return Summands.Result(
            "Lemma 6 (13)", sample, eta, sharpness, sums.Kl, Status(sums), Given(form, [Assumption.EtaBeforeData]));
    }

    /// <summary>
    /// The least of Lemma 6 over a grid of η, each ηⱼ with its share δⱼ of δ and its own σ*: η is chosen after the sample was
    /// seen. One pass over the parameters for each ηⱼ that could be the best, some ten.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ.</param>
    /// <param name="grid">The grid, chosen before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    /// <exception cref="ArgumentException">A curvature is negative, |wᵢ| + κᵢ exceeds τᵢ, lengths differ, or a number is not
    /// finite.</exception>
    public static BoundResult Lemma6OverGrid<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau,
        EtaGrid? grid = null)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        return Least(sample, grid, new Network<T>(weights, curvature), (network, eta) =>
            Sums(smoothness, eta, network.Weights, network.Curvature, tau));
    }

    /// <summary>
    /// The least of Lemma 6 over a grid of η of sums at σ* (14), as a device makes them at each ηⱼ that could be the best.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="sumsAt">The sums at an η, of one network and one τ.</param>
    /// <param name="grid">The grid, chosen before the sample was seen; <see cref="EtaGrid.Geometric"/> of n and δ unless
    /// given.</param>
    public static BoundResult Lemma6OverGrid(BoundSample sample, Func<double, UniformBoundSums> sumsAt, EtaGrid? grid = null)
    {
        ArgumentNullException.ThrowIfNull(sumsAt);
        return Least(sample, grid, sumsAt, (at, eta) => at(eta));
    }

    /// <summary>
    /// Theorem 7: the bound at σ* (15), which is (14) at η = √(mn), with the η of 𝒢 chosen from Appendix B's grid after the
    /// sample was seen.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), at least 0.</param>
    /// <param name="tau">τ.</param>
    /// <param name="form">Which form of the theorem.</param>
    /// <exception cref="ArgumentException">A curvature is negative, |wᵢ| + κᵢ exceeds τᵢ, lengths differ, or a number is not
    /// finite.</exception>
    /// <remarks><see cref="Lemma6OverGrid"/> is smaller as a rule: there σ* goes with the η that is chosen.</remarks>
    public static BoundResult Theorem7<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau,
        Theorem7Form form = Theorem7Form.Grid)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(sample);
        Require.Parameters(weights.Length);
        return Theorem7(sample, Sums(smoothness, Theorem7Eta(weights.Length, sample.Count), weights, curvature, tau), form);
    }

    /// <summary>Theorem 7 of sums at σ* (15), as a device makes them at η = <see cref="Theorem7Eta"/>.</summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="form">Which form of the theorem.</param>
    /// <exception cref="ArgumentException">The sums were made at another η.</exception>
    public static BoundResult Theorem7(BoundSample sample, UniformBoundSums sums, Theorem7Form form = Theorem7Form.Grid)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(sums);
        double m = sums.Parameters, n = sample.Count, expected = Theorem7Eta(sums.Parameters, sample.Count);
        if (!(Math.Abs(sums.Eta - expected) <= 1e-6 * expected))
        {
            throw new ArgumentException(
                $"Theorem 7 takes σ* (15) at η = √(mn) = {expected:R}, but the sums were made at η = {sums.Eta:R}.",
                nameof(sums));
        }


        // Appendix B's grid follows from n and δ.
        IReadOnlyList<Assumption> assumptions = Given(BoundForm.Rigorous, []);
        (string, double) loss = ("L̂(w)", sample.EmpiricalLoss), half = ("½√(m/n)", 0.5 * Math.Sqrt(m / n));
        switch (form)
        {
            case Theorem7Form.Constants:
                return Summands.Of(
                    "Theorem 7, constants",
                    Status(sums),
                    sample.Delta,
                    assumptions,
                    loss,
                    half,
                    ("c√((KL + ℓ)/2n)",
                        AppendixB.Constant(sample) * Math.Sqrt((sums.Kl + AppendixB.Share(sample, sums.Kl)) / (2 * n))));
            case Theorem7Form.Published:
                return Summands.Of(
                    "Theorem 7, constants as published",
                    BoundStatus.Score,
                    sample.Delta,
                    [],
                    loss,
                    half,
                    ("(1+1/e)√((KL + ℓ)/2n)",
                        (1 + (1 / Math.E)) * Math.Sqrt((sums.Kl + AppendixB.PublishedShare(sample, sums.Kl)) / (2 * n))));
            case Theorem7Form.Order:
                return Summands.Of(
                    "Theorem 7, order",
                    BoundStatus.Score,
                    sample.Delta,
                    [],
                    loss,
                    ("√((m + KL + log(1/δ))/n)", Math.Sqrt((m + sums.Kl + sample.LogInverseDelta) / n)));
            default:
                EtaChoice best = EtaGrid.AppendixB(sample.Count, sample.Delta).Best(sums.Kl, sample.Count, sample.Delta);
                return Summands.Result(
                    "Theorem 7, least over the grid",
                    sample,
                    best.Eta,
                    best.LogInverseDelta,
                    ("ℳ", sums.Sharpness),
                    sums.Kl,
                    Status(sums),
                    assumptions);
        }
    }

    private static BoundResult Least<TNetwork>(
        BoundSample sample, EtaGrid? grid, TNetwork network, Func<TNetwork, double, UniformBoundSums> sumsAt)
        where TNetwork : allows ref struct
    {
        BoundStatus status = BoundStatus.ConditionalBound;
        GridSearch search = GridSearch.Over(sample, grid, network, (of, eta) =>
        {
            UniformBoundSums sums = sumsAt(of, eta);
            status = Status(sums);
            return (sums.Sharpness, sums.Kl);
        });
        return search.Result(
            "Lemma 6 (13), least over the grid", status, Given(BoundForm.Rigorous, search.Assumptions));
    }

    private static UniformBoundSums Optimal<T>(
        LocalSmoothness smoothness, double eta, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau, ReadOnlySpan<T> taus)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        Require.SameLength(weights.Length, curvature.Length, "curvatures");
        return Sums(weights, curvature, default, smoothness, eta, tau, taus);
    }

    /// <summary>
    /// The sums at the σ given, or, where none are, at σ* (14). Without curvatures the sharpness part is not meant.
    /// </summary>
    private static UniformBoundSums Sums<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> curvatures, ReadOnlySpan<T> sigmas, LocalSmoothness smoothness, double eta,
        Tau tau, ReadOnlySpan<T> taus)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        double rhoRootM = smoothness.RhoRootM(weights.Length);
        CompensatedSum sharpness = default, kl = default;
        for (int i = 0; i < weights.Length; i++)
        {
            double weight = Require.Finite(double.CreateTruncating(weights[i]), i, "weight");
            double kappa = smoothness.Kappa(weight), reach = Math.Abs(weight) + kappa;
            double prior = Require.Holds(taus.IsEmpty ? tau.Of(reach) : double.CreateTruncating(taus[i]), weight, kappa, i);
            double curvature = curvatures.IsEmpty ? 0 : double.CreateTruncating(curvatures[i]);
            double sigma;
            if (sigmas.IsEmpty)
            {
                sigma = OptimalSigma(Require.Convex(curvature, i), kappa, rhoRootM, eta);
            }
            else
            {
                Require.Finite(curvature, i, "curvature");
                sigma = Level(double.CreateTruncating(sigmas[i]), kappa, i);
            }

            sharpness.Add(((curvature / 6) + (rhoRootM * kappa / 18)) * sigma * sigma);
            kl.Add(Math.Log(prior / sigma));
        }

        return new UniformBoundSums(weights.Length, eta, sharpness.Value, kl.Value, tau.FromWeights);
    }

    /// <summary>σ within (0, κ]; a σ that was rounded to float may exceed κ by that rounding.</summary>
    private static double Level(double sigma, double kappa, int index) => sigma > 0 && sigma <= kappa * (1 + 1e-7)
        ? Math.Min(sigma, kappa)
        : throw new ArgumentException(
            $"A uniform perturbation must stay in the neighbourhood, 0 < σᵢ ≤ κᵢ, but at parameter {index} σ = {sigma:R} and κ " +
                $"= {kappa:R}. "
            + "Cut σ off at κ, or choose a larger γ or ε.");

    private static BoundStatus Status(UniformBoundSums sums) => sums.TauFromWeights ? BoundStatus.Score
        : BoundStatus.ConditionalBound;

    private static List<Assumption> Given(BoundForm form, IReadOnlyList<Assumption> ofEta)
    {
        List<Assumption> given =
            [.. Assumption.OfSample, Assumption.SmoothLoss, Assumption.HessianLipschitz, Assumption.ExactCurvature,
                Assumption.TauBeforeData, .. ofEta];
        if (form == BoundForm.Published)
        {
            given.Add(Assumption.LocalConvexity);
        }

        return given;
    }
}
