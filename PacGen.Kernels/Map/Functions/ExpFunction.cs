using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>eˣ.</summary>
public readonly struct ExpFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Exp(x);
}
