using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>A prior N(w₀, s²) and a posterior of truncated Gaussians, N(w, σ²) on [w − κ, w + κ].</summary>
/// <param name="Level">The prior's level.</param>
/// <param name="PriorMean">w₀.</param>
/// <param name="PriorDeviation">s.</param>
/// <param name="Mean">w.</param>
/// <param name="Sigma">σ.</param>
/// <param name="Kappa">κ.</param>
internal sealed record Candidate(
    double Level, float[] PriorMean, float[] PriorDeviation, float[] Mean, float[] Sigma, float[] Kappa)
{
    /// <summary>η of its σ*.</summary>
    public required double Eta { get; init; }

    /// <summary>KL of the posterior to the prior.</summary>
    public double Kl { get; } = TruncatedGaussian.Kl<float>(Mean, Sigma, Kappa, PriorMean, PriorDeviation);

    /// <summary>Σ(wᵢ − w₀ᵢ)²/(2sᵢ²).</summary>
    public double KlOfShift
    {
        get
        {
            double sum = 0;
            for (int i = 0; i < Mean.Length; i++)
            {
                double shift = ((double)Mean[i] - PriorMean[i]) / PriorDeviation[i];
                sum += shift * shift / 2;
            }

            return sum;
        }
    }
}
