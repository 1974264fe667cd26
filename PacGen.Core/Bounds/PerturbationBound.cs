using System.Numerics;

namespace PacGen.Core.Bounds;

/// <summary>
/// Lemmas 5 and 9: the expected loss of perturbed weights by curvature, ρ and KL, for any perturbation whose moments are known.
/// The loss must be twice differentiable in the weights and lie in [0, 1]: a smooth <see cref="BoundedCrossEntropy"/>, not the
/// clipped one or the 0-1 loss.
/// </summary>
public static class PerturbationBound
{
    /// <summary>
    /// Lemma 5 (7): 𝔼L(w+u) ≤ L̂(w) + ½Σ∇ᵢ²L̂·𝔼uᵢ² + (ρ/6)𝔼‖u‖³ + (KL + log(1/δ))/η + η/2n, which is L̂ + ℳ (9) + 𝒢 (10).
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="curvature">∇ᵢ²L̂(w), the diagonal of the Hessian; may be negative.</param>
    /// <param name="secondMoments">𝔼uᵢ².</param>
    /// <param name="rho">ρ over the neighbourhood that u stays in.</param>
    /// <param name="cubedNorm">𝔼‖u‖³ or an upper bound of it; see <see cref="CubedNorm{T}(ReadOnlySpan{T})"/>.</param>
    /// <param name="kl">KL(w + u ‖ π).</param>
    /// <exception cref="ArgumentException">The spans differ in length, or 𝔼‖u‖³ is below (Σ𝔼uᵢ²)^{3/2}, which cannot
    /// be.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range; the message names the
    /// condition.</exception>
    public static BoundResult Lemma5<T>(
        BoundSample sample, double eta, ReadOnlySpan<T> curvature, ReadOnlySpan<T> secondMoments, double rho, double cubedNorm,
        double kl)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(sample);
        double sharpness = Sharpness(curvature, secondMoments, rho, cubedNorm);
        Require.Eta(eta);
        Require.Kl(kl);
        return Summands.Result(
            "Lemma 5 (7)",
            sample,
            eta,
            ("ℳ (9)", sharpness),
            kl,
            BoundStatus.ConditionalBound,
            [
                .. Assumption.OfSample, Assumption.SmoothLoss, Assumption.HessianLipschitz, Assumption.ExactCurvature,
                Assumption.CentredPerturbation,
                Assumption.PriorBeforeData, Assumption.EtaBeforeData,
            ]);
    }

    /// <summary>ℳ (9) = ½Σ∇ᵢ²L̂·𝔼uᵢ² + (ρ/6)𝔼‖u‖³, which bounds 𝔼L̂(w+u) − L̂(w) for a centred, uncorrelated u.</summary>
    /// <param name="curvature">∇ᵢ²L̂(w); may be negative.</param>
    /// <param name="secondMoments">𝔼uᵢ².</param>
    /// <param name="rho">ρ.</param>
    /// <param name="cubedNorm">𝔼‖u‖³ or an upper bound of it.</param>
    /// <exception cref="ArgumentException">As for <see cref="Lemma5"/>.</exception>
    public static double Sharpness<T>(ReadOnlySpan<T> curvature, ReadOnlySpan<T> secondMoments, double rho, double cubedNorm)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(curvature.Length, secondMoments.Length, "second moments");
        CompensatedSum quadratic = default, squares = default;
        for (int i = 0; i < curvature.Length; i++)
        {
            double moment = Require.Moment(double.CreateTruncating(secondMoments[i]), i);
            squares.Add(moment);
            quadratic.Add(Require.Finite(double.CreateTruncating(curvature[i]), i, "curvature") * moment);
        }

        return (quadratic.Value / 2) + (Require.Rho(rho) / 6 * Require.CubedNorm(cubedNorm, squares.Value));
    }

    /// <summary>
    /// (9) as an upper limit of the posterior's empirical loss, 𝔼L̂(w+u) ≤ L̂(w) + ℳ, to be put into any inequality by
    /// <see cref="BoundResult.Into"/>. It is no statement about chance, so an η that ℳ was made at may be chosen by the sample.
    /// </summary>
    /// <param name="loss">L̂(w), in [0, 1].</param>
    /// <param name="sharpness">ℳ, as <see cref="Sharpness"/>, <see cref="UniformBoundSums.Sharpness"/> or
    /// <see cref="GaussianBoundSums.Sharpness"/> have it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The loss is outside [0, 1], or ℳ is not finite.</exception>
    public static BoundResult EmpiricalLimit(double loss, double sharpness)
    {
        Require.Loss(loss);
        if (!double.IsFinite(sharpness))
        {
            throw new ArgumentOutOfRangeException(nameof(sharpness), sharpness, "ℳ must be finite.");
        }

        return Summands.Of(
            "𝔼L̂ ≤ L̂ + ℳ (9)",
            BoundStatus.ConditionalBound,
            0,
            [Assumption.SmoothLoss, Assumption.HessianLipschitz, Assumption.ExactCurvature, Assumption.CentredPerturbation],
            ("L̂(w)", loss),
            ("ℳ (9)", sharpness));
    }

    /// <summary>𝒢 (10) = (KL + log(1/δ))/η + η/2n.</summary>
    /// <param name="kl">KL(w + u ‖ π).</param>
    /// <param name="count">n.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="eta">η, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static double Generalization(double kl, long count, double delta, double eta)
    {
        BoundSample sample = new(0, count, delta);
        return ((Require.Kl(kl) + sample.LogInverseDelta) / Require.Eta(eta)) + (eta / (2.0 * count));
    }

    /// <summary>√m·Σ𝔼|uᵢ|³, which 𝔼‖u‖³ is at most, since ‖u‖₂ ≤ m^{1/6}‖u‖₃.</summary>
    /// <param name="thirdMoments">𝔼|uᵢ|³.</param>
    /// <exception cref="ArgumentException">There are none, or one is negative or not finite.</exception>
    public static double CubedNorm<T>(ReadOnlySpan<T> thirdMoments)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.Parameters(thirdMoments.Length);
        CompensatedSum sum = default;
        for (int i = 0; i < thirdMoments.Length; i++)
        {
            sum.Add(Require.Moment(double.CreateTruncating(thirdMoments[i]), i));
        }

        return Math.Sqrt(thirdMoments.Length) * sum.Value;
    }

    /// <summary>√m·Σκᵢ𝔼uᵢ², which 𝔼‖u‖³ is at most for |uᵢ| ≤ κᵢ: the step before (12).</summary>
    /// <param name="weights">w.</param>
    /// <param name="secondMoments">𝔼uᵢ².</param>
    /// <param name="smoothness">γ and ε of κ.</param>
    /// <exception cref="ArgumentException">The spans differ in length; a second moment is negative, above κᵢ², or not
    /// finite.</exception>
    public static double CubedNorm<T>(ReadOnlySpan<T> weights, ReadOnlySpan<T> secondMoments, LocalSmoothness smoothness)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.SameLength(weights.Length, secondMoments.Length, "second moments");
        CompensatedSum sum = default;
        for (int i = 0; i < weights.Length; i++)
        {
            double kappa = smoothness.Kappa(Require.Finite(double.CreateTruncating(weights[i]), i, "weight"));
            double moment = Require.Moment(double.CreateTruncating(secondMoments[i]), i);
            if (moment > kappa * kappa * (1 + 1e-6))
            {
                throw new ArgumentException(
                    $"A perturbation within κ has 𝔼u² ≤ κ², but at parameter {i} 𝔼u² is {moment:R} and κ {kappa:R}.",
                    nameof(secondMoments));
            }

            sum.Add(kappa * moment);
        }

        return Math.Sqrt(weights.Length) * sum.Value;
    }

    /// <summary>
    /// Lemma 9 (31): at a stationary point for any perturbation, dependent or not centred too, and at any w for one of mean 0,
    /// 𝔼L(w+u) ≤ L̂(w) + ½λmax(∇²L̂)·Σ𝔼uᵢ² + (ρ/6)𝔼‖u‖³ + (KL + log(1/δ))/η + η/2n.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="eta">η, above 0, chosen before the sample was seen.</param>
    /// <param name="largestEigenvalue">λmax(∇²L̂(w)) or an upper bound of it. It may be negative; the step (32) holds for either
    /// sign.</param>
    /// <param name="squaredNorm">Σ𝔼uᵢ² = 𝔼‖u‖².</param>
    /// <param name="rho">ρ over the neighbourhood that u stays in.</param>
    /// <param name="cubedNorm">𝔼‖u‖³ or an upper bound of it.</param>
    /// <param name="kl">KL(w + u ‖ π).</param>
    /// <param name="residual">‖∇²L̂v − λv‖ of a λmax that Lanczos's method found: a Rayleigh quotient comes from below, so it is
    /// added. 0 for a λmax that is known.</param>
    /// <param name="meanZero">𝔼u = 0: then the gradient's term vanishes at every w, and no stationary point is asked for.</param>
    /// <exception cref="ArgumentException">An argument is outside its range; the message names the condition.</exception>
    public static BoundResult Lemma9(
        BoundSample sample, double eta, double largestEigenvalue, double squaredNorm, double rho, double cubedNorm, double kl,
        double residual = 0, bool meanZero = false)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (!double.IsFinite(largestEigenvalue))
        {
            throw new ArgumentOutOfRangeException(nameof(largestEigenvalue), largestEigenvalue, "λmax must be finite.");
        }

        if (squaredNorm is not (>= 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(squaredNorm), squaredNorm, "𝔼‖u‖² must be at least 0 and finite.");
        }

        if (residual is not (>= 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(residual), residual, "A residual must be at least 0 and finite.");
        }

        double sharpness = ((largestEigenvalue + residual) * squaredNorm / 2) + (
            Require.Rho(rho) / 6 * Require.CubedNorm(cubedNorm, squaredNorm));
        Require.Eta(eta);
        Require.Kl(kl);
        return Summands.Result(
            "Lemma 9 (31)",
            sample,
            eta,
            ("½λmax·𝔼‖u‖² + (ρ/6)𝔼‖u‖³", sharpness),
            kl,
            BoundStatus.ConditionalBound,
            [
                .. Assumption.OfSample, meanZero ? Assumption.MeanZero : Assumption.StationaryPoint, Assumption.SmoothLoss,
                Assumption.HessianLipschitz, Assumption.LargestEigenvalue,
                Assumption.BoundedPerturbation, Assumption.PriorBeforeData, Assumption.EtaBeforeData,
            ]);
    }
}
