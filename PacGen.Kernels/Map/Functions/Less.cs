using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>1 where x &lt; y, else 0.</summary>
public readonly struct Less : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y) => T.Select(T.Less(x, y), T.Constant(1f), T.Constant(0f));
}
