using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>|x|.</summary>
public readonly struct Abs : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Abs(x);
}
