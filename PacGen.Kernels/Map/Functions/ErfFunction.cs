using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>erf x = 2/√π ∫₀ˣ exp(−t²) dt.</summary>
public readonly struct ErfFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x)
    {
        T magnitude = T.Erf(T.Abs(x), out _);
        return T.Select(T.Less(x, T.Constant(0f)), -magnitude, magnitude);
    }
}
