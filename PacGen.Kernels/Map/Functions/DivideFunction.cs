using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>x / y.</summary>
public readonly struct DivideFunction : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => x / y;
}
