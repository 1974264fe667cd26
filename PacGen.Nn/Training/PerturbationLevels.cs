using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>Which levels σ Algorithm 1 gives the weights, and which branch of its line 8 sets them.</summary>
/// <param name="KappaShare">The share of the weights whose σ is κ: the curvature has no say there.</param>
/// <param name="StillShare">The share of the weights that are not perturbed, since |g| reaches β₂.</param>
/// <param name="KappaOverWeight">The median of κ/|w|.</param>
/// <param name="SigmaOverWeight">The median of σ/|w|.</param>
public sealed record PerturbationLevels(double KappaShare, double StillShare, double KappaOverWeight, double SigmaOverWeight)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"σ = κ for {100 * KappaShare:F2} % of the weights, 0 for {100 * StillShare:F2} %; medians κ/|w| {KappaOverWeight:G3}, " +
        $"σ/|w| {SigmaOverWeight:G3}";

    /// <summary>The levels that lines 6 to 8 give.</summary>
    /// <param name="weights">w.</param>
    /// <param name="secondMoments">h as stored.</param>
    /// <param name="gradients">g as stored.</param>
    /// <param name="settings">The step's scalars.</param>
    internal static PerturbationLevels Of(float[] weights, float[] secondMoments, float[] gradients, PerturbSettings settings)
    {
        LaneConstants<Float1> constants = Perturbed<UniformNoise>.Constants<Float1>(settings);
        float[] kappas = new float[weights.Length], sigmas = new float[weights.Length];
        int ofKappa = 0, still = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            Float1 w = new(weights[i]), g = new(gradients[i]);
            Float1 root = Perturbed<UniformNoise>.First(w, new Float1(secondMoments[i]), g, in constants);
            Float1 kappa = Kappa.Of(w, constants.C0, constants.C1);
            float sigma = OptimalSigma.AlgorithmOneOfRoot(g * constants.C2, root, kappa, constants.C6).Value;
            ofKappa += sigma == kappa.Value ? 1 : 0;
            still += sigma == 0 ? 1 : 0;
            float size = Math.Abs(weights[i]);
            (kappas[i], sigmas[i]) = (kappa.Value / size, sigma / size);
        }

        return new PerturbationLevels(
            (double)ofKappa / weights.Length, (double)still / weights.Length, Median(kappas), Median(sigmas));
    }

    private static double Median(float[] values)
    {
        Array.Sort(values);
        return 0.5 * (values[(values.Length - 1) / 2] + (double)values[values.Length / 2]);
    }
}
