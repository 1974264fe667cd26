using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>ln(1 + eˣ), computed as max(0, x) + ln(1 + e⁻|ˣ|), which overflows nowhere.</summary>
public readonly struct SoftplusFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x)
    {
        // ln(1 + e) = e·ln(u)/(u − 1) with u = 1 + e as rounded (Kahan): nothing is lost where e is small.
        T one = T.Constant(1f), e = T.Exp(-T.Abs(x)), u = one + e, rest = u - one;
        T log = T.Select(T.Equal(rest, T.Constant(0f)), e, e * (T.Log(u) / rest));
        return T.Max(T.Constant(0f), x) + log;
    }
}
