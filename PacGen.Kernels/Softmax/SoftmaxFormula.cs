using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>What the softmax kernels share, over a tile of rows stored column by column.</summary>
internal static unsafe class SoftmaxFormula
{
    /// <summary>
    /// Columns summed in a row before the sum joins the total, so that the error does not grow with the number of columns.
    /// </summary>
    public const int Block = 16;

    /// <summary>
    /// The largest value of each row. A NaN comes out only where it is the first; it still reaches every sum of exponentials.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Largest<T>(float* tile, int columns)
        where T : struct, IMemoryLane<T>
    {
        T largest = T.Load(tile);
        for (int j = 1; j < columns; j++)
        {
            largest = T.Max(T.Load(tile + (j * T.Count)), largest);
        }

        return largest;
    }

    /// <summary>
    /// ln(1 + r) for r ≥ 0 with a relative error like that of ln: what rounding adds to 1 + r is divided out again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogOnePlus<T>(T r)
        where T : struct, ILane<T>
    {
        T one = T.Constant(1), u = one + r, difference = u - one;
        return T.Select(T.Equal(difference, T.Constant(0)), r, T.Log(u) * (r / difference));
    }
}
