using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>x².</summary>
public readonly struct SquareFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => x * x;
}
