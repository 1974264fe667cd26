using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>−x.</summary>
public readonly struct Negate : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => -x;
}
