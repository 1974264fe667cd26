using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>tanh x.</summary>
public readonly struct TanhFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Tanh(x);
}
