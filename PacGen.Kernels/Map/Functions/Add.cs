using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>x + y.</summary>
public readonly struct Add : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => x + y;
}
