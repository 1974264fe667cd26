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
    private const int Ahead = 8, Line = 16;
    private const int WideColumns = 128;

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
        for (; j + WideColumns <= columns; j += WideColumns)
        {
            Wide(terms, a, b + j, step, c + j, accumulate);
        }

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

    /// <summary>
    /// Many columns, four rows of the matrix at a time: the longer the pieces of a row that are read, the faster they come, and
    /// without being asked for; the sums, for which 256-bit registers are too few, stay in the nearest cache.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide(int terms, float* a, float* b, nint step, float* c, bool accumulate)
    {
        float* room = stackalloc float[WideColumns + 16];
        float* sums = WinogradTiles.Aligned(room);
        new Span<float>(sums, WideColumns).Clear();
        int k = 0;
        for (; k <= terms - 4; k += 4, b += 4 * step)
        {
            T x0 = T.Constant(a[k]), x1 = T.Constant(a[k + 1]), x2 = T.Constant(a[k + 2]), x3 = T.Constant(a[k + 3]);
            float* b1 = b + step, b2 = b1 + step, b3 = b2 + step;
            for (int j = 0; j < WideColumns; j += 2 * T.Count)
            {
                T sum = MicroKernel<T>.MultiplyAdd(x0, T.Load(b + j), T.Load(sums + j));
                sum = MicroKernel<T>.MultiplyAdd(x1, T.Load(b1 + j), sum);
                sum = MicroKernel<T>.MultiplyAdd(x2, T.Load(b2 + j), sum);
                T.Store(sums + j, MicroKernel<T>.MultiplyAdd(x3, T.Load(b3 + j), sum));
                T other = MicroKernel<T>.MultiplyAdd(x0, T.Load(b + j + T.Count), T.Load(sums + j + T.Count));
                other = MicroKernel<T>.MultiplyAdd(x1, T.Load(b1 + j + T.Count), other);
                other = MicroKernel<T>.MultiplyAdd(x2, T.Load(b2 + j + T.Count), other);
                T.Store(sums + j + T.Count, MicroKernel<T>.MultiplyAdd(x3, T.Load(b3 + j + T.Count), other));
            }
        }

        for (; k < terms; k++, b += step)
        {
            T x = T.Constant(a[k]);
            for (int j = 0; j < WideColumns; j += T.Count)
            {
                T.Store(sums + j, MicroKernel<T>.MultiplyAdd(x, T.Load(b + j), T.Load(sums + j)));
            }
        }

        for (int j = 0; j < WideColumns; j += T.Count)
        {
            Add(c + j, T.Load(sums + j), accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* c, T sum, bool accumulate) => T.Store(c, accumulate ? T.Load(c) + sum : sum);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(int terms, float* a, float* b, nint step, float* c, bool accumulate)
    {
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

        Add(c, s0, accumulate);
        Add(c + T.Count, s1, accumulate);
        Add(c + (2 * T.Count), s2, accumulate);
        Add(c + (3 * T.Count), s3, accumulate);
    }
}
