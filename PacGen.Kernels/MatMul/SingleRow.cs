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
        for (; j + (8 * T.Count) <= columns; j += 8 * T.Count)
        {
            Eight(terms, a, b + j, step, c + j, accumulate);
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

    /// <summary>Eight vectors of columns: the longer the piece of a row that is read at once, the faster it comes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(int terms, float* a, float* b, nint step, float* c, bool accumulate)
    {
        T s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (int k = 0; k < terms; k++, b += step)
        {
            for (int line = 0; line < 8 * T.Count; line += Line)
            {
                CpuDevice.Prefetch(b + (Ahead * step) + line);
            }

            T x = T.Constant(a[k]);
            s0 = MicroKernel<T>.MultiplyAdd(x, T.Load(b), s0);
            s1 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + T.Count), s1);
            s2 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (2 * T.Count)), s2);
            s3 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (3 * T.Count)), s3);
            s4 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (4 * T.Count)), s4);
            s5 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (5 * T.Count)), s5);
            s6 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (6 * T.Count)), s6);
            s7 = MicroKernel<T>.MultiplyAdd(x, T.Load(b + (7 * T.Count)), s7);
        }

        Add(c, s0, accumulate);
        Add(c + T.Count, s1, accumulate);
        Add(c + (2 * T.Count), s2, accumulate);
        Add(c + (3 * T.Count), s3, accumulate);
        Add(c + (4 * T.Count), s4, accumulate);
        Add(c + (5 * T.Count), s5, accumulate);
        Add(c + (6 * T.Count), s6, accumulate);
        Add(c + (7 * T.Count), s7, accumulate);
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
