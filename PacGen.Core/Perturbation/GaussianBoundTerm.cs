using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// One weight's part of Lemma 8 with the exact divergence: σ*, its KL to N(0, τ) and its ηℳ. Over w and the curvature: KL and
/// ηℳ; how far the curvature is below 0.
/// </summary>
/// <remarks>
/// With x = (κ/σ)²: up to x = 9 the series S₀ = Σ xᵏ/(2k+1)!!, all of whose terms are positive, in which σZ =
/// κ√(2/π)·e^{−x/2}·S₀ and 𝔼ũ² = κ²q/S₀, S₀ = 1 + xq; beyond, Mills' ratio as a continued fraction. Both to about 10⁻⁸, below
/// the rounding of a float.
/// </remarks>
public readonly struct GaussianBoundTerm : ITerms<GaussianBoundSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 2;

    /// <inheritdoc/>
    public static int Sums => 2;

    /// <inheritdoc/>
    public static int Maxima => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, GaussianBoundSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        sum0 = Of(a, b, settings, out sum1);
        largest0 = -b;
        largest1 = T.Constant(0f);
    }

    /// <summary>KL = log(√τ/(σZ)) + (𝔼ũ² + w²)/2τ − 𝔼ũ²/2σ².</summary>
    /// <param name="weight">w.</param>
    /// <param name="curvature">∇², as stored, at least 0.</param>
    /// <param name="settings">The scalars.</param>
    /// <param name="scaledSharpness">ηℳ's part: ½η(∇² + ρ√m κ/3)·𝔼ũ², at most ½.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T weight, T curvature, GaussianBoundSettings settings, out T scaledSharpness)
        where T : struct, ILane<T>
    {
        T one = T.Constant(1f), half = T.Constant(0.5f);
        T kappa = Kappa.Of(weight, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T sigma = OptimalSigma.Gaussian(
            kappa, curvature, T.Constant(settings.CurvatureScale), T.Constant(settings.KappaScale),
            T.Constant(settings.InverseTau), out T scaled, out T precision);
        T x = kappa * kappa * precision;
        T near = T.LessOrEqual(x, T.Constant(9f));

        // The order of Min's arguments lets a NaN pass.
        T xNear = T.Min(T.Constant(9f), x), q = Series(xNear), rest = xNear * q;
        T root = T.Sqrt(T.Max(T.Constant(9f), T.Min(T.Constant(400f), x)));
        T density = T.Constant(0.797884561f) * T.Exp(-half * root * root), inside = one - (density * Mills(root));

        T logMass = T.Log(T.Select(near, T.Constant(0.797884561f) * kappa * (one + rest), sigma * inside))
            - T.Select(near, half * xNear, T.Constant(0f));

        // 𝔼ũ²/σ².
        T ratio = T.Select(near, rest / (one + rest), one - (root * density / inside));
        T moment = T.Select(near, kappa * kappa * q / (one + rest), ratio / precision);
        scaledSharpness = half * scaled * moment;
        T spread = T.Fma(weight, weight, moment) * T.Constant(settings.InverseTau);
        return T.Constant(settings.LogDeviation) - logMass + (half * (spread - ratio));
    }

    /// <summary>q = Σ_{k≥1} xᵏ⁻¹/(2k+1)!! = ⅓(1 + x/5(1 + x/7(1 + …))), twenty terms: to 7·10⁻⁹ of S₀ at x = 9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Series<T>(T x)
        where T : struct, ILane<T>
    {
        T one = T.Constant(1f);
        T h = T.Fma(x, T.Constant(1f / 41), one);
        h = T.Fma(x * T.Constant(1f / 39), h, one);
        h = T.Fma(x * T.Constant(1f / 37), h, one);
        h = T.Fma(x * T.Constant(1f / 35), h, one);
        h = T.Fma(x * T.Constant(1f / 33), h, one);
        h = T.Fma(x * T.Constant(1f / 31), h, one);
        h = T.Fma(x * T.Constant(1f / 29), h, one);
        h = T.Fma(x * T.Constant(1f / 27), h, one);
        h = T.Fma(x * T.Constant(1f / 25), h, one);
        h = T.Fma(x * T.Constant(1f / 23), h, one);
        h = T.Fma(x * T.Constant(1f / 21), h, one);
        h = T.Fma(x * T.Constant(1f / 19), h, one);
        h = T.Fma(x * T.Constant(1f / 17), h, one);
        h = T.Fma(x * T.Constant(1f / 15), h, one);
        h = T.Fma(x * T.Constant(1f / 13), h, one);
        h = T.Fma(x * T.Constant(1f / 11), h, one);
        h = T.Fma(x * T.Constant(1f / 9), h, one);
        h = T.Fma(x * T.Constant(1f / 7), h, one);
        h = T.Fma(x * T.Constant(1f / 5), h, one);
        return h * T.Constant(1f / 3);
    }

    /// <summary>Mills' ratio Q(a)/φ(a) = 1/(a + 1/(a + 2/(a + 3/(a + …)))), eight levels: to 4·10⁻⁶ at a = 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Mills<T>(T a)
        where T : struct, ILane<T>
    {
        T t = a + (T.Constant(8f) / a);
        t = a + (T.Constant(7f) / t);
        t = a + (T.Constant(6f) / t);
        t = a + (T.Constant(5f) / t);
        t = a + (T.Constant(4f) / t);
        t = a + (T.Constant(3f) / t);
        t = a + (T.Constant(2f) / t);
        t = a + (T.Constant(1f) / t);
        return T.Constant(1f) / t;
    }
}
