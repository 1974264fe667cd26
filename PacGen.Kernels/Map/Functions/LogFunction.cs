using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>ln x.</summary>
public readonly struct LogFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Log(x);
}
