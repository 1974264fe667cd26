using System.Numerics;
using MathNet.Numerics;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Bounds;

/// <summary>
/// The truncated Gaussian (16) in one coordinate, N(0, σ²) on [−κ, κ], and the product of them: mass, second moment, KL
/// divergence to a Gaussian, all in closed form and to full precision at every κ/σ. σ = +∞ is its limit, U(−κ, κ).
/// </summary>
public static class TruncatedGaussian
{
    /// <summary>Up to this κ/σ the positive series is taken, beyond it erfc: neither cancels where it is used.</summary>
    private const double SeriesLimit = 2;

    /// <summary>
    /// The largest σ at which the union bound gives Z ≥ ½: κ/(√2·erf⁻¹(1 − 1/(2m))), as P(|u| &lt; κ) = erf(κ/(√2σ)) must be at
    /// least 1 − 1/(2m). As published, κ/(√2·erf⁻¹(1/(2m))), under which Z is next to 0.
    /// </summary>
    /// <param name="kappa">κ.</param>
    /// <param name="parameters">m, at least 1.</param>
    /// <param name="form">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException">m is below 1.</exception>
    public static double Cap(double kappa, long parameters, BoundForm form = BoundForm.Rigorous)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        double tail = 0.5 / parameters;
        return kappa / (
            Math.Sqrt(2) * (form == BoundForm.Published ? SpecialFunctions.ErfInv(tail) : SpecialFunctions.ErfcInv(tail)));
    }

    /// <summary>log Z of one coordinate, Z = P(|u| &lt; κ) = erf(κ/(√2σ)).</summary>
    /// <param name="sigma">σ, above 0.</param>
    /// <param name="kappa">κ, above 0.</param>
    public static double LogMass(double sigma, double kappa)
    {
        double ratio = kappa / sigma;
        return ratio < SeriesLimit
            ? Math.Log(ratio) + Of(sigma, kappa).LogSigmaMass - Math.Log(kappa)
            : NearZero.LogOnePlus(-SpecialFunctions.Erfc(ratio / Math.Sqrt(2)));
    }

    /// <summary>𝔼ũ² = σ²(1 − 2aφ(a)/Z), a = κ/σ: σ² as a → ∞, κ²/3 as a → 0.</summary>
    /// <param name="sigma">σ, above 0; +∞ gives κ²/3.</param>
    /// <param name="kappa">κ, above 0.</param>
    public static double SecondMoment(double sigma, double kappa) => Of(sigma, kappa).SecondMoment;

    /// <summary>𝔼ũ⁴ = 3σ²𝔼ũ² − 2σ⁴a³φ(a)/Z, a = κ/σ: 3σ⁴ as a → ∞, κ⁴/5 as a → 0.</summary>
    /// <param name="sigma">σ, above 0; +∞ gives κ⁴/5.</param>
    /// <param name="kappa">κ, above 0.</param>
    public static double FourthMoment(double sigma, double kappa)
    {
        double ratio = kappa / sigma, x = ratio * ratio;
        if (ratio < SeriesLimit)
        {
            // κ⁴·S₂/S₀ with S₂ = Σ xᵏ/(5·7·…·(2k + 5)): by parts as in Of, terms of one sign.
            double numerator = 0, denominator = 0, term = 1d / 5;
            for (int k = 1; term > numerator * 1e-17; k++)
            {
                numerator += term;
                term *= x / ((2 * k) + 5);
            }

            term = 1;
            for (int k = 1; term > denominator * 1e-17; k++)
            {
                denominator += term;
                term *= x / ((2 * k) + 1);
            }

            return kappa * kappa * kappa * kappa * numerator / denominator;
        }

        double inside = 1 - SpecialFunctions.Erfc(ratio / Math.Sqrt(2)), variance = sigma * sigma;
        return (3 * variance * Of(sigma, kappa).SecondMoment)
            - (variance * variance * Math.Sqrt(2 / Math.PI) * ratio * x * Math.Exp(-x / 2) / inside);
    }

    /// <summary>
    /// KL of N(w, σ²) truncated to [w − κ, w + κ] to N(μ, s²): log(s/(σZ)) + (v + (w−μ)²)/(2s²) − v/(2σ²), v = 𝔼ũ².
    /// </summary>
    /// <param name="weight">w.</param>
    /// <param name="sigma">σ, above 0; +∞ is the uniform posterior.</param>
    /// <param name="kappa">κ, above 0.</param>
    /// <param name="priorMean">μ.</param>
    /// <param name="priorDeviation">s, above 0.</param>
    /// <remarks>The arguments are not checked; the sums over spans check them.</remarks>
    public static double Kl(double weight, double sigma, double kappa, double priorMean, double priorDeviation) =>
        Kl(weight, sigma, kappa, priorMean, priorDeviation, out _);

    /// <summary>KL of a product of truncated Gaussians to a product of Gaussians: the sum over coordinates.</summary>
    /// <param name="weights">w, the posterior's centres.</param>
    /// <param name="sigma">The posterior's σ before truncation.</param>
    /// <param name="kappa">κ, the half widths of the truncation.</param>
    /// <param name="priorMeans">μ.</param>
    /// <param name="priorDeviations">s.</param>
    /// <exception cref="ArgumentException">Lengths differ, σ, κ or s is not above 0, or a number is not finite; the message names
    /// the parameter.</exception>
    public static double Kl<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> sigma, ReadOnlySpan<T> kappa, ReadOnlySpan<T> priorMeans,
        ReadOnlySpan<T> priorDeviations)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, sigma.Length, "σ");
        Require.SameLength(weights.Length, kappa.Length, "κ");
        Require.SameLength(weights.Length, priorMeans.Length, "prior means");
        Require.SameLength(weights.Length, priorDeviations.Length, "prior deviations");
        CompensatedSum sum = default;
        for (int i = 0; i < weights.Length; i++)
        {
            sum.Add(Kl(
                Require.Finite(double.CreateTruncating(weights[i]), i, "weight"),
                Require.Level(double.CreateTruncating(sigma[i]), i, "σ"),
                Require.Width(double.CreateTruncating(kappa[i]), i, "κ"),
                Require.Finite(double.CreateTruncating(priorMeans[i]), i, "prior mean"),
                Require.Width(double.CreateTruncating(priorDeviations[i]), i, "prior deviation")));
        }

        return sum.Value;
    }

    /// <summary>The same with κ = γ|w| + ε and one deviation of the prior for all parameters.</summary>
    /// <param name="weights">w, the posterior's centres.</param>
    /// <param name="sigma">The posterior's σ before truncation.</param>
    /// <param name="neighborhood">γ and ε of κ.</param>
    /// <param name="priorMeans">μ.</param>
    /// <param name="priorDeviation">s.</param>
    /// <exception cref="ArgumentException">Lengths differ, σ or s is not above 0, or a number is not finite; the message names
    /// the parameter.</exception>
    public static double Kl<T>(
        ReadOnlySpan<T> weights, ReadOnlySpan<T> sigma, Neighborhood neighborhood, ReadOnlySpan<T> priorMeans,
        double priorDeviation)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, sigma.Length, "σ");
        Require.SameLength(weights.Length, priorMeans.Length, "prior means");
        ArgumentNullException.ThrowIfNull(neighborhood);
        Require.Width(priorDeviation, 0, "prior deviation");
        CompensatedSum sum = default;
        for (int i = 0; i < weights.Length; i++)
        {
            double weight = Require.Finite(double.CreateTruncating(weights[i]), i, "weight");
            sum.Add(Kl(
                weight,
                Require.Level(double.CreateTruncating(sigma[i]), i, "σ"),
                neighborhood.Kappa(weight),
                Require.Finite(double.CreateTruncating(priorMeans[i]), i, "prior mean"),
                priorDeviation));
        }

        return sum.Value;
    }

    /// <summary>
    /// log dQ/dπ at one draw v of the truncated product Q: Σ log(sᵢ/(σᵢZᵢ)) − (vᵢ − wᵢ)²/(2σᵢ²) + (vᵢ − μᵢ)²/(2sᵢ²), whose mean
    /// over draws is KL.
    /// </summary>
    /// <param name="draw">v = w + u.</param>
    /// <param name="weights">w, the posterior's centres.</param>
    /// <param name="sigma">The posterior's σ before truncation.</param>
    /// <param name="kappa">κ, the half widths of the truncation.</param>
    /// <param name="priorMeans">μ.</param>
    /// <param name="priorDeviations">s.</param>
    /// <exception cref="ArgumentException">Lengths differ, σ, κ or s is not above 0, or a number is not finite.</exception>
    public static double LogRatio<T>(
        ReadOnlySpan<T> draw, ReadOnlySpan<T> weights, ReadOnlySpan<T> sigma, ReadOnlySpan<T> kappa, ReadOnlySpan<T> priorMeans,
        ReadOnlySpan<T> priorDeviations)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, draw.Length, "drawn weights");
        Require.SameLength(weights.Length, sigma.Length, "σ");
        Require.SameLength(weights.Length, kappa.Length, "κ");
        Require.SameLength(weights.Length, priorMeans.Length, "prior means");
        Require.SameLength(weights.Length, priorDeviations.Length, "prior deviations");
        CompensatedSum sum = default;
        for (int i = 0; i < weights.Length; i++)
        {
            double v = Require.Finite(double.CreateTruncating(draw[i]), i, "drawn weight");
            double deviation = Require.Width(double.CreateTruncating(priorDeviations[i]), i, "prior deviation");
            double level = Require.Level(double.CreateTruncating(sigma[i]), i, "σ");
            double u = (v - Require.Finite(double.CreateTruncating(weights[i]), i, "weight")) / level;
            double shift = (v - Require.Finite(double.CreateTruncating(priorMeans[i]), i, "prior mean")) / deviation;
            double logSigmaMass = Of(level, Require.Width(double.CreateTruncating(kappa[i]), i, "κ")).LogSigmaMass;
            sum.Add(Math.Log(deviation) - logSigmaMass + (((shift * shift) - (u * u)) / 2));
        }

        return sum.Value;
    }

    /// <summary>KL and 𝔼ũ² at once.</summary>
    internal static double Kl(
        double weight, double sigma, double kappa, double priorMean, double priorDeviation, out double moment)
    {
        (double logSigmaMass, moment, double halfRatio) = Of(sigma, kappa);
        double shift = (weight - priorMean) / priorDeviation, spread = moment / (priorDeviation * priorDeviation);
        return Math.Log(priorDeviation) - logSigmaMass + ((spread + (shift * shift)) / 2) - halfRatio;
    }

    /// <summary>log(σZ), 𝔼ũ² and 𝔼ũ²/(2σ²).</summary>
    /// <remarks>
    /// With x = a² = (κ/σ)² and S₀ = Σ xᵏ/(2k+1)!!, by parts ∫₀ᵃe^{−t²/2}dt = a·e^{−x/2}·S₀ and ∫₀ᵃt²e^{−t²/2}dt = a·e^{−x/2}·(S₀
    /// − 1): terms of one sign, so nothing cancels, and σ drops out of σZ = κ√(2/π)·e^{−x/2}·S₀ and of 𝔼ũ² = κ²·q/S₀, q = (S₀ −
    /// 1)/x.
    /// </remarks>
    private static (double LogSigmaMass, double SecondMoment, double HalfRatio) Of(double sigma, double kappa)
    {
        double ratio = kappa / sigma, x = ratio * ratio;
        if (ratio < SeriesLimit)
        {
            double term = 1d / 3, q = term;
            for (int k = 2; term > q * 1e-17; k++)
            {
                term *= x / ((2 * k) + 1);
                q += term;
            }

            double xq = x * q;
            return (Math.Log(kappa * Math.Sqrt(2 / Math.PI)) - (x / 2) + NearZero.LogOnePlus(xq), kappa * kappa * q / (
                1 + xq), xq / (2 * (1 + xq)));
        }

        double outside = SpecialFunctions.Erfc(ratio / Math.Sqrt(2));
        double share = 1 - (Math.Sqrt(2 / Math.PI) * ratio * Math.Exp(-x / 2) / (1 - outside));
        return (Math.Log(sigma) + NearZero.LogOnePlus(-outside), sigma * sigma * share, share / 2);
    }
}
