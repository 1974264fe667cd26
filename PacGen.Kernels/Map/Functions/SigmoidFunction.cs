using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>1/(1 + e⁻ˣ).</summary>
public readonly struct SigmoidFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Sigmoid(x);
}
