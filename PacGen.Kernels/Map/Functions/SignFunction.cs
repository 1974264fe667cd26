using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>−1, 0 or 1: the derivative of |x|.</summary>
public readonly struct SignFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) =>
        T.Select(T.Less(T.Constant(0f), x), T.Constant(1f), T.Select(T.Less(x, T.Constant(0f)), T.Constant(-1f), T.Constant(0f)));
}
