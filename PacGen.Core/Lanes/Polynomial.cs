using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>Polynomials in a lane.</summary>
internal static class Polynomial
{
    /// <summary>
    /// c₀ + c₁x + … + c₈x⁸ in pairs (Estrin): one after the other, the operations wait for each other and take nearly twice as
    /// long.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Of<T>(T x, float c0, float c1, float c2, float c3, float c4, float c5, float c6, float c7, T c8)
        where T : struct, ILane<T>
    {
        T square = x * x, fourth = square * square;
        T low = T.Fma(T.Fma(T.Constant(c3), x, T.Constant(c2)), square, T.Fma(T.Constant(c1), x, T.Constant(c0)));
        T high = T.Fma(T.Fma(T.Constant(c7), x, T.Constant(c6)), square, T.Fma(T.Constant(c5), x, T.Constant(c4)));
        return T.Fma(T.Fma(c8, fourth, high), fourth, low);
    }
}
