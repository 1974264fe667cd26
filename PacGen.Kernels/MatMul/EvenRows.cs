using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The tiles of <see cref="MicroKernel{T}"/> beside panels of one and three vectors, for rows that lie evenly in memory: no table
/// says where they are, all tiles are one loop, and memory is asked for between the multiply-adds, which leave room for that.
/// </summary>
internal static unsafe class EvenRows<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>Whether there are tiles beside all panels.</summary>
    public static bool Fits(ColumnPanels panels) => panels.Vectors == 1 || panels.Vectors % 3 == 0;

    /// <summary>The sums of whole tiles of rows; those of the rows that are left are for <see cref="RowTiles{T}"/>.</summary>
    /// <param name="sum">The terms.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="vectors">The panel's vectors, 1 or 3.</param>
    /// <param name="a">The first row's first term.</param>
    /// <param name="b">The panel.</param>
    /// <param name="c">The first row's sums, whole vectors.</param>
    /// <param name="cStep">From a row's sums to the next's.</param>
    /// <returns>How many rows are done.</returns>
    public static int Multiply(in EvenSum sum, int rows, int vectors, float* a, float* b, float* c, nint cStep)
    {
        int height = RowTiles<T>.Height(vectors), tiles = rows / height;
        if (vectors == 1)
        {
            Multiply12x1(sum, tiles, a, b, c, cStep);
        }
        else if (T.Count == 16)
        {
            Multiply8x3(sum, tiles, a, b, c, cStep);
        }
        else
        {
            Multiply4x3(sum, tiles, a, b, c, cStep);
        }

        return tiles * height;
    }

    /// <summary>Tiles of 8 rows beside 3 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply8x3(in EvenSum sum, int tiles, float* a, float* b, float* c, nint cStep)
    {
        nint aStep = sum.Row, step = sum.Step, bStep = sum.PanelStep, ahead = sum.AheadStep;
        int terms = sum.Terms;
        bool adds = sum.Adds;
        for (; tiles > 0; tiles--, a += 8 * aStep)
        {
            float* a0 = a, next = a + sum.Ahead, p = b;
            float* a3 = a + (3 * aStep);
            float* a6 = a + (6 * aStep);
            T s00 = default, s01 = default, s02 = default;
            T s10 = default, s11 = default, s12 = default;
            T s20 = default, s21 = default, s22 = default;
            T s30 = default, s31 = default, s32 = default;
            T s40 = default, s41 = default, s42 = default;
            T s50 = default, s51 = default, s52 = default;
            T s60 = default, s61 = default, s62 = default;
            T s70 = default, s71 = default, s72 = default;
            for (int k = terms; k > 0; k--)
            {
                if (ahead != 0)
                {
                    CpuDevice.Prefetch(next);
                    next += ahead;
                }

                T b0 = T.Load(p), b1 = T.Load(p + T.Count), b2 = T.Load(p + (2 * T.Count));
                T x0 = T.Constant(a0[0]);
                s00 = MicroKernel<T>.MultiplyAdd(x0, b0, s00);
                s01 = MicroKernel<T>.MultiplyAdd(x0, b1, s01);
                s02 = MicroKernel<T>.MultiplyAdd(x0, b2, s02);
                T x1 = T.Constant(a0[aStep]);
                s10 = MicroKernel<T>.MultiplyAdd(x1, b0, s10);
                s11 = MicroKernel<T>.MultiplyAdd(x1, b1, s11);
                s12 = MicroKernel<T>.MultiplyAdd(x1, b2, s12);
                T x2 = T.Constant(a0[2 * aStep]);
                s20 = MicroKernel<T>.MultiplyAdd(x2, b0, s20);
                s21 = MicroKernel<T>.MultiplyAdd(x2, b1, s21);
                s22 = MicroKernel<T>.MultiplyAdd(x2, b2, s22);
                T x3 = T.Constant(a3[0]);
                s30 = MicroKernel<T>.MultiplyAdd(x3, b0, s30);
                s31 = MicroKernel<T>.MultiplyAdd(x3, b1, s31);
                s32 = MicroKernel<T>.MultiplyAdd(x3, b2, s32);
                T x4 = T.Constant(a3[aStep]);
                s40 = MicroKernel<T>.MultiplyAdd(x4, b0, s40);
                s41 = MicroKernel<T>.MultiplyAdd(x4, b1, s41);
                s42 = MicroKernel<T>.MultiplyAdd(x4, b2, s42);
                T x5 = T.Constant(a3[2 * aStep]);
                s50 = MicroKernel<T>.MultiplyAdd(x5, b0, s50);
                s51 = MicroKernel<T>.MultiplyAdd(x5, b1, s51);
                s52 = MicroKernel<T>.MultiplyAdd(x5, b2, s52);
                T x6 = T.Constant(a6[0]);
                s60 = MicroKernel<T>.MultiplyAdd(x6, b0, s60);
                s61 = MicroKernel<T>.MultiplyAdd(x6, b1, s61);
                s62 = MicroKernel<T>.MultiplyAdd(x6, b2, s62);
                T x7 = T.Constant(a6[aStep]);
                s70 = MicroKernel<T>.MultiplyAdd(x7, b0, s70);
                s71 = MicroKernel<T>.MultiplyAdd(x7, b1, s71);
                s72 = MicroKernel<T>.MultiplyAdd(x7, b2, s72);
                a0 += step;
                a3 += step;
                a6 += step;
                p += bStep;
            }

            Store(c, s00, s01, s02, adds);
            c += cStep;
            Store(c, s10, s11, s12, adds);
            c += cStep;
            Store(c, s20, s21, s22, adds);
            c += cStep;
            Store(c, s30, s31, s32, adds);
            c += cStep;
            Store(c, s40, s41, s42, adds);
            c += cStep;
            Store(c, s50, s51, s52, adds);
            c += cStep;
            Store(c, s60, s61, s62, adds);
            c += cStep;
            Store(c, s70, s71, s72, adds);
            c += cStep;
        }
    }

    /// <summary>Tiles of 4 rows beside 3 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply4x3(in EvenSum sum, int tiles, float* a, float* b, float* c, nint cStep)
    {
        nint aStep = sum.Row, step = sum.Step, bStep = sum.PanelStep, ahead = sum.AheadStep;
        int terms = sum.Terms;
        bool adds = sum.Adds;
        for (; tiles > 0; tiles--, a += 4 * aStep)
        {
            float* a0 = a, next = a + sum.Ahead, p = b;
            float* a3 = a + (3 * aStep);
            T s00 = default, s01 = default, s02 = default;
            T s10 = default, s11 = default, s12 = default;
            T s20 = default, s21 = default, s22 = default;
            T s30 = default, s31 = default, s32 = default;
            for (int k = terms; k > 0; k--)
            {
                if (ahead != 0)
                {
                    CpuDevice.Prefetch(next);
                    next += ahead;
                }

                T b0 = T.Load(p), b1 = T.Load(p + T.Count), b2 = T.Load(p + (2 * T.Count));
                T x0 = T.Constant(a0[0]);
                s00 = MicroKernel<T>.MultiplyAdd(x0, b0, s00);
                s01 = MicroKernel<T>.MultiplyAdd(x0, b1, s01);
                s02 = MicroKernel<T>.MultiplyAdd(x0, b2, s02);
                T x1 = T.Constant(a0[aStep]);
                s10 = MicroKernel<T>.MultiplyAdd(x1, b0, s10);
                s11 = MicroKernel<T>.MultiplyAdd(x1, b1, s11);
                s12 = MicroKernel<T>.MultiplyAdd(x1, b2, s12);
                T x2 = T.Constant(a0[2 * aStep]);
                s20 = MicroKernel<T>.MultiplyAdd(x2, b0, s20);
                s21 = MicroKernel<T>.MultiplyAdd(x2, b1, s21);
                s22 = MicroKernel<T>.MultiplyAdd(x2, b2, s22);
                T x3 = T.Constant(a3[0]);
                s30 = MicroKernel<T>.MultiplyAdd(x3, b0, s30);
                s31 = MicroKernel<T>.MultiplyAdd(x3, b1, s31);
                s32 = MicroKernel<T>.MultiplyAdd(x3, b2, s32);
                a0 += step;
                a3 += step;
                p += bStep;
            }

            Store(c, s00, s01, s02, adds);
            c += cStep;
            Store(c, s10, s11, s12, adds);
            c += cStep;
            Store(c, s20, s21, s22, adds);
            c += cStep;
            Store(c, s30, s31, s32, adds);
            c += cStep;
        }
    }

    /// <summary>Tiles of 12 rows beside 1 vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply12x1(in EvenSum sum, int tiles, float* a, float* b, float* c, nint cStep)
    {
        nint aStep = sum.Row, step = sum.Step, bStep = sum.PanelStep, ahead = sum.AheadStep;
        int terms = sum.Terms;
        bool adds = sum.Adds;
        for (; tiles > 0; tiles--, a += 12 * aStep)
        {
            float* a0 = a, next = a + sum.Ahead, p = b;
            float* a3 = a + (3 * aStep);
            float* a6 = a + (6 * aStep);
            float* a9 = a + (9 * aStep);
            T s00 = default;
            T s10 = default;
            T s20 = default;
            T s30 = default;
            T s40 = default;
            T s50 = default;
            T s60 = default;
            T s70 = default;
            T s80 = default;
            T s90 = default;
            T s100 = default;
            T s110 = default;
            for (int k = terms; k > 0; k--)
            {
                if (ahead != 0)
                {
                    CpuDevice.Prefetch(next);
                    next += ahead;
                }

                T b0 = T.Load(p);
                s00 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[0]), b0, s00);
                s10 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[aStep]), b0, s10);
                s20 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[2 * aStep]), b0, s20);
                s30 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[0]), b0, s30);
                s40 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[aStep]), b0, s40);
                s50 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[2 * aStep]), b0, s50);
                s60 = MicroKernel<T>.MultiplyAdd(T.Constant(a6[0]), b0, s60);
                s70 = MicroKernel<T>.MultiplyAdd(T.Constant(a6[aStep]), b0, s70);
                s80 = MicroKernel<T>.MultiplyAdd(T.Constant(a6[2 * aStep]), b0, s80);
                s90 = MicroKernel<T>.MultiplyAdd(T.Constant(a9[0]), b0, s90);
                s100 = MicroKernel<T>.MultiplyAdd(T.Constant(a9[aStep]), b0, s100);
                s110 = MicroKernel<T>.MultiplyAdd(T.Constant(a9[2 * aStep]), b0, s110);
                a0 += step;
                a3 += step;
                a6 += step;
                a9 += step;
                p += bStep;
            }

            Store(c, s00, adds);
            c += cStep;
            Store(c, s10, adds);
            c += cStep;
            Store(c, s20, adds);
            c += cStep;
            Store(c, s30, adds);
            c += cStep;
            Store(c, s40, adds);
            c += cStep;
            Store(c, s50, adds);
            c += cStep;
            Store(c, s60, adds);
            c += cStep;
            Store(c, s70, adds);
            c += cStep;
            Store(c, s80, adds);
            c += cStep;
            Store(c, s90, adds);
            c += cStep;
            Store(c, s100, adds);
            c += cStep;
            Store(c, s110, adds);
            c += cStep;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, T s0, T s1, T s2, bool adds)
    {
        if (adds)
        {
            s0 += T.Load(c);
            s1 += T.Load(c + T.Count);
            s2 += T.Load(c + (2 * T.Count));
        }

        T.Store(c, s0);
        T.Store(c + T.Count, s1);
        T.Store(c + (2 * T.Count), s2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, T s0, bool adds) => T.Store(c, adds ? s0 + T.Load(c) : s0);
}
