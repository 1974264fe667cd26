using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The innermost loops of the matrix product and the convolutions: a tile of rows by vectors of columns whose sums stay in
/// registers. Rows are read through a table of offsets, so that the same loop serves a matrix, its transpose and the windows
/// of an image; columns come from a packed panel. The tiles are unrolled by hand because the JIT keeps only locals in
/// registers: 12 × 1, 6 × 2 and 4 × 3 fill 16 vector registers, 12 × 2 and 8 × 3 the 32 of AVX-512.
/// </summary>
internal static unsafe class MicroKernel<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>6 rows by 2 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile6x2(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        float* a4 = a + aRows[4];
        float* a5 = a + aRows[5];
        T s00 = default, s01 = default;
        T s10 = default, s11 = default;
        T s20 = default, s21 = default;
        T s30 = default, s31 = default;
        T s40 = default, s41 = default;
        T s50 = default, s51 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T b1 = T.Load(b + T.Count);
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                s01 = MultiplyAdd(x0, b1, s01);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                s11 = MultiplyAdd(x1, b1, s11);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                s21 = MultiplyAdd(x2, b1, s21);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                s31 = MultiplyAdd(x3, b1, s31);
                T x4 = T.Constant(a4[i]);
                s40 = MultiplyAdd(x4, b0, s40);
                s41 = MultiplyAdd(x4, b1, s41);
                T x5 = T.Constant(a5[i]);
                s50 = MultiplyAdd(x5, b0, s50);
                s51 = MultiplyAdd(x5, b1, s51);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, s01, accumulate);
        Store(c + cRows[1], s10, s11, accumulate);
        Store(c + cRows[2], s20, s21, accumulate);
        Store(c + cRows[3], s30, s31, accumulate);
        Store(c + cRows[4], s40, s41, accumulate);
        Store(c + cRows[5], s50, s51, accumulate);
    }

    /// <summary>4 rows by 3 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x3(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        T s00 = default, s01 = default, s02 = default;
        T s10 = default, s11 = default, s12 = default;
        T s20 = default, s21 = default, s22 = default;
        T s30 = default, s31 = default, s32 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T b1 = T.Load(b + T.Count);
                T b2 = T.Load(b + (2 * T.Count));
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                s01 = MultiplyAdd(x0, b1, s01);
                s02 = MultiplyAdd(x0, b2, s02);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                s11 = MultiplyAdd(x1, b1, s11);
                s12 = MultiplyAdd(x1, b2, s12);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                s21 = MultiplyAdd(x2, b1, s21);
                s22 = MultiplyAdd(x2, b2, s22);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                s31 = MultiplyAdd(x3, b1, s31);
                s32 = MultiplyAdd(x3, b2, s32);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, s01, s02, accumulate);
        Store(c + cRows[1], s10, s11, s12, accumulate);
        Store(c + cRows[2], s20, s21, s22, accumulate);
        Store(c + cRows[3], s30, s31, s32, accumulate);
    }

    /// <summary>8 rows by 1 vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x1(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        float* a4 = a + aRows[4];
        float* a5 = a + aRows[5];
        float* a6 = a + aRows[6];
        float* a7 = a + aRows[7];
        T s00 = default;
        T s10 = default;
        T s20 = default;
        T s30 = default;
        T s40 = default;
        T s50 = default;
        T s60 = default;
        T s70 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                T x4 = T.Constant(a4[i]);
                s40 = MultiplyAdd(x4, b0, s40);
                T x5 = T.Constant(a5[i]);
                s50 = MultiplyAdd(x5, b0, s50);
                T x6 = T.Constant(a6[i]);
                s60 = MultiplyAdd(x6, b0, s60);
                T x7 = T.Constant(a7[i]);
                s70 = MultiplyAdd(x7, b0, s70);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, accumulate);
        Store(c + cRows[1], s10, accumulate);
        Store(c + cRows[2], s20, accumulate);
        Store(c + cRows[3], s30, accumulate);
        Store(c + cRows[4], s40, accumulate);
        Store(c + cRows[5], s50, accumulate);
        Store(c + cRows[6], s60, accumulate);
        Store(c + cRows[7], s70, accumulate);
    }

    /// <summary>12 rows by 1 vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile12x1(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        float* a4 = a + aRows[4];
        float* a5 = a + aRows[5];
        float* a6 = a + aRows[6];
        float* a7 = a + aRows[7];
        float* a8 = a + aRows[8];
        float* a9 = a + aRows[9];
        float* a10 = a + aRows[10];
        float* a11 = a + aRows[11];
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
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                T x4 = T.Constant(a4[i]);
                s40 = MultiplyAdd(x4, b0, s40);
                T x5 = T.Constant(a5[i]);
                s50 = MultiplyAdd(x5, b0, s50);
                T x6 = T.Constant(a6[i]);
                s60 = MultiplyAdd(x6, b0, s60);
                T x7 = T.Constant(a7[i]);
                s70 = MultiplyAdd(x7, b0, s70);
                T x8 = T.Constant(a8[i]);
                s80 = MultiplyAdd(x8, b0, s80);
                T x9 = T.Constant(a9[i]);
                s90 = MultiplyAdd(x9, b0, s90);
                T x10 = T.Constant(a10[i]);
                s100 = MultiplyAdd(x10, b0, s100);
                T x11 = T.Constant(a11[i]);
                s110 = MultiplyAdd(x11, b0, s110);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, accumulate);
        Store(c + cRows[1], s10, accumulate);
        Store(c + cRows[2], s20, accumulate);
        Store(c + cRows[3], s30, accumulate);
        Store(c + cRows[4], s40, accumulate);
        Store(c + cRows[5], s50, accumulate);
        Store(c + cRows[6], s60, accumulate);
        Store(c + cRows[7], s70, accumulate);
        Store(c + cRows[8], s80, accumulate);
        Store(c + cRows[9], s90, accumulate);
        Store(c + cRows[10], s100, accumulate);
        Store(c + cRows[11], s110, accumulate);
    }

    /// <summary>12 rows by 2 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile12x2(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        float* a4 = a + aRows[4];
        float* a5 = a + aRows[5];
        float* a6 = a + aRows[6];
        float* a7 = a + aRows[7];
        float* a8 = a + aRows[8];
        float* a9 = a + aRows[9];
        float* a10 = a + aRows[10];
        float* a11 = a + aRows[11];
        T s00 = default, s01 = default;
        T s10 = default, s11 = default;
        T s20 = default, s21 = default;
        T s30 = default, s31 = default;
        T s40 = default, s41 = default;
        T s50 = default, s51 = default;
        T s60 = default, s61 = default;
        T s70 = default, s71 = default;
        T s80 = default, s81 = default;
        T s90 = default, s91 = default;
        T s100 = default, s101 = default;
        T s110 = default, s111 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T b1 = T.Load(b + T.Count);
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                s01 = MultiplyAdd(x0, b1, s01);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                s11 = MultiplyAdd(x1, b1, s11);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                s21 = MultiplyAdd(x2, b1, s21);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                s31 = MultiplyAdd(x3, b1, s31);
                T x4 = T.Constant(a4[i]);
                s40 = MultiplyAdd(x4, b0, s40);
                s41 = MultiplyAdd(x4, b1, s41);
                T x5 = T.Constant(a5[i]);
                s50 = MultiplyAdd(x5, b0, s50);
                s51 = MultiplyAdd(x5, b1, s51);
                T x6 = T.Constant(a6[i]);
                s60 = MultiplyAdd(x6, b0, s60);
                s61 = MultiplyAdd(x6, b1, s61);
                T x7 = T.Constant(a7[i]);
                s70 = MultiplyAdd(x7, b0, s70);
                s71 = MultiplyAdd(x7, b1, s71);
                T x8 = T.Constant(a8[i]);
                s80 = MultiplyAdd(x8, b0, s80);
                s81 = MultiplyAdd(x8, b1, s81);
                T x9 = T.Constant(a9[i]);
                s90 = MultiplyAdd(x9, b0, s90);
                s91 = MultiplyAdd(x9, b1, s91);
                T x10 = T.Constant(a10[i]);
                s100 = MultiplyAdd(x10, b0, s100);
                s101 = MultiplyAdd(x10, b1, s101);
                T x11 = T.Constant(a11[i]);
                s110 = MultiplyAdd(x11, b0, s110);
                s111 = MultiplyAdd(x11, b1, s111);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, s01, accumulate);
        Store(c + cRows[1], s10, s11, accumulate);
        Store(c + cRows[2], s20, s21, accumulate);
        Store(c + cRows[3], s30, s31, accumulate);
        Store(c + cRows[4], s40, s41, accumulate);
        Store(c + cRows[5], s50, s51, accumulate);
        Store(c + cRows[6], s60, s61, accumulate);
        Store(c + cRows[7], s70, s71, accumulate);
        Store(c + cRows[8], s80, s81, accumulate);
        Store(c + cRows[9], s90, s91, accumulate);
        Store(c + cRows[10], s100, s101, accumulate);
        Store(c + cRows[11], s110, s111, accumulate);
    }

    /// <summary>8 rows by 3 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x3(
        in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows, bool accumulate)
    {
        float* a0 = a + aRows[0];
        float* a1 = a + aRows[1];
        float* a2 = a + aRows[2];
        float* a3 = a + aRows[3];
        float* a4 = a + aRows[4];
        float* a5 = a + aRows[5];
        float* a6 = a + aRows[6];
        float* a7 = a + aRows[7];
        T s00 = default, s01 = default, s02 = default;
        T s10 = default, s11 = default, s12 = default;
        T s20 = default, s21 = default, s22 = default;
        T s30 = default, s31 = default, s32 = default;
        T s40 = default, s41 = default, s42 = default;
        T s50 = default, s51 = default, s52 = default;
        T s60 = default, s61 = default, s62 = default;
        T s70 = default, s71 = default, s72 = default;
        nint i = 0, step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T b0 = T.Load(b);
                T b1 = T.Load(b + T.Count);
                T b2 = T.Load(b + (2 * T.Count));
                T x0 = T.Constant(a0[i]);
                s00 = MultiplyAdd(x0, b0, s00);
                s01 = MultiplyAdd(x0, b1, s01);
                s02 = MultiplyAdd(x0, b2, s02);
                T x1 = T.Constant(a1[i]);
                s10 = MultiplyAdd(x1, b0, s10);
                s11 = MultiplyAdd(x1, b1, s11);
                s12 = MultiplyAdd(x1, b2, s12);
                T x2 = T.Constant(a2[i]);
                s20 = MultiplyAdd(x2, b0, s20);
                s21 = MultiplyAdd(x2, b1, s21);
                s22 = MultiplyAdd(x2, b2, s22);
                T x3 = T.Constant(a3[i]);
                s30 = MultiplyAdd(x3, b0, s30);
                s31 = MultiplyAdd(x3, b1, s31);
                s32 = MultiplyAdd(x3, b2, s32);
                T x4 = T.Constant(a4[i]);
                s40 = MultiplyAdd(x4, b0, s40);
                s41 = MultiplyAdd(x4, b1, s41);
                s42 = MultiplyAdd(x4, b2, s42);
                T x5 = T.Constant(a5[i]);
                s50 = MultiplyAdd(x5, b0, s50);
                s51 = MultiplyAdd(x5, b1, s51);
                s52 = MultiplyAdd(x5, b2, s52);
                T x6 = T.Constant(a6[i]);
                s60 = MultiplyAdd(x6, b0, s60);
                s61 = MultiplyAdd(x6, b1, s61);
                s62 = MultiplyAdd(x6, b2, s62);
                T x7 = T.Constant(a7[i]);
                s70 = MultiplyAdd(x7, b0, s70);
                s71 = MultiplyAdd(x7, b1, s71);
                s72 = MultiplyAdd(x7, b2, s72);
                i += step;
                b += bStep;
            }

            i += skip;
            b += panelSkip;
        }

        Store(c + cRows[0], s00, s01, s02, accumulate);
        Store(c + cRows[1], s10, s11, s12, accumulate);
        Store(c + cRows[2], s20, s21, s22, accumulate);
        Store(c + cRows[3], s30, s31, s32, accumulate);
        Store(c + cRows[4], s40, s41, s42, accumulate);
        Store(c + cRows[5], s50, s51, s52, accumulate);
        Store(c + cRows[6], s60, s61, s62, accumulate);
        Store(c + cRows[7], s70, s71, s72, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, T s0, T s1, T s2, bool accumulate)
    {
        if (accumulate)
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
    internal static void Store(float* c, T s0, T s1, bool accumulate)
    {
        if (accumulate)
        {
            s0 += T.Load(c);
            s1 += T.Load(c + T.Count);
        }

        T.Store(c, s0);
        T.Store(c + T.Count, s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, T s0, bool accumulate) => T.Store(c, accumulate ? s0 + T.Load(c) : s0);

    /// <summary>
    /// a · b + c with one rounding, or with two where the machine has no instruction for it: an exact one is emulated then,
    /// hundreds of times slower.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T a, T b, T c) => Fma.IsSupported || AdvSimd.IsSupported ? T.Fma(a, b, c) : (a * b) + c;
}
