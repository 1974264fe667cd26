using PacGen.Core.Bounds;

namespace PacGen.Core.Perturbation;

/// <summary>
/// The scalars of Lemma 8's sums with the exact divergence: plain floats, prepared on the host in double, passed to kernels by
/// value.
/// </summary>
public struct GaussianBoundSettings
{
    /// <summary>γ of κ.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>η times what the stored curvature is multiplied by.</summary>
    public float CurvatureScale;

    /// <summary>ηρ√m/3, m being the number of all parameters of the model, whatever part of them is summed.</summary>
    public float KappaScale;

    /// <summary>1/τ.</summary>
    public float InverseTau;

    /// <summary>½ log τ.</summary>
    public float LogDeviation;

    /// <summary>The settings of Lemma 8 at an η.</summary>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="eta">η, above 0.</param>
    /// <param name="tau">τ, the prior's variance, from 10⁻³⁰ to 10³⁰.</param>
    /// <param name="parameters">m.</param>
    /// <param name="curvatureScale">What the stored curvature is multiplied by: 1, or
    /// <see cref="SecondMoment.BiasCorrection"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">η or m is not above 0, or τ outside its range.</exception>
    public static GaussianBoundSettings Of(
        LocalSmoothness smoothness, double eta, double tau, long parameters, double curvatureScale = 1)
    {
        ArgumentNullException.ThrowIfNull(smoothness);
        Require.Eta(eta);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        if (tau is not (>= 1e-30 and <= 1e30))
        {
            throw new ArgumentOutOfRangeException(
                nameof(tau), tau, "τ, the prior's variance, must lie between 1e-30 and 1e30 for a device.");
        }

        return new GaussianBoundSettings
        {
            Gamma = (float)smoothness.Neighborhood.Gamma,
            Epsilon = (float)smoothness.Neighborhood.Epsilon,
            CurvatureScale = (float)Math.Min(eta * curvatureScale, float.MaxValue),
            KappaScale = (float)Math.Min(eta * smoothness.RhoRootM(parameters) / 3, float.MaxValue),
            InverseTau = (float)(1 / tau),
            LogDeviation = (float)(Math.Log(tau) / 2),
        };
    }
}
