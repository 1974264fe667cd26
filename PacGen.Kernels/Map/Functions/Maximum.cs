using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>The larger of x and y; y where either is NaN.</summary>
public readonly struct Maximum : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => T.Max(x, y);
}
