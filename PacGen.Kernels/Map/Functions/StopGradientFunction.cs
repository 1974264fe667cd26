using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>x, but its derivative counts as zero.</summary>
public readonly struct StopGradientFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => x;
}
