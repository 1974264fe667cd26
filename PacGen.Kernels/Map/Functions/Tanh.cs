using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>tanh x.</summary>
public readonly struct Tanh : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Tanh(x);
}
