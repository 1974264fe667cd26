using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>1 where x = y, else 0.</summary>
public readonly struct EqualFunction : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => T.Select(T.Equal(x, y), T.Constant(1f), T.Constant(0f));
}
