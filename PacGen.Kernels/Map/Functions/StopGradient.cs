using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>x, but its derivative counts as zero.</summary>
public readonly struct StopGradient : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => x;
}
