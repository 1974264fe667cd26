using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>The loops of <see cref="PoolScatterHalves{T}"/> along a row whose windows, or squares, are all whole.</summary>
internal static unsafe class PoolHalvesRow<T>
    where T : struct, IMemoryLane<T>
{
    // Asked for ahead, to be in the cache in time; the machine looks ahead within a page alone.
    private const int SquaresAhead = 4, WindowsAhead = 8, Stride = 2;

    /// <summary>The place that each window chose: without NaN the first that none is larger than.</summary>
    /// <param name="window">The first window's first pixel.</param>
    /// <param name="below">From a pixel to the one below.</param>
    /// <param name="channels">From a pixel to the next.</param>
    /// <param name="windows">How many windows.</param>
    /// <param name="places">Takes the places.</param>
    /// <returns>A sum of all pixels: with a NaN among them the places don't count.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Find(float* window, nint below, nint channels, int windows, float* places)
    {
        T sum = T.Constant(0);
        nint ahead = WindowsAhead * Stride * channels;
        for (; windows > 0; windows--, window += Stride * channels, places += channels)
        {
            for (nint c = 0; c < channels; c += T.Count)
            {
                c = Math.Min(c, channels - T.Count);
                float* from = window + c, next = from + below + ahead;
                CpuDevice.Prefetch(next);
                CpuDevice.Prefetch(next + channels);
                next += below;
                CpuDevice.Prefetch(next);
                CpuDevice.Prefetch(next + channels);
                T.Store(places + c, PoolPlaces<T>.Find3x3(from, below, channels, ref sum));
            }
        }

        return sum;
    }

    /// <summary>Squares of four pixels, each from the four windows over its last pixel.</summary>
    /// <param name="above">The places of the windows above; from a window to the next as many as channels.</param>
    /// <param name="below">Those of the windows below.</param>
    /// <param name="upper">The gradients of the windows above.</param>
    /// <param name="lower">Those of the windows below.</param>
    /// <param name="to">Takes the upper pixels.</param>
    /// <param name="line">From there to the lower pixels.</param>
    /// <param name="channels">From a pixel to the next.</param>
    /// <param name="squares">How many squares.</param>
    /// <param name="past">Whether to store past the caches.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Put(
        float* above, float* below, float* upper, float* lower, float* to, nint line, nint channels, int squares, bool past)
    {
        nint ahead = SquaresAhead * Stride * channels;
        for (; squares > 0; squares--, to += Stride * channels)
        {
            for (nint c = 0; c < channels; c += T.Count)
            {
                c = Math.Min(c, channels - T.Count);
                T zero = T.Constant(0), place = T.Load(above + c), g = T.Load(upper + c);
                T s00 = PoolSelect.AddIfEqual(place, T.Constant(4), zero, g);
                T s01 = PoolSelect.AddIfEqual(place, T.Constant(5), zero, g);
                T s10 = PoolSelect.AddIfEqual(place, T.Constant(7), zero, g);
                T s11 = PoolSelect.AddIfEqual(place, T.Constant(8), zero, g);
                place = T.Load(above + channels + c);
                g = T.Load(upper + channels + c);
                s01 = PoolSelect.AddIfEqual(place, T.Constant(3), s01, g);
                s11 = PoolSelect.AddIfEqual(place, T.Constant(6), s11, g);
                place = T.Load(below + c);
                g = T.Load(lower + c);
                s10 = PoolSelect.AddIfEqual(place, T.Constant(1), s10, g);
                s11 = PoolSelect.AddIfEqual(place, T.Constant(2), s11, g);
                s11 = PoolSelect.AddIfEqual(
                    T.Load(below + channels + c), T.Constant(0), s11, T.Load(lower + channels + c));
                float* first = to + c, second = first + line;
                if (past)
                {
                    CpuDevice.StorePast(first, s00);
                    CpuDevice.StorePast(first + channels, s01);
                    CpuDevice.StorePast(second, s10);
                    CpuDevice.StorePast(second + channels, s11);
                    continue;
                }

                // A store waits for a line that is in no cache.
                CpuDevice.Prefetch(first + ahead);
                CpuDevice.Prefetch(first + ahead + channels);
                CpuDevice.Prefetch(second + ahead);
                CpuDevice.Prefetch(second + ahead + channels);
                T.Store(first, s00);
                T.Store(first + channels, s01);
                T.Store(second, s10);
                T.Store(second + channels, s11);
            }

            above += channels;
            below += channels;
            upper += channels;
            lower += channels;
        }
    }
}
