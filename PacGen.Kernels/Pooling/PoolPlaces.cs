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
    /// The place of a window of 3 × 3. Without NaN a later position takes the place where it is larger, and the maximum needs no
    /// selection.
    /// </summary>
    /// <param name="window">The window's first pixel.</param>
    /// <param name="below">From a pixel to the one below.</param>
    /// <param name="right">From a pixel to the next.</param>
    /// <param name="places">Takes the place.</param>
    /// <returns>False where there may be a NaN; the place doesn't count then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFind3x3(float* window, long below, long right, float* places)
    {
        T best = T.Load(window), sum = best, place = T.Constant(0);
        Next(T.Load(window + right), 1, ref best, ref place, ref sum);
        Next(T.Load(window + (2 * right)), 2, ref best, ref place, ref sum);
        window += below;
        Next(T.Load(window), 3, ref best, ref place, ref sum);
        Next(T.Load(window + right), 4, ref best, ref place, ref sum);
        Next(T.Load(window + (2 * right)), 5, ref best, ref place, ref sum);
        window += below;
        Next(T.Load(window), 6, ref best, ref place, ref sum);
        Next(T.Load(window + right), 7, ref best, ref place, ref sum);
        Next(T.Load(window + (2 * right)), 8, ref best, ref place, ref sum);
        T.Store(places, place);
        return !PoolSelect.MayBeNaN(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Next(T key, int position, ref T best, ref T place, ref T sum)
    {
        place = T.Select(T.Less(best, key), T.Constant(position), place);
        best = T.Max(key, best);
        sum += key;
    }
}
