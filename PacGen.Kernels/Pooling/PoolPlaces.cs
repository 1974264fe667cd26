using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Which place of a window has the maximum: the first of equal ones, a NaN before all else.</summary>
internal static unsafe class PoolPlaces<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>The place of any window.</summary>
    /// <param name="window">The window's first pixel.</param>
    /// <param name="below">From a pixel to the one below.</param>
    /// <param name="channels">From a pixel to the next.</param>
    /// <param name="rows">The window's rows.</param>
    /// <param name="columns">The window's columns.</param>
    /// <param name="first">The first pixel's number.</param>
    /// <param name="line">From the number of a pixel to that of the one below.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Find(float* window, long below, int channels, int rows, int columns, int first, int line)
    {
        T best = T.Load(window), place = T.Constant(first);
        for (int i = 0; i < rows; i++)
        {
            float* pixel = window + (i * below);
            for (int j = 0; j < columns; j++, pixel += channels)
            {
                T key = T.Load(pixel), takes = PoolSelect.Takes(key, best);
                best = T.Select(takes, key, best);
                place = T.Select(takes, T.Constant(first + (i * line) + j), place);
            }
        }

        return place;
    }

    /// <summary>
    /// The place of a window of 3 × 3 without NaN, where a later position takes the place if it is larger, and the maximum needs
    /// no selection.
    /// </summary>
    /// <param name="window">The window's first pixel.</param>
    /// <param name="below">From a pixel to the one below.</param>
    /// <param name="right">From a pixel to the next.</param>
    /// <param name="sum">The pixels are added to it: where it may be a NaN then, the place doesn't count.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Find3x3(float* window, nint below, nint right, ref T sum)
    {
        T a = T.Load(window), b = T.Load(window + right), c = T.Load(window + (2 * right)), best = a, place = T.Constant(0);
        sum += a + b + c;
        Next(b, 1, ref best, ref place);
        Next(c, 2, ref best, ref place);
        NextLine(window + below, right, 3, ref best, ref place, ref sum);
        NextLine(window + (2 * below), right, 6, ref best, ref place, ref sum);
        return place;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NextLine(float* line, nint right, int position, ref T best, ref T place, ref T sum)
    {
        T a = T.Load(line), b = T.Load(line + right), c = T.Load(line + (2 * right));
        sum += a + b + c;
        Next(a, position, ref best, ref place);
        Next(b, position + 1, ref best, ref place);
        Next(c, position + 2, ref best, ref place);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Next(T key, int position, ref T best, ref T place)
    {
        place = PoolSelect.IfLess(best, key, T.Constant(position), place);
        best = T.Max(key, best);
    }
}
