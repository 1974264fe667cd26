using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>1/x.</summary>
public readonly struct ReciprocalFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Constant(1f) / x;
}
