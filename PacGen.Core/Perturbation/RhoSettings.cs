using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// The scalars of ρ(w*)'s sums over all parameters: plain floats and words, prepared on the host, passed to kernels by value.
/// </summary>
public struct RhoSettings
{
    /// <summary>γ of κ.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>
    /// What u is multiplied by before it is squared, a power of 2, so that neither u² nor its sum leaves a float's range.
    /// </summary>
    public float NormScale;

    /// <summary>The random numbers.</summary>
    public PhiloxDraw Draw;

    /// <summary>
    /// ‖u‖² from the second sum of <see cref="RhoTerm"/>, in double, where it does not leave the range.
    /// </summary>
    /// <param name="scaledSum">The second sum: ‖u‖² times the square of <see cref="NormScale"/>.</param>
    public readonly double SquaredNorm(double scaledSum) => scaledSum / ((double)NormScale * NormScale);

    /// <summary>The settings for a perturbation that <see cref="PerturbSettings.WholeNeighborhood"/> made.</summary>
    /// <param name="perturbation">What w + u was made with.</param>
    /// <param name="largestWeight">max|w|.</param>
    public static RhoSettings Of(in PerturbSettings perturbation, double largestWeight)
    {
        double largestKappa = Kappa.Of(
            new Double1(largestWeight), new Double1(perturbation.Gamma), new Double1(perturbation.Epsilon)).Value;
        return new RhoSettings
        {
            Gamma = perturbation.Gamma,
            Epsilon = perturbation.Epsilon,
            NormScale = double.IsFinite(largestKappa) && largestKappa > 0
                ? (float)Math.ScaleB(1, -Math.Clamp(Math.ILogB(largestKappa), -120, 120)) : 1f,
            Draw = perturbation.Draw,
        };
    }
}
