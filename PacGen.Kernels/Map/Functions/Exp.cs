using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>eˣ.</summary>
public readonly struct Exp : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Exp(x);
}
