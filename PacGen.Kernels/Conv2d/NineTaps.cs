using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The weight gradient of windows whose lines are nine numbers, 3 taps of 3 channels, beside one vector of output channels: nine
/// rows of sums stand behind one address, so that the 27 of three lines fill the registers of AVX-512 and one load of dy serves
/// them all.
/// </summary>
internal static unsafe class NineTaps<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>The numbers of a line.</summary>
    public const int Line = 9;

    /// <summary>Adds the products of some lines' numbers with dy to sums, a vector a number.</summary>
    /// <param name="sum">The windows.</param>
    /// <param name="a">The first number of the first window.</param>
    /// <param name="lineStep">From a line of a window to the next.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="b">dy.</param>
    /// <param name="bStep">From a window to the next in dy.</param>
    /// <param name="c">The sums.</param>
    public static void Add(in Summation sum, float* a, nint lineStep, int lines, float* b, nint bStep, float* c)
    {
        int line = 0;
        for (; T.Count == 16 && line + 3 <= lines; line += 3, a += 3 * lineStep, c += 3 * Line * T.Count)
        {
            Three(sum, a, a + lineStep, a + (2 * lineStep), b, bStep, c);
        }

        for (; line < lines; line++, a += lineStep, c += Line * T.Count)
        {
            One(sum, a, b, bStep, c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(in Summation sum, float* a0, float* b, nint bStep, float* c)
    {
        T s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default,
            s06 = default, s07 = default, s08 = default;
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
                s05 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[5]), y, s05);
                s06 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[6]), y, s06);
                s07 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[7]), y, s07);
                s08 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[8]), y, s08);
                a0 += step;
                b += bStep;
            }

            a0 += skip;
            b += panelSkip;
        }

        Add(c, s00);
        Add(c + T.Count, s01);
        Add(c + (2 * T.Count), s02);
        Add(c + (3 * T.Count), s03);
        Add(c + (4 * T.Count), s04);
        Add(c + (5 * T.Count), s05);
        Add(c + (6 * T.Count), s06);
        Add(c + (7 * T.Count), s07);
        Add(c + (8 * T.Count), s08);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(in Summation sum, float* a0, float* a1, float* a2, float* b, nint bStep, float* c)
    {
        T s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default,
            s06 = default, s07 = default, s08 = default;
        T s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default,
            s16 = default, s17 = default, s18 = default;
        T s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default,
            s26 = default, s27 = default, s28 = default;
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
                s05 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[5]), y, s05);
                s06 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[6]), y, s06);
                s07 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[7]), y, s07);
                s08 = MicroKernel<T>.MultiplyAdd(T.Constant(a0[8]), y, s08);
                s10 = MicroKernel<T>.MultiplyAdd(T.Constant(*a1), y, s10);
                s11 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[1]), y, s11);
                s12 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[2]), y, s12);
                s13 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[3]), y, s13);
                s14 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[4]), y, s14);
                s15 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[5]), y, s15);
                s16 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[6]), y, s16);
                s17 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[7]), y, s17);
                s18 = MicroKernel<T>.MultiplyAdd(T.Constant(a1[8]), y, s18);
                s20 = MicroKernel<T>.MultiplyAdd(T.Constant(*a2), y, s20);
                s21 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[1]), y, s21);
                s22 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[2]), y, s22);
                s23 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[3]), y, s23);
                s24 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[4]), y, s24);
                s25 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[5]), y, s25);
                s26 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[6]), y, s26);
                s27 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[7]), y, s27);
                s28 = MicroKernel<T>.MultiplyAdd(T.Constant(a2[8]), y, s28);
                a0 += step;
                a1 += step;
                a2 += step;
                b += bStep;
            }

            a0 += skip;
            a1 += skip;
            a2 += skip;
            b += panelSkip;
        }

        Add(c, s00);
        Add(c + T.Count, s01);
        Add(c + (2 * T.Count), s02);
        Add(c + (3 * T.Count), s03);
        Add(c + (4 * T.Count), s04);
        Add(c + (5 * T.Count), s05);
        Add(c + (6 * T.Count), s06);
        Add(c + (7 * T.Count), s07);
        Add(c + (8 * T.Count), s08);
        Add(c + (9 * T.Count), s10);
        Add(c + (10 * T.Count), s11);
        Add(c + (11 * T.Count), s12);
        Add(c + (12 * T.Count), s13);
        Add(c + (13 * T.Count), s14);
        Add(c + (14 * T.Count), s15);
        Add(c + (15 * T.Count), s16);
        Add(c + (16 * T.Count), s17);
        Add(c + (17 * T.Count), s18);
        Add(c + (18 * T.Count), s20);
        Add(c + (19 * T.Count), s21);
        Add(c + (20 * T.Count), s22);
        Add(c + (21 * T.Count), s23);
        Add(c + (22 * T.Count), s24);
        Add(c + (23 * T.Count), s25);
        Add(c + (24 * T.Count), s26);
        Add(c + (25 * T.Count), s27);
        Add(c + (26 * T.Count), s28);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* c, T sum) => T.Store(c, T.Load(c) + sum);
}
