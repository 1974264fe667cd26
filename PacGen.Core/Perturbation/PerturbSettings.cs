using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// The scalars of one perturbation of all parameters: plain floats and words, prepared on the host in double, passed to kernels
/// by value.
/// </summary>
public struct PerturbSettings
{
    /// <summary>γ of κ, with line 7's 1/log(1+epoch) in it; see <see cref="NoiseSchedule.Gamma"/>.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>η·log²(1+epoch); see <see cref="NoiseSchedule.CurvatureScale"/>. 0 makes σ = κ.</summary>
    public float CurvatureScale;

    /// <summary>(1−β₁)/β₁ / ‖Δw‖; see <see cref="Rho.Scale"/>.</summary>
    public float RhoScale;

    /// <summary>β₂: parameters whose |g| reaches it are not perturbed. 0 perturbs nothing, +∞ everything.</summary>
    public float GradientThreshold;

    /// <summary>What the stored gradient is multiplied by, as the last update did (gradient clipping); else 1.</summary>
    public float GradientScale;

    /// <summary>What the stored h is multiplied by: 1, or <see cref="SecondMoment.BiasCorrection"/>.</summary>
    public float SecondMomentScale;

    /// <summary>The random numbers.</summary>
    public PhiloxDraw Draw;

    /// <summary>Settings under which nothing is perturbed, as at Algorithm 1's first step: w + u is w.</summary>
    public static PerturbSettings None => new() { CurvatureScale = 1f, GradientScale = 1f, SecondMomentScale = 1f };

    /// <summary>
    /// Settings under which u has the level σ = 1/√(λp), p in the place of h: of <see cref="GaussianNoise"/>, w + u is then a
    /// sample of N(w, 1/(λp)).
    /// </summary>
    /// <param name="scale">λ.</param>
    /// <param name="draw">The random numbers.</param>
    public static PerturbSettings Posterior(double scale, PhiloxDraw draw) => new()
    {
        Epsilon = (float)Neighborhood.Largest,
        CurvatureScale = (float)scale,
        GradientThreshold = float.PositiveInfinity,
        GradientScale = 1f,
        SecondMomentScale = 1f,
        Draw = draw,
    };

    /// <summary>
    /// Settings under which u reaches up to κ_{γ,ε} whatever h and g are: σ = κ, as the scores' ρ(w*) asks for.
    /// </summary>
    /// <param name="neighborhood">γ and ε of κ.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Which of the run's random arrays.</param>
    /// <param name="step">The step, or the number of the draw.</param>
    public static PerturbSettings WholeNeighborhood(Neighborhood neighborhood, ulong seed, uint stream, uint step) => new()
    {
        Gamma = (float)neighborhood.Gamma,
        Epsilon = (float)neighborhood.Epsilon,
        GradientThreshold = float.PositiveInfinity,
        GradientScale = 1f,
        SecondMomentScale = 1f,
        Draw = new PhiloxDraw(seed, stream, step),
    };
}
