using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>σ*, the perturbation level that the bound is smallest at: (14), (21), and line 8 of Algorithm 1.</summary>
public static class OptimalSigma
{
    /// <summary>
    /// a∇² + bκ: what stands under the root of (14), with a = η/3 and b = ηρ√m/9, and, beside 1/τ, under that of (21).
    /// </summary>
    /// <param name="kappa">κ.</param>
    /// <param name="curvature">∇².</param>
    /// <param name="curvatureScale">a.</param>
    /// <param name="kappaScale">b.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Scaled<T>(T kappa, T curvature, T curvatureScale, T kappaScale)
        where T : struct, ILane<T> => T.Fma(curvatureScale, curvature, kappaScale * kappa);

    /// <summary>(14): σ* = min(1/√(η(∇²/3 + ρ√m κ/9)), κ).</summary>
    /// <param name="kappa">κ.</param>
    /// <param name="curvature">∇²; where the root's argument is not above 0, the answer is κ, and a NaN gives NaN.</param>
    /// <param name="curvatureScale">η/3.</param>
    /// <param name="kappaScale">ηρ√m/9.</param>
    /// <param name="scaled">η(∇²/3 + ρ√m κ/9), the square's reciprocal.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Uniform<T>(T kappa, T curvature, T curvatureScale, T kappaScale, out T scaled)
        where T : struct, ILane<T>
    {
        scaled = Scaled(kappa, curvature, curvatureScale, kappaScale);

        // Below 0 the root is that of 0: 1/0 leaves κ. The order of Min's and Max's arguments lets a NaN pass.
        return T.Min(kappa, T.Constant(1f) / T.Sqrt(T.Max(T.Constant(0f), scaled)));
    }

    /// <summary>
    /// (21) without its cap: σ* = 1/√(a∇² + bκ + 1/τ), with a = η and b = ηρ√m/3 in Appendix C, b = ρ√m/3 as (21) is printed.
    /// </summary>
    /// <param name="kappa">κ.</param>
    /// <param name="curvature">∇².</param>
    /// <param name="curvatureScale">a.</param>
    /// <param name="kappaScale">b.</param>
    /// <param name="inverseTau">1/τ.</param>
    /// <param name="scaled">a∇² + bκ.</param>
    /// <param name="precision">a∇² + bκ + 1/τ, the square's reciprocal; where it is below 0, σ* is NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gaussian<T>(
        T kappa, T curvature, T curvatureScale, T kappaScale, T inverseTau, out T scaled, out T precision)
        where T : struct, ILane<T>
    {
        scaled = Scaled(kappa, curvature, curvatureScale, kappaScale);
        precision = scaled + inverseTau;
        return T.Constant(1f) / T.Sqrt(precision);
    }

    /// <summary>(21): the same, at most cap·κ.</summary>
    /// <param name="kappa">κ, above 0.</param>
    /// <param name="curvature">∇².</param>
    /// <param name="curvatureScale">a.</param>
    /// <param name="kappaScale">b.</param>
    /// <param name="inverseTau">1/τ.</param>
    /// <param name="cap">The cap at κ = 1: 1/(√2·erf⁻¹(1 − 1/2m)), or as printed 1/(√2·erf⁻¹(1/2m)); +∞ for none.</param>
    /// <param name="precision">a∇² + bκ + 1/τ; where it is below 0, the answer is NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CappedGaussian<T>(
        T kappa, T curvature, T curvatureScale, T kappaScale, T inverseTau, T cap, out T precision)
        where T : struct, ILane<T> =>
        T.Min(cap * kappa, Gaussian(kappa, curvature, curvatureScale, kappaScale, inverseTau, out _, out precision));

    /// <summary>
    /// Line 8 of Algorithm 1: σ = min(1 / (log(1+epoch)·√(η(h + ρκ))), κ) where |g| &lt; β₂, else 0.
    /// </summary>
    /// <param name="gradient">g.</param>
    /// <param name="curvature">η·log²(1+epoch)·(h + ρκ): see <see cref="AlgorithmOneCurvature"/>.</param>
    /// <param name="kappa">κ; see <see cref="Kappa"/>.</param>
    /// <param name="gradientThreshold">β₂.</param>
    /// <remarks>
    /// Where h + ρκ is 0, or a negative estimate of curvature came in, the answer is κ (footnote 4 treats those as 0);
    /// so it is where ρκ is ∞·0. The answer is NaN only if κ is.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T AlgorithmOne<T>(T gradient, T curvature, T kappa, T gradientThreshold)
        where T : struct, ILane<T> => AlgorithmOneOfRoot(gradient, T.Sqrt(curvature), kappa, gradientThreshold);

    /// <summary>The same of the root, log(1+epoch)·√(η(h + ρκ)).</summary>
    /// <param name="gradient">g.</param>
    /// <param name="root">The root.</param>
    /// <param name="kappa">κ; see <see cref="Kappa"/>.</param>
    /// <param name="gradientThreshold">β₂.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T AlgorithmOneOfRoot<T>(T gradient, T root, T kappa, T gradientThreshold)
        where T : struct, ILane<T>
    {
        // Min answers with its second argument when the first is NaN.
        T sigma = T.Min(T.Constant(1f) / root, kappa);
        return T.Select(T.Less(T.Abs(gradient), gradientThreshold), sigma, T.Constant(0f));
    }

    /// <summary>What stands under the roots of line 8: η·log²(1+epoch)·(h + ρκ).</summary>
    /// <param name="secondMoment">h.</param>
    /// <param name="rho">ρ of this parameter; see <see cref="Rho"/>.</param>
    /// <param name="kappa">κ.</param>
    /// <param name="curvatureScale">η·log²(1+epoch); see <see cref="NoiseSchedule.CurvatureScale"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T AlgorithmOneCurvature<T>(T secondMoment, T rho, T kappa, T curvatureScale)
        where T : struct, ILane<T> => curvatureScale * T.Fma(rho, kappa, secondMoment);
}
