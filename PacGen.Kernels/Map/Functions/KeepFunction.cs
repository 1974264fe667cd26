using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>x where the mask is not 0, else 0, whatever x is: a product with a mask would make NaN of an infinite x.</summary>
public readonly struct KeepFunction : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T mask, T x) =>
        T.Select(T.Equal(mask, T.Constant(0f)), T.Constant(0f), x);
}
