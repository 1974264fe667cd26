using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>−x.</summary>
public readonly struct NegateFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => -x;
}
