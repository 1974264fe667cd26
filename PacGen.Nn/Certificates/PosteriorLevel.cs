using MathNet.Numerics;

namespace PacGen.Nn;

/// <summary>The level σ* of a truncated Gaussian around each weight, by (21) with the prior's variance in place of τ.</summary>
internal static class PosteriorLevel
{
    /// <summary>
    /// σᵢ* = min(1/√(η hᵢ + 1/sᵢ²), κᵢ/(√2 erf⁻¹(1 − 1/(2m)))), κ = γ|w| + ε: the minimum over σ of ½Σ hᵢσᵢ² + KL(N(w, σ²) ‖ N(w₀, s²))/η,
    /// with the cap under which at most half of the Gaussian's mass is cut off.
    /// </summary>
    /// <param name="weights">w.</param>
    /// <param name="curvature">h ≈ the diagonal of ∇²L̂.</param>
    /// <param name="eta">η.</param>
    /// <param name="priorScale">s, or null where 1/s² is 0.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>σ* and κ.</returns>
    public static (float[] Sigma, float[] Kappa) Of(
        ReadOnlySpan<float> weights, ReadOnlySpan<double> curvature, double eta, float[]? priorScale, double gamma, double epsilon)
    {
        double cut = Math.Sqrt(2) * SpecialFunctions.ErfcInv(0.5 / weights.Length);
        float[] sigma = new float[weights.Length], kappa = new float[weights.Length];
        for (int i = 0; i < sigma.Length; i++)
        {
            double width = (gamma * Math.Abs((double)weights[i])) + epsilon;
            double precision = (eta * curvature[i]) + (priorScale is null ? 0 : 1 / ((double)priorScale[i] * priorScale[i]));
            kappa[i] = (float)width;
            sigma[i] = (float)Math.Min(1 / Math.Sqrt(precision), width / cut);
        }

        return (sigma, kappa);
    }
}
