using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// One weight's part of Lemma 6: σ* (14), its KL (11) and its ηℳ. Over w and the curvature: KL and ηℳ; how far the curvature is
/// below 0, and |w| + κ.
/// </summary>
public readonly struct UniformBoundTerm : ITerms<UniformBoundSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 2;

    /// <inheritdoc/>
    public static int Sums => 2;

    /// <inheritdoc/>
    public static int Maxima => 2;

    /// <inheritdoc/>
    public static bool IsSplit => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, UniformBoundSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        First(a, b, c, word, settings, out T first, out sum1, out largest0, out largest1);
        sum0 = Last(first);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void First<T, TWords>(
        T a, T b, T c, TWords word, UniformBoundSettings settings, out T first, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        first = Number(a, b, settings, out sum1, out largest1);
        largest0 = -b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Last<T>(T first)
        where T : struct, ILane<T> => T.LogOfPositive(first);

    /// <summary>log(τ/σ*), and what it took.</summary>
    /// <param name="weight">w.</param>
    /// <param name="curvature">∇², as stored.</param>
    /// <param name="settings">The scalars.</param>
    /// <param name="scaledSharpness">ηℳ's part: ½·η(∇²/3 + ρ√m κ/9)·σ*², at most ½.</param>
    /// <param name="reach">|w| + κ, at most τ where the prior holds the posterior.</param>
    /// <remarks>
    /// 1/σ* = max(1/κ, √(η(∇²/3 + ρ√m κ/9))), and where the root wins ηℳ's part is ½: so there is no quotient but 1/κ.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T weight, T curvature, UniformBoundSettings settings, out T scaledSharpness, out T reach)
        where T : struct, ILane<T> => Last(Number(weight, curvature, settings, out scaledSharpness, out reach));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Number<T>(T weight, T curvature, UniformBoundSettings settings, out T scaledSharpness, out T reach)
        where T : struct, ILane<T>
    {
        T half = T.Constant(0.5f), kappa = Kappa.Of(weight, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T scaled = OptimalSigma.Scaled(
            kappa, curvature, T.Constant(settings.CurvatureScale), T.Constant(settings.KappaScale));

        // Below 0 the root is that of 0, and κ wins. The order of Max's arguments lets a NaN pass.
        T root = T.Sqrt(T.Max(T.Constant(0f), scaled)), inverse = T.Constant(1f) / kappa;
        T kappaWon = T.LessOrEqual(root, inverse);
        scaledSharpness = T.Select(kappaWon, half * scaled * kappa * kappa, half);
        reach = T.Abs(weight) + kappa;
        T tau = T.Fma(T.Constant(settings.TauFactor), reach, T.Constant(settings.Tau));
        return tau * T.Select(kappaWon, inverse, root);
    }
}
