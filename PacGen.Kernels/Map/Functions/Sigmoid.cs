using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>1/(1 + e⁻ˣ).</summary>
public readonly struct Sigmoid : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Sigmoid(x);
}
