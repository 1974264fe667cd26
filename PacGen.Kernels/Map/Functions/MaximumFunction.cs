using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>The larger of x and y; y where either is NaN.</summary>
public readonly struct MaximumFunction : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => T.Max(x, y);
}
