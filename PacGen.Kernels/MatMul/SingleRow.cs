using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// A row times a matrix that is read where it lies, for each of its numbers is needed once: c[j] = Σ a[k] b[k, j], in the same
/// order as the tiles of <see cref="MicroKernel{T}"/>.
/// </summary>
internal static unsafe class SingleRow<T>
    where T : struct, IMemoryLane<T>
{
    // Rows of the matrix that are asked for ahead: the machine does so within a page alone.
    private const int Ahead = 8;

    /// <summary>Some columns.</summary>
    /// <param name="terms">The terms.</param>
    /// <param name="a">The row.</param>
    /// <param name="b">The matrix's first column; a vector that ends a row may be read whole.</param>
    /// <param name="step">From a row of the matrix to the next.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="c">The output.</param>
    /// <param name="accumulate">Whether to add to the output.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int terms, float* a, float* b, nint step, int columns, float* c, bool accumulate)
    {
        int j = 0;
        for (; j + (4 * T.Count) <= columns; j += 4 * T.Count)
        {
            Four(terms, a, b + j, step, c + j, accumulate);
        }

        float* part = stackalloc float[16];
        for (; j < columns; j += T.Count)
        {
            T sum = default;
            float* at = b + j;
            for (int k = 0; k < terms; k++, at += step)
            {
                sum = MicroKernel<T>.MultiplyAdd(T.Constant(a[k]), T.Load(at), sum);
            }

            T.Store(part, sum);
            RowTiles<T>.Copy(part, c + j, Math.Min(T.Count, columns - j), accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(int terms, float* a, float* b, nint step, float* c, bool accumulate)
    {
        const int Line = 16;
        T s0 = default, s1 = default, s2 = default, s3 = default;
        for (int k = 0; k < terms; k++, b += step)
        {
            for (int line = 0; line < 4 * T.Count; line += Line)
            {
                CpuDevice.Prefetch(b + (Ahead * step) + line);
            }

            T x = T.Constant(a[k]);
            s0 = MicroKernel<T>.MultiplyAdd(x, T.Load(b), s0);
            s1 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + T.Count), s1);
            s2 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (2 * T.Count)), s2);
            s3 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (3 * T.Count)), s3);
        }

        if (accumulate)
        {
            s0 = T.Load(c) + s0;
            s1 = T.Load(c + T.Count) + s1;
            s2 = T.Load(c + (2 * T.Count)) + s2;
            s3 = T.Load(c + (3 * T.Count)) + s3;
        }

        T.Store(c, s0);
        T.Store(c + T.Count, s1);
        T.Store(c + (2 * T.Count), s2);
        T.Store(c + (3 * T.Count), s3);
    }
}
