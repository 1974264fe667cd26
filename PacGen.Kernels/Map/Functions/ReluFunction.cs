using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>max(0, x); NaN stays NaN, so that a diverged run is seen.</summary>
public readonly struct ReluFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Max(T.Constant(0f), x);
}
