namespace PacGen.Core.Perturbation;

/// <summary>The scalars of the score Ψ (24): plain floats, prepared on the host in double, passed to kernels by value.</summary>
public struct PsiSettings
{
    /// <summary>γ of κ.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>ρ(w*)·√m, m being the number of all parameters of the model, whatever part of them is summed.</summary>
    public float RhoRootM;

    /// <summary>What the stored curvature is multiplied by: 1, or <see cref="SecondMoment.BiasCorrection"/>.</summary>
    public float CurvatureScale;

    /// <summary>Settings of γ, ε, ρ(w*) and m.</summary>
    /// <param name="neighborhood">γ and ε of κ.</param>
    /// <param name="rho">ρ(w*), 0 or more.</param>
    /// <param name="parameters">m, of the whole model.</param>
    /// <param name="curvatureScale">What h is multiplied by.</param>
    /// <exception cref="ArgumentOutOfRangeException">ρ is negative or NaN, or m below 1.</exception>
    public static PsiSettings Of(Neighborhood neighborhood, double rho, long parameters, double curvatureScale = 1)
    {
        ArgumentNullException.ThrowIfNull(neighborhood);
        if (!(rho >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(rho), rho, "ρ must be at least 0.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        return new PsiSettings
        {
            Gamma = (float)neighborhood.Gamma,
            Epsilon = (float)neighborhood.Epsilon,
            RhoRootM = (float)Math.Min(Rho.RootM(rho, parameters), float.MaxValue),
            CurvatureScale = (float)curvatureScale,
        };
    }
}
