using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// The error function erf a = 2/√π ∫₀ᵃ exp(−x²) dx with its complement, and its inverse, for the float lanes: fixed sequences of
/// polynomials, so that every device gives the same bits. A number near 1 goes in and comes out together with its difference
/// from 1, so that nothing is lost in the tails. Errors are relative, against the exact value. A NaN x or p gives a NaN.
/// </summary>
/// <remarks>The coefficients are minimax fits of the named functions, rounded to float.</remarks>
public static class GaussianIntegral
{
    /// <summary>erf x and erfc x = 1 − erf x for x ≥ 0, both to 4·10⁻⁷; from x = 9 on they are 1 and erfc 9 = 4·10⁻³⁷.</summary>
    /// <param name="x">x, not negative.</param>
    /// <param name="complement">erfc x.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Erf<T>(T x, out T complement)
        where T : struct, ILane<T>
    {
        // Min answers with its second argument where one is NaN. Up to 9, exp(−x²) is a normal number.
        T one = T.Constant(1f), bounded = T.Min(T.Constant(9f), x), square = bounded * bounded;

        // erf(x)/x in x², below ½.
        T p = T.Fma(square, T.Constant(0.00281015062f), T.Constant(-0.0258014239f));
        p = T.Fma(p, square, T.Constant(0.112678498f));
        p = T.Fma(p, square, T.Constant(-0.376118571f));
        p = bounded * T.Fma(p, square, T.Constant(1.12837911f));

        // exp(x²)·erfc(x)·(1 + 0.4x) in 1/(1 + 0.4x), from ½ on.
        T r = one / T.Fma(T.Constant(0.4f), bounded, one);
        T g = Polynomial.Of(
            r - T.Constant(0.5f), 0.42161274f, 0.643721521f, 0.726263106f, 0.547998726f, 0.181472778f, -0.107257813f,
            -0.122288778f, 0.0201520603f,
            T.Constant(0.0604607128f));

        // exp(−x²) with what the square was rounded by.
        T e = Elementary.Reduced(-square, out T n), rounding = T.Fma(bounded, bounded, -square);
        T tail = T.Scale(T.Fma(-rounding, e, e) * (r * g), n);
        T small = T.Less(bounded, T.Constant(0.5f));
        complement = T.Select(small, one - p, tail);
        return T.Select(small, p, one - tail);
    }

    /// <summary>erf⁻¹ p for 0 ≤ p &lt; 1 to 4·10⁻⁷, if p and 1 − p ≥ 2⁻³² are both given without loss.</summary>
    /// <param name="p">p.</param>
    /// <param name="complement">1 − p, at least 2⁻³².</param>
    /// <remarks>
    /// p·R with R smooth in w = −ln(1 − p²) near 0 and in √w far out, where erf⁻¹ grows like √w (the variables of Giles,
    /// "Approximating the erfinv function", 2011).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T InverseErf<T>(T p, T complement)
        where T : struct, ILane<T>
    {
        // (1 − p)(1 + p) may round to above 1.
        T product = complement * (T.Constant(1f) + p);
        T w = T.Max(T.Constant(0f), -Elementary.LogOfNormal(product));
        T x = w - T.Constant(3f);
        T near = Polynomial.Of(
            x, 1.62354207f, 0.241630331f, -0.0057385806f, -0.000836071442f, 0.000195476343f, -1.27572412e-5f, -1.88533511e-6f,
            4.55584711e-7f,
            T.Fma(x, T.Constant(-5.82689719e-9f), T.Constant(-4.3348205e-9f)));
        T value = near, tail = T.Less(T.Constant(6f), w);
        if (T.Any(tail))
        {
            // One p in 800 lies there.
            T far = Polynomial.Of(
                T.Sqrt(w) - T.Constant(3.5f), 3.33548546f, 1.00736761f, 0.00328137586f, -0.00204980257f, 0.00106844387f,
                -0.000715320057f, 0.000483962009f,
                -0.000198160953f, T.Constant(3.01576656e-5f));
            value = T.Select(tail, far, near);
        }

        return p * value;
    }

    /// <summary>
    /// erf⁻¹(a·erf c)/(ac) for a of [0, 1] and c of [0, ¾], to 4·10⁻⁷: what a quantile of a Gaussian that is truncated at c is
    /// over that of the uniform distribution. 1 at c = 0.
    /// </summary>
    /// <param name="a">a.</param>
    /// <param name="c">c; a NaN gives a NaN.</param>
    /// <remarks>erf(c)/c in c², and with p = a·erf c, at most 0.711, erf⁻¹(p)/p in p²: no logarithm or exponential.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T QuantileRatio<T>(T a, T c)
        where T : struct, ILane<T>
    {
        T square = c * c, fourth = square * square;
        T low = T.Fma(
            T.Fma(T.Constant(-0.026834624f), square, T.Constant(0.11283377f)), fourth,
            T.Fma(T.Constant(-0.3761262f), square, T.Constant(1.1283791f)));
        T ratio = T.Fma(
            T.Fma(T.Constant(-0.000674951f), square, T.Constant(0.005114345f)), fourth * fourth, low);
        T p = a * c * ratio;
        return ratio * Polynomial.Of(
            p * p, 0.88622695f, 0.23201133f, 0.1276733f, 0.08430614f, 0.08626159f, -0.05944509f, 0.3716788f, -0.49142912f,
            T.Constant(0.41082597f));
    }
}
