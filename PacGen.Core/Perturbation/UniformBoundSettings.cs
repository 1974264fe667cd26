using PacGen.Core.Bounds;

namespace PacGen.Core.Perturbation;

/// <summary>The scalars of Lemma 6's sums: plain floats, prepared on the host in double, passed to kernels by value.</summary>
public struct UniformBoundSettings
{
    /// <summary>γ of κ.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>η/3 times what the stored curvature is multiplied by.</summary>
    public float CurvatureScale;

    /// <summary>ηρ√m/9, m being the number of all parameters of the model, whatever part of them is summed.</summary>
    public float KappaScale;

    /// <summary>τ's part that is the same for all.</summary>
    public float Tau;

    /// <summary>τ's part that is a multiple of |w| + κ.</summary>
    public float TauFactor;

    /// <summary>The settings of Lemma 6 at an η.</summary>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="tau">τ.</param>
    /// <param name="parameters">m.</param>
    /// <param name="curvatureScale">What the stored curvature is multiplied by: 1, or
    /// <see cref="SecondMoment.BiasCorrection"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">η or m is not above 0.</exception>
    public static UniformBoundSettings Of(
        LocalSmoothness smoothness, double eta, Tau tau, long parameters, double curvatureScale = 1)
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        return new UniformBoundSettings
        {
            Gamma = (float)smoothness.Neighborhood.Gamma,
            Epsilon = (float)smoothness.Neighborhood.Epsilon,
            CurvatureScale = (float)Math.Min(eta * curvatureScale / 3, float.MaxValue),
            KappaScale = (float)Math.Min(eta * smoothness.RhoRootM(parameters) / 9, float.MaxValue),
            Tau = (float)tau.Value,
            TauFactor = (float)tau.Factor,
        };
    }
}
