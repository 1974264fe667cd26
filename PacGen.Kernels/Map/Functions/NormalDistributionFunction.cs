using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Φ(x) = ½ erfc(−x/√2), the distribution function of the standard normal law, without loss in its lower tail.</summary>
public readonly struct NormalDistributionFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x)
    {
        T erf = T.Erf(T.Abs(x) * T.Constant(0.707106781f), out T complement), half = T.Constant(0.5f);
        return half * T.Select(T.Less(x, T.Constant(0f)), complement, T.Constant(1f) + erf);
    }
}
