using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Windows of 5 × 5 taps of one channel beside one vector of output channels: all 25 weights, or the sums that are their
/// gradients, stay in the registers of AVX-512, where tiles would read the weights for each 12 windows, or compute seven of 32
/// sums in vain. The order is the tiles', and so are the bits.
/// </summary>
internal static unsafe class FiveTaps<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>The taps along a side.</summary>
    public const int Line = 5;

    /// <summary>The windows whose sums are made together.</summary>
    public const int Together = 4;

    /// <summary>Whether a window is such and there are registers enough.</summary>
    public static bool Fits(Windows windows, ColumnPanels panels) => T.Count == 16 && panels.Vectors == 1
        && windows is { KernelHeight: Line, KernelWidth: Line, Channels: 1 };

    /// <summary>Adds the products of all taps' numbers with dy to sums, a vector a tap.</summary>
    /// <param name="sum">The windows.</param>
    /// <param name="a0">The first number of the first window.</param>
    /// <param name="lineStep">From a line of a window to the next.</param>
    /// <param name="b">dy.</param>
    /// <param name="bStep">From a window to the next in dy.</param>
    /// <param name="c">The sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(in Summation sum, float* a0, nint lineStep, float* b, nint bStep, float* c)
    {
        float* a1 = a0 + lineStep, a2 = a1 + lineStep, a3 = a2 + lineStep, a4 = a3 + lineStep;
        T s00 = default, s01 = default, s02 = default, s03 = default, s04 = default;
        T s10 = default, s11 = default, s12 = default, s13 = default, s14 = default;
        T s20 = default, s21 = default, s22 = default, s23 = default, s24 = default;
        T s30 = default, s31 = default, s32 = default, s33 = default, s34 = default;
        T s40 = default, s41 = default, s42 = default, s43 = default, s44 = default;
        nint step = sum.Step, skip = sum.Skip, panelSkip = sum.PanelSkip * bStep;
        int inner = sum.Inner;
        for (int outer = sum.Outer; outer > 0; outer--)
        {
            for (int k = inner; k > 0; k--)
            {
                T y = T.Load(b);
                s00 = MicroKernel<T>.MultiplyAdd(T.Constant(*a0), y, s00);
                s01 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[1]), y, s01);
                s02 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[2]), y, s02);
                s03 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[3]), y, s03);
                s04 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[4]), y, s04);
                s10 = MicroKernel<T>.MultiplyAdd(T.Constant(*a1), y, s10);
                s11 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[1]), y, s11);
                s12 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[2]), y, s12);
                s13 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[3]), y, s13);
                s14 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[4]), y, s14);
                s20 = MicroKernel<T>.MultiplyAdd(T.Constant(*a2), y, s20);
                s21 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[1]), y, s21);
                s22 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[2]), y, s22);
                s23 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[3]), y, s23);
                s24 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[4]), y, s24);
                s30 = MicroKernel<T>.MultiplyAdd(T.Constant(*a3), y, s30);
                s31 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[1]), y, s31);
                s32 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[2]), y, s32);
                s33 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[3]), y, s33);
                s34 = MicroKernel<T>.MultiplyAdd(T.Constant(a3[4]), y, s34);
                s40 = MicroKernel<T>.MultiplyAdd(T.Constant(*a4), y, s40);
                s41 = MicroKernel<T>.MultiplyAdd(T.Constant(a4[1]), y, s41);
                s42 = MicroKernel<T>.MultiplyAdd(T.Constant(a4[2]), y, s42);
                s43 = MicroKernel<T>.MultiplyAdd(T.Constant(a4[3]), y, s43);
                s44 = MicroKernel<T>.MultiplyAdd(T.Constant(a4[4]), y, s44);
                a0 += step;
                a1 += step;
                a2 += step;
                a3 += step;
                a4 += step;
                b += bStep;
            }

            a0 += skip;
            a1 += skip;
            a2 += skip;
            a3 += skip;
            a4 += skip;
            b += panelSkip;
        }

        Add(c, s00, s01, s02, s03, s04);
        Add(c + (5 * T.Count), s10, s11, s12, s13, s14);
        Add(c + (10 * T.Count), s20, s21, s22, s23, s24);
        Add(c + (15 * T.Count), s30, s31, s32, s33, s34);
        Add(c + (20 * T.Count), s40, s41, s42, s43, s44);
    }

    /// <summary>
    /// The sums of all windows of some rows with the weights, which stay in registers; four windows at a time share what they
    /// read. A window's vector is written whole, over the numbers of the next.
    /// </summary>
    /// <param name="a">The images.</param>
    /// <param name="aRows">Where each window begins in them.</param>
    /// <param name="lineStep">From a line of a window to the next.</param>
    /// <param name="rows">The rows of windows.</param>
    /// <param name="columns">The windows of a row, a multiple of <see cref="Together"/>, a place apart.</param>
    /// <param name="b">The weights, a vector a tap.</param>
    /// <param name="c">The output.</param>
    /// <param name="cRows">Where each window's sums go in it.</param>
    /// <param name="cStep">From a window's sums to the next's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        float* a, nint* aRows, nint lineStep, int rows, int columns, float* b, float* c, nint* cRows, nint cStep)
    {
        T w00 = T.Load(b), w01 = T.Load(b + T.Count), w02 = T.Load(b + (2 * T.Count)),
            w03 = T.Load(b + (3 * T.Count)), w04 = T.Load(b + (4 * T.Count));
        T w10 = T.Load(b + (5 * T.Count)), w11 = T.Load(b + (6 * T.Count)), w12 = T.Load(b + (7 * T.Count)),
            w13 = T.Load(b + (8 * T.Count)), w14 = T.Load(b + (9 * T.Count));
        T w20 = T.Load(b + (10 * T.Count)), w21 = T.Load(b + (11 * T.Count)), w22 = T.Load(b + (12 * T.Count)),
            w23 = T.Load(b + (13 * T.Count)), w24 = T.Load(b + (14 * T.Count));
        T w30 = T.Load(b + (15 * T.Count)), w31 = T.Load(b + (16 * T.Count)), w32 = T.Load(b + (17 * T.Count)),
            w33 = T.Load(b + (18 * T.Count)), w34 = T.Load(b + (19 * T.Count));
        T w40 = T.Load(b + (20 * T.Count)), w41 = T.Load(b + (21 * T.Count)), w42 = T.Load(b + (22 * T.Count)),
            w43 = T.Load(b + (23 * T.Count)), w44 = T.Load(b + (24 * T.Count));
        for (int row = 0; row < rows; row++, aRows += columns, cRows += columns)
        {
            float* a0 = a + *aRows, a1 = a0 + lineStep, a2 = a1 + lineStep, a3 = a2 + lineStep, a4 = a3 + lineStep;
            float* to = c + *cRows;
            for (int k = columns; k > 0; k -= Together)
            {
                T s0 = default, s1 = default, s2 = default, s3 = default, x;
                x = T.Constant(*a0);
                s0 = MicroKernel<T>.MultiplyAdd(x, w00, s0);
                x = T.Constant(a0[1]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w01, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w00, s1);
                x = T.Constant(a0[2]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w02, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w01, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w00, s2);
                x = T.Constant(a0[3]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w03, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w02, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w01, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w00, s3);
                x = T.Constant(a0[4]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w04, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w03, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w02, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w01, s3);
                x = T.Constant(a0[5]);
                s1 = MicroKernel<T>.MultiplyAdd(x, w04, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w03, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w02, s3);
                x = T.Constant(a0[6]);
                s2 = MicroKernel<T>.MultiplyAdd(x, w04, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w03, s3);
                x = T.Constant(a0[7]);
                s3 = MicroKernel<T>.MultiplyAdd(x, w04, s3);
                x = T.Constant(*a1);
                s0 = MicroKernel<T>.MultiplyAdd(x, w10, s0);
                x = T.Constant(a1[1]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w11, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w10, s1);
                x = T.Constant(a1[2]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w12, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w11, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w10, s2);
                x = T.Constant(a1[3]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w13, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w12, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w11, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w10, s3);
                x = T.Constant(a1[4]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w14, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w13, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w12, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w11, s3);
                x = T.Constant(a1[5]);
                s1 = MicroKernel<T>.MultiplyAdd(x, w14, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w13, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w12, s3);
                x = T.Constant(a1[6]);
                s2 = MicroKernel<T>.MultiplyAdd(x, w14, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w13, s3);
                x = T.Constant(a1[7]);
                s3 = MicroKernel<T>.MultiplyAdd(x, w14, s3);
                x = T.Constant(*a2);
                s0 = MicroKernel<T>.MultiplyAdd(x, w20, s0);
                x = T.Constant(a2[1]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w21, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w20, s1);
                x = T.Constant(a2[2]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w22, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w21, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w20, s2);
                x = T.Constant(a2[3]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w23, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w22, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w21, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w20, s3);
                x = T.Constant(a2[4]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w24, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w23, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w22, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w21, s3);
                x = T.Constant(a2[5]);
                s1 = MicroKernel<T>.MultiplyAdd(x, w24, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w23, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w22, s3);
                x = T.Constant(a2[6]);
                s2 = MicroKernel<T>.MultiplyAdd(x, w24, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w23, s3);
                x = T.Constant(a2[7]);
                s3 = MicroKernel<T>.MultiplyAdd(x, w24, s3);
                x = T.Constant(*a3);
                s0 = MicroKernel<T>.MultiplyAdd(x, w30, s0);
                x = T.Constant(a3[1]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w31, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w30, s1);
                x = T.Constant(a3[2]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w32, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w31, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w30, s2);
                x = T.Constant(a3[3]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w33, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w32, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w31, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w30, s3);
                x = T.Constant(a3[4]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w34, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w33, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w32, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w31, s3);
                x = T.Constant(a3[5]);
                s1 = MicroKernel<T>.MultiplyAdd(x, w34, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w33, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w32, s3);
                x = T.Constant(a3[6]);
                s2 = MicroKernel<T>.MultiplyAdd(x, w34, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w33, s3);
                x = T.Constant(a3[7]);
                s3 = MicroKernel<T>.MultiplyAdd(x, w34, s3);
                x = T.Constant(*a4);
                s0 = MicroKernel<T>.MultiplyAdd(x, w40, s0);
                x = T.Constant(a4[1]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w41, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w40, s1);
                x = T.Constant(a4[2]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w42, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w41, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w40, s2);
                x = T.Constant(a4[3]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w43, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w42, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w41, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w40, s3);
                x = T.Constant(a4[4]);
                s0 = MicroKernel<T>.MultiplyAdd(x, w44, s0);
                s1 = MicroKernel<T>.MultiplyAdd(x, w43, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w42, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w41, s3);
                x = T.Constant(a4[5]);
                s1 = MicroKernel<T>.MultiplyAdd(x, w44, s1);
                s2 = MicroKernel<T>.MultiplyAdd(x, w43, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w42, s3);
                x = T.Constant(a4[6]);
                s2 = MicroKernel<T>.MultiplyAdd(x, w44, s2);
                s3 = MicroKernel<T>.MultiplyAdd(x, w43, s3);
                x = T.Constant(a4[7]);
                s3 = MicroKernel<T>.MultiplyAdd(x, w44, s3);
                a0 += Together;
                a1 += Together;
                a2 += Together;
                a3 += Together;
                a4 += Together;
                T.Store(to, s0);
                T.Store(to + cStep, s1);
                T.Store(to + (2 * cStep), s2);
                T.Store(to + (3 * cStep), s3);
                to += Together * cStep;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* c, T s0, T s1, T s2, T s3, T s4)
    {
        T.Store(c, T.Load(c) + s0);
        T.Store(c + T.Count, T.Load(c + T.Count) + s1);
        T.Store(c + (2 * T.Count), T.Load(c + (2 * T.Count)) + s2);
        T.Store(c + (3 * T.Count), T.Load(c + (3 * T.Count)) + s3);
        T.Store(c + (4 * T.Count), T.Load(c + (4 * T.Count)) + s4);
    }
}
