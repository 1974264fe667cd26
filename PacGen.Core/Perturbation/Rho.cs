using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// ρ, the Hessian's Lipschitz constant (Definition 3). Algorithm 1's is of one parameter, |change of h| / ‖change of w‖ over the
/// last completed step (line 6), without history: from h′ = βh + (1−β)g² follows h′ − h = (1−β)/β · (g² − h′), so the h and g
/// that the step left suffice.
/// </summary>
public static class Rho
{
    /// <summary>ρ√m, the factor of the bounds' third-order terms and of Ψ's.</summary>
    /// <param name="rho">ρ of all parameters, by ‖·‖.</param>
    /// <param name="parameters">m, the number of all parameters of the model.</param>
    public static double RootM(double rho, long parameters) => rho * Math.Sqrt(parameters);

    /// <summary>ρ = |g² − h| · scale.</summary>
    /// <param name="gradient">g of the last completed step.</param>
    /// <param name="secondMoment">h after that step; bias-corrected if the scale is.</param>
    /// <param name="scale">(1−β)/β / ‖Δw‖; see <see cref="Scale"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Estimate<T>(T gradient, T secondMoment, T scale)
        where T : struct, ILane<T> => T.Abs(T.Fma(gradient, gradient, -secondMoment)) * scale;

    /// <summary>
    /// (1−β)/β / ‖Δw‖; with bias correction (1−β)/(β − βᵗ) / ‖Δw‖, which makes the same identity hold for h/(1−βᵗ).
    /// </summary>
    /// <param name="beta">β₁ of Algorithm 1, in (0, 1).</param>
    /// <param name="stepNorm">‖Δw‖ of the last completed step.</param>
    /// <param name="biasCorrection">Whether h is bias-corrected.</param>
    /// <param name="steps">t, the number of completed steps; only bias correction asks for it.</param>
    /// <returns>
    /// 0 where no step moved the weights (‖Δw‖ = 0, or with bias correction after one step only, where no corrected h came
    /// before): whatever changed h then was not w, so nothing is known of ρ and σ rests on h alone, as in the paper's bound
    /// without its third-order term. Never above the largest float.
    /// </returns>
    public static double Scale(double beta, double stepNorm, bool biasCorrection = false, long steps = 0) =>
        stepNorm > 0 ? Math.Min(Numerator(beta, biasCorrection, steps) / stepNorm, float.MaxValue) : 0;

    /// <summary>
    /// What <see cref="Scale"/> divides by ‖Δw‖: (1−β)/β, or with bias correction (1−β)/(β − βᵗ); 0 where that is not above 0.
    /// </summary>
    /// <param name="beta">β₁ of Algorithm 1, in (0, 1).</param>
    /// <param name="biasCorrection">Whether h is bias-corrected.</param>
    /// <param name="steps">t, the number of completed steps.</param>
    public static double Numerator(double beta, bool biasCorrection = false, long steps = 0)
    {
        double previous = biasCorrection ? beta - Math.Pow(beta, steps) : beta;
        return previous > 0 ? (1 - beta) / previous : 0;
    }
}
