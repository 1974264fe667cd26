using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// xʸ = exp(y·ln|x|), negative where x is and y is an odd integer; 1 where y is 0, NaN where x is negative and y no integer.
/// </summary>
public readonly struct PowFunction : IBinaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IBinaryFunction.Invoke<T>(T x, T y)
    {
        T zero = T.Constant(0f), one = T.Constant(1f), half = y * T.Constant(0.5f), magnitude = T.Abs(x);
        T log = T.Log(magnitude), power = T.Exp(y * log);
        T even = T.Equal(half, T.Round(half)), whole = T.Equal(y, T.Round(y));
        T signed = T.Select(even, power, T.Select(whole, -power, T.Constant(float.NaN)));
        T result = T.Select(T.Less(x, zero), signed, power);
        return T.Select(T.Equal(y, zero), one, result);
    }
}
