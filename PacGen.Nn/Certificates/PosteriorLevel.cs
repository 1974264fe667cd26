using PacGen.Core.Bounds;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>The level σ* of a truncated Gaussian around each weight, by (21) with the prior's variance in place of τ.</summary>
internal static class PosteriorLevel
{
    /// <summary>
    /// σᵢ* = min(1/√(η hᵢ + 1/sᵢ²), κᵢ/(√2 erf⁻¹(1 − 1/(2m)))): the minimum over σ of ½Σ hᵢσᵢ² + KL(N(w, σ²) ‖ N(w₀, s²))/η, with
    /// the cap under which at most half of the Gaussian's mass is cut off.
    /// </summary>
    /// <param name="weights">w.</param>
    /// <param name="curvature">h ≈ the diagonal of ∇²L̂.</param>
    /// <param name="eta">η.</param>
    /// <param name="priorScale">s, or null where 1/s² is 0.</param>
    /// <param name="neighborhood">γ and ε.</param>
    public static float[] Sigma(
        ReadOnlySpan<float> weights, ReadOnlySpan<double> curvature, double eta, float[]? priorScale, Neighborhood neighborhood)
    {
        double unitCap = TruncatedGaussian.Cap(1, weights.Length);
        float[] sigma = new float[weights.Length];
        for (int i = 0; i < sigma.Length; i++)
        {
            double width = Width(weights[i], neighborhood);
            double variance = priorScale is null ? double.PositiveInfinity : (double)priorScale[i] * priorScale[i];
            sigma[i] = (float)GaussianBound.OptimalSigma(curvature[i], width, 0, eta, variance, unitCap);
        }

        return sigma;
    }

    /// <summary>κ, as the kernel that draws computes it.</summary>
    public static float[] Kappa(ReadOnlySpan<float> weights, Neighborhood neighborhood)
    {
        float[] kappa = new float[weights.Length];
        for (int i = 0; i < kappa.Length; i++)
        {
            kappa[i] = Width(weights[i], neighborhood);
        }

        return kappa;
    }

    private static float Width(float weight, Neighborhood neighborhood) => Core.Perturbation.Kappa.Of(
        new Float1(weight), new Float1((float)neighborhood.Gamma), new Float1((float)neighborhood.Epsilon)).Value;
}
