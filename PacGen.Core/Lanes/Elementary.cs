using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// exp, log, tanh and the logistic sigmoid for the float lanes, as fixed polynomials, so that every device gives the same bits.
/// Errors are against the exact value, in units in the last place (ulp) of the result, over all floats. A NaN gives a NaN, of no
/// particular bits.
/// </summary>
/// <remarks>
/// The coefficients are minimax fits of the named functions, rounded to float one after the other, each refitted to the ones
/// before it.
/// </remarks>
public static class Elementary
{
    /// <summary>The bits of ⅔, the least m of <see cref="ILane{T}.Split"/>.</summary>
    public const int TwoThirds = 0x3F2A_AAAB;

    /// <summary>
    /// eˣ to 1.01 ulp. Above 88.7228 it is +∞; results below 2⁻¹²⁶ are denormal, to 0.75 of their unit, and below 7·10⁻⁴⁶ they
    /// are 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILane<T>
    {
        // Min and Max answer with the second argument where one is NaN. At the clamps the result is already 0 or +∞.
        T clamped = T.Max(T.Constant(-104f), T.Min(T.Constant(89f), x));
        T fraction = Reduced(clamped, out T n);

        // 2ⁿ in two factors: n reaches 128 and −150.
        T half = T.Round(n * T.Constant(0.5f));
        return T.Scale(T.Scale(fraction, half), n - half);
    }

    /// <summary>
    /// ln x to 0.9 ulp, denormal x included. ln 0 = −∞ (of either sign), ln(+∞) = +∞, and below 0 it is NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x)
        where T : struct, ILane<T>
    {
        T denormal = T.Less(x, T.Constant(1.17549435e-38f));
        T normal = T.Select(denormal, x * T.Constant(1 << 24), x);
        T m = T.Split(normal, out T n);
        T result = LogOf(m, n - T.Select(denormal, T.Constant(24f), T.Constant(0f)));
        T inside = T.And(T.Less(T.Constant(0f), x), T.Less(x, T.Constant(float.PositiveInfinity)));
        T outside = T.Select(
            T.Equal(x, T.Constant(0f)),
            T.Constant(float.NegativeInfinity),
            T.Select(T.Less(T.Constant(0f), x), x, T.Constant(float.NaN)));
        return T.Select(inside, result, outside);
    }

    /// <summary>ln x to the bound of <see cref="Log{T}"/>, for a normal positive x; ln(+∞) = +∞, and a NaN gives a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogOfPositive<T>(T x)
        where T : struct, ILane<T> =>
        T.Select(T.Less(x, T.Constant(float.PositiveInfinity)), LogOfNormal(x), x);

    /// <summary>ln x for a normal positive x; to the bound of <see cref="Log{T}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T LogOfNormal<T>(T x)
        where T : struct, ILane<T>
    {
        T m = T.Split(x, out T n);
        return LogOf(m, n);
    }

    /// <summary>ln(m · 2ⁿ) for m in [⅔, 4/3), so that ln m and n ln 2 never cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogOf<T>(T m, T n)
        where T : struct, ILane<T>
    {
        // ln(1 + f) = f + f²P(f), without a division; P in two halves that don't wait for each other.
        T f = m - T.Constant(1f), z = f * f;
        T even = T.Fma(z, T.Constant(-0.128745809f), T.Constant(-0.12188334f));
        T odd = T.Fma(z, T.Constant(0.139869317f), T.Constant(0.140053034f));
        even = T.Fma(even, z, T.Constant(-0.16680181f));
        odd = T.Fma(odd, z, T.Constant(0.20010446f));
        even = T.Fma(even, z, T.Constant(-0.249998048f));
        T p = T.Fma(T.Fma(T.Fma(odd, f, even), f, T.Constant(0.333332151f)), f, T.Constant(-0.5f));
        return T.Fma(n, T.Constant(0.693147182f), T.Fma(p, z, f));
    }

    /// <summary>tanh x to 1.4 ulp; odd, −0 for −0, ±1 from |x| = 9.02 on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x)
        where T : struct, ILane<T>
    {
        T magnitude = T.Abs(x);
        T one = T.Constant(1f);

        // x(1 + x²P(x²)) where 1 − 2/(e²ˣ + 1) would cancel; a product keeps the sign of −0.
        T z = x * x;
        T p = T.Fma(z, T.Constant(-0.0056922962f), T.Constant(0.0206281673f));
        p = T.Fma(p, z, T.Constant(-0.0537365153f));
        p = T.Fma(p, z, T.Constant(0.133314058f));
        p = T.Fma(p, z, T.Constant(-0.333332807f));
        T small = x * T.Fma(p, z, one);

        T fraction = Reduced(T.Min(T.Constant(20f), magnitude + magnitude), out T n);
        T large = one - (T.Constant(2f) / (T.Scale(fraction, n) + one));
        large = T.Select(T.Less(x, T.Constant(0f)), -large, large);
        return T.Select(T.Less(magnitude, T.Constant(0.625f)), small, large);
    }

    /// <summary>1/(1 + e⁻ˣ) to 2.9 ulp, far below 0 too, where it is eˣ; 0 and 1 at −∞ and +∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILane<T>
    {
        // e⁻|ˣ| never overflows.
        T e = Exp(-T.Abs(x));
        T positive = T.Constant(1f) / (T.Constant(1f) + e);
        return T.Select(T.Less(x, T.Constant(0f)), e * positive, positive);
    }

    /// <summary>eˣ = the result · 2ⁿ, the result in [0.7, 1.42], for |x| at most 104.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Reduced<T>(T x, out T n)
        where T : struct, ILane<T>
    {
        // r = x − n ln 2, ln 2 in two parts; the first product and sum are exact.
        n = T.Round(x * T.Constant(1.44269502f));
        T r = T.Fma(n, T.Constant(-0.693147182f), x);
        r = T.Fma(n, T.Constant(1.9046543e-9f), r);
        T p = T.Fma(r, T.Constant(0.00138388912f), T.Constant(0.00836919248f));
        p = T.Fma(p, r, T.Constant(0.0416681021f));
        p = T.Fma(p, r, T.Constant(0.166665167f));
        p = T.Fma(p, r, T.Constant(0.49999994f));
        return T.Fma(p, r * r, r) + T.Constant(1f);
    }
}
