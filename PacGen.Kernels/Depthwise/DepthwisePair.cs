using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The usual depthwise convolution, 3×3 taps side by side at a stride of 1, for four pixels of two output rows: each pixel of the
/// four rows that they see is loaded once. Every output adds its taps in the order of the plain loop, so the bits are the same.
/// </summary>
internal static unsafe class DepthwisePair<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>The pixels of a row that are computed together.</summary>
    public const int Columns = 4;

    /// <summary>Computes all channels of the eight pixels.</summary>
    /// <param name="x">The first pixel of the first row that they see.</param>
    /// <param name="line">From a row of the images to the next.</param>
    /// <param name="w">The weights.</param>
    /// <param name="y">The first pixel of the upper row.</param>
    /// <param name="row">From a row of the output to the next.</param>
    /// <param name="channels">The channels of a pixel.</param>
    /// <param name="first">The first channel.</param>
    /// <param name="end">The channel behind the last.</param>
    /// <param name="past">Whether to store past the caches.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, nint line, float* w, float* y, nint row, nint channels, nint first, nint end, bool past)
    {
        nint two = 2 * channels, three = 3 * channels, four = 4 * channels, five = 5 * channels;
        for (nint c = first; c < end; c += T.Count)
        {
            float* at = x + c, tap = w + c, to = y + c;
            T zero = T.Constant(0f);
            T u0 = T.Load(tap), u1 = T.Load(tap + channels), u2 = T.Load(tap + two);

            // Row 0 is seen by the upper pixels alone.
            T v = T.Load(at);
            T a0 = T.Fma(v, u0, zero);
            v = T.Load(at + channels);
            a0 = T.Fma(v, u1, a0);
            T a1 = T.Fma(v, u0, zero);
            v = T.Load(at + two);
            a0 = T.Fma(v, u2, a0);
            a1 = T.Fma(v, u1, a1);
            T a2 = T.Fma(v, u0, zero);
            v = T.Load(at + three);
            a1 = T.Fma(v, u2, a1);
            a2 = T.Fma(v, u1, a2);
            T a3 = T.Fma(v, u0, zero);
            v = T.Load(at + four);
            a2 = T.Fma(v, u2, a2);
            a3 = T.Fma(v, u1, a3);
            a3 = T.Fma(T.Load(at + five), u2, a3);

            // Row 1: the upper pixels' second taps u, the lower ones' first t.
            at += line;
            tap += three;
            T t0 = u0, t1 = u1, t2 = u2;
            u0 = T.Load(tap);
            u1 = T.Load(tap + channels);
            u2 = T.Load(tap + two);
            v = T.Load(at);
            a0 = T.Fma(v, u0, a0);
            T b0 = T.Fma(v, t0, zero);
            v = T.Load(at + channels);
            a0 = T.Fma(v, u1, a0);
            a1 = T.Fma(v, u0, a1);
            b0 = T.Fma(v, t1, b0);
            T b1 = T.Fma(v, t0, zero);
            v = T.Load(at + two);
            a0 = T.Fma(v, u2, a0);
            a1 = T.Fma(v, u1, a1);
            a2 = T.Fma(v, u0, a2);
            b0 = T.Fma(v, t2, b0);
            b1 = T.Fma(v, t1, b1);
            T b2 = T.Fma(v, t0, zero);
            v = T.Load(at + three);
            a1 = T.Fma(v, u2, a1);
            a2 = T.Fma(v, u1, a2);
            a3 = T.Fma(v, u0, a3);
            b1 = T.Fma(v, t2, b1);
            b2 = T.Fma(v, t1, b2);
            T b3 = T.Fma(v, t0, zero);
            v = T.Load(at + four);
            a2 = T.Fma(v, u2, a2);
            a3 = T.Fma(v, u1, a3);
            b2 = T.Fma(v, t2, b2);
            b3 = T.Fma(v, t1, b3);
            v = T.Load(at + five);
            a3 = T.Fma(v, u2, a3);
            b3 = T.Fma(v, t2, b3);

            // Row 2: the third taps and the second.
            at += line;
            tap += three;
            (t0, t1, t2) = (u0, u1, u2);
            u0 = T.Load(tap);
            u1 = T.Load(tap + channels);
            u2 = T.Load(tap + two);
            v = T.Load(at);
            a0 = T.Fma(v, u0, a0);
            b0 = T.Fma(v, t0, b0);
            v = T.Load(at + channels);
            a0 = T.Fma(v, u1, a0);
            a1 = T.Fma(v, u0, a1);
            b0 = T.Fma(v, t1, b0);
            b1 = T.Fma(v, t0, b1);
            v = T.Load(at + two);
            a0 = T.Fma(v, u2, a0);
            a1 = T.Fma(v, u1, a1);
            a2 = T.Fma(v, u0, a2);
            b0 = T.Fma(v, t2, b0);
            b1 = T.Fma(v, t1, b1);
            b2 = T.Fma(v, t0, b2);
            v = T.Load(at + three);
            a1 = T.Fma(v, u2, a1);
            a2 = T.Fma(v, u1, a2);
            a3 = T.Fma(v, u0, a3);
            b1 = T.Fma(v, t2, b1);
            b2 = T.Fma(v, t1, b2);
            b3 = T.Fma(v, t0, b3);
            v = T.Load(at + four);
            a2 = T.Fma(v, u2, a2);
            a3 = T.Fma(v, u1, a3);
            b2 = T.Fma(v, t2, b2);
            b3 = T.Fma(v, t1, b3);
            v = T.Load(at + five);
            a3 = T.Fma(v, u2, a3);
            b3 = T.Fma(v, t2, b3);
            if (past)
            {
                CpuDevice.StorePast(to, a0);
                CpuDevice.StorePast(to + channels, a1);
                CpuDevice.StorePast(to + two, a2);
                CpuDevice.StorePast(to + three, a3);
            }
            else
            {
                T.Store(to, a0);
                T.Store(to + channels, a1);
                T.Store(to + two, a2);
                T.Store(to + three, a3);
            }

            // Row 3: the lower pixels' third taps.
            at += line;
            to += row;
            v = T.Load(at);
            b0 = T.Fma(v, u0, b0);
            v = T.Load(at + channels);
            b0 = T.Fma(v, u1, b0);
            b1 = T.Fma(v, u0, b1);
            v = T.Load(at + two);
            b0 = T.Fma(v, u2, b0);
            b1 = T.Fma(v, u1, b1);
            b2 = T.Fma(v, u0, b2);
            v = T.Load(at + three);
            b1 = T.Fma(v, u2, b1);
            b2 = T.Fma(v, u1, b2);
            b3 = T.Fma(v, u0, b3);
            v = T.Load(at + four);
            b2 = T.Fma(v, u2, b2);
            b3 = T.Fma(v, u1, b3);
            b3 = T.Fma(T.Load(at + five), u2, b3);
            if (past)
            {
                CpuDevice.StorePast(to, b0);
                CpuDevice.StorePast(to + channels, b1);
                CpuDevice.StorePast(to + two, b2);
                CpuDevice.StorePast(to + three, b3);
            }
            else
            {
                T.Store(to, b0);
                T.Store(to + channels, b1);
                T.Store(to + two, b2);
                T.Store(to + three, b3);
            }
        }
    }
}
