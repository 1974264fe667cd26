using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// One weight's part of Lemma 8 with the exact divergence: σ*, its KL to N(0, τ) and its ηℳ. Over w and the curvature: KL and
/// ηℳ; how far the curvature is below 0.
/// </summary>
/// <remarks>
/// With x = (κ/σ)², log(σZ/κ) and 𝔼ũ²/σ² are functions of x alone: up to x = 9 polynomials in x, beyond e^{−x/2} times
/// polynomials, minimax fits rounded to float. Both err by less than 7·10⁻⁸, the rounding of a float, and x needs neither root
/// nor quotient.
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
        T half = T.Constant(0.5f), kappa = Kappa.Of(weight, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T scaled = OptimalSigma.Scaled(
            kappa, curvature, T.Constant(settings.CurvatureScale), T.Constant(settings.KappaScale));
        T precision = scaled + T.Constant(settings.InverseTau), square = kappa * kappa, x = square * precision;

        // log(σZ) is a multiple of this number's logarithm, and the rest. 𝔼ũ² and 𝔼ũ²/σ².
        T number = kappa, multiple = T.Constant(1f);
        T rest = Near(x, out T quotient), moment = square * quotient, ratio = x * quotient;
        T far = T.Less(T.Constant(9f), x);
        if (T.Any(far))
        {
            T restFar = Far(x, out T ratioFar);
            number = T.Select(far, precision, number);
            multiple = T.Select(far, T.Constant(-0.5f), multiple);
            rest = T.Select(far, restFar, rest);
            ratio = T.Select(far, ratioFar, ratio);
            moment = T.Select(far, ratioFar * (T.Constant(1f) / precision), moment);
        }

        scaledSharpness = half * scaled * moment;
        T spread = T.Fma(weight, weight, moment) * T.Constant(settings.InverseTau);
        T logMass = T.Fma(multiple, T.LogOfPositive(number), rest);
        return T.Constant(settings.LogDeviation) - logMass + (half * (spread - ratio));
    }

    /// <summary>log(σZ/κ) and 𝔼ũ²/κ², for x up to 9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Near<T>(T x, out T quotient)
        where T : struct, ILane<T>
    {
        T y = x - T.Constant(4.5f);
        quotient = Polynomial.Of(
            y, 0.181187943f, -0.0234643035f, 0.00201605447f, -9.10426534e-5f, -2.22432982e-6f, 7.07686695e-7f, -4.89898149e-8f,
            3.15449021e-11f, T.Fma(y, T.Constant(-1.82738269e-11f), T.Constant(2.78381540e-10f)));
        return Polynomial.Of(
            y, -0.786521316f, -0.0905939713f, 0.00586608239f, -0.000336008903f, 1.13817087e-5f, 2.22403387e-7f, -5.94657195e-8f,
            3.50105145e-9f, T.Fma(y, T.Constant(-1.55016243e-11f), T.Constant(3.66828928e-11f)));
    }

    /// <summary>log Z and 𝔼ũ²/σ², for x from 9; from 36 on the tail is nothing to a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Far<T>(T x, out T ratio)
        where T : struct, ILane<T>
    {
        // The order of Min's arguments lets a NaN pass.
        T bounded = T.Min(T.Constant(36f), x), y = bounded - T.Constant(12f);
        T density = T.Scale(Elementary.Reduced(T.Constant(-0.5f) * bounded, out T n), n);
        T p = T.Fma(y, T.Constant(1.62366121e-6f), T.Constant(-3.27104863e-5f));
        p = T.Fma(p, y, T.Constant(0.000450554973f));
        p = T.Fma(p, y, T.Constant(-0.00786568969f));
        p = T.Fma(p, y, T.Constant(0.214686692f));
        T q = T.Fma(y, T.Constant(-1.45166757e-6f), T.Constant(6.94114133e-5f));
        q = T.Fma(q, y, T.Constant(-0.00222056452f));
        q = T.Fma(q, y, T.Constant(0.114438958f));
        q = T.Fma(q, y, T.Constant(2.76542664f));
        ratio = T.Fma(-density, q, T.Constant(1f));
        return -density * p;
    }
}
