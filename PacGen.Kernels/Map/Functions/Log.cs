using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>ln x.</summary>
public readonly struct Log : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Log(x);
}
