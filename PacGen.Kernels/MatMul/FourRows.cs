using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// A tile of <see cref="MicroKernel{T}"/> for up to four rows that are left beside two vectors: eight sums, as many as keep the
/// multiply-adds busy while each waits for the one before.
/// </summary>
internal static unsafe class FourRows<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>Its rows.</summary>
    public const int Rows = 4;

    /// <summary>4 rows by 2 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        T s00 = default, s01 = default;
        T s10 = default, s11 = default;
        T s20 = default, s21 = default;
        T s30 = default, s31 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T b1 = T.Load(b + T.Count);
                T x0 = T.Constant(a0[i]);
                s00 = MicroKernel<T>.MultiplyAdd(x0, b0, s00);
                s01 = MicroKernel<T>.MultiplyAdd(x0, b1, s01);
                T x1 = T.Constant(a1[i]);
                s10 = MicroKernel<T>.MultiplyAdd(x1, b0, s10);
                s11 = MicroKernel<T>.MultiplyAdd(x1, b1, s11);
                T x2 = T.Constant(a2[i]);
                s20 = MicroKernel<T>.MultiplyAdd(x2, b0, s20);
                s21 = MicroKernel<T>.MultiplyAdd(x2, b1, s21);
                T x3 = T.Constant(a3[i]);
                s30 = MicroKernel<T>.MultiplyAdd(x3, b0, s30);
                s31 = MicroKernel<T>.MultiplyAdd(x3, b1, s31);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        MicroKernel<T>.Store(c + cRows[0], s00, s01, accumulate);
        MicroKernel<T>.Store(c + cRows[1], s10, s11, accumulate);
        MicroKernel<T>.Store(c + cRows[2], s20, s21, accumulate);
        MicroKernel<T>.Store(c + cRows[3], s30, s31, accumulate);
    }
}
