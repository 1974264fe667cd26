using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Matrix products with a side of 16 beside a panel of one vector, for AVX-512's 32 registers: 16 terms, where the panel stays in
/// registers, and 16 rows, where the sums do. Unrolled by hand because the JIT keeps only locals in registers.
/// </summary>
internal static unsafe class SixteenTerms<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>The terms, or the rows.</summary>
    public const int Terms = 16;

    /// <summary>Whether products of so many terms or rows with panels consist of such.</summary>
    public static bool Fits(ColumnPanels panels, int terms) =>
        T.Count == Terms && panels.Vectors == 1 && terms % Terms == 0;

    /// <summary>c[r] = Σ a[r, k] b[k], or += where <paramref name="adds"/>, for all rows r.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="a">The rows' terms.</param>
    /// <param name="aStep">From a row to the next.</param>
    /// <param name="b">The panel, a vector a term.</param>
    /// <param name="c">Takes a vector a row.</param>
    /// <param name="adds">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int rows, float* a, nint aStep, float* b, float* c, bool adds)
    {
        T b0 = T.Load(b), b1 = T.Load(b + T.Count), b2 = T.Load(b + (2 * T.Count)), b3 = T.Load(b + (3 * T.Count)),
            b4 = T.Load(b + (4 * T.Count)), b5 = T.Load(b + (5 * T.Count)), b6 = T.Load(b + (6 * T.Count)),
            b7 = T.Load(b + (7 * T.Count)), b8 = T.Load(b + (8 * T.Count)), b9 = T.Load(b + (9 * T.Count)),
            b10 = T.Load(b + (10 * T.Count)), b11 = T.Load(b + (11 * T.Count)), b12 = T.Load(b + (12 * T.Count)),
            b13 = T.Load(b + (13 * T.Count)), b14 = T.Load(b + (14 * T.Count)), b15 = T.Load(b + (15 * T.Count));
        int row = 0;
        for (; row < rows - 1; row += 2, a += 2 * aStep, c += 2 * T.Count)
        {
            float* next = a + aStep;
            T sum = b0 * T.Constant(a[0]), other = b0 * T.Constant(next[0]);
            sum = MicroKernel<T>.MultiplyAdd(b1, T.Constant(a[1]), sum);
            other = MicroKernel<T>.MultiplyAdd(b1, T.Constant(next[1]), other);
            sum = MicroKernel<T>.MultiplyAdd(b2, T.Constant(a[2]), sum);
            other = MicroKernel<T>.MultiplyAdd(b2, T.Constant(next[2]), other);
            sum = MicroKernel<T>.MultiplyAdd(b3, T.Constant(a[3]), sum);
            other = MicroKernel<T>.MultiplyAdd(b3, T.Constant(next[3]), other);
            sum = MicroKernel<T>.MultiplyAdd(b4, T.Constant(a[4]), sum);
            other = MicroKernel<T>.MultiplyAdd(b4, T.Constant(next[4]), other);
            sum = MicroKernel<T>.MultiplyAdd(b5, T.Constant(a[5]), sum);
            other = MicroKernel<T>.MultiplyAdd(b5, T.Constant(next[5]), other);
            sum = MicroKernel<T>.MultiplyAdd(b6, T.Constant(a[6]), sum);
            other = MicroKernel<T>.MultiplyAdd(b6, T.Constant(next[6]), other);
            sum = MicroKernel<T>.MultiplyAdd(b7, T.Constant(a[7]), sum);
            other = MicroKernel<T>.MultiplyAdd(b7, T.Constant(next[7]), other);
            sum = MicroKernel<T>.MultiplyAdd(b8, T.Constant(a[8]), sum);
            other = MicroKernel<T>.MultiplyAdd(b8, T.Constant(next[8]), other);
            sum = MicroKernel<T>.MultiplyAdd(b9, T.Constant(a[9]), sum);
            other = MicroKernel<T>.MultiplyAdd(b9, T.Constant(next[9]), other);
            sum = MicroKernel<T>.MultiplyAdd(b10, T.Constant(a[10]), sum);
            other = MicroKernel<T>.MultiplyAdd(b10, T.Constant(next[10]), other);
            sum = MicroKernel<T>.MultiplyAdd(b11, T.Constant(a[11]), sum);
            other = MicroKernel<T>.MultiplyAdd(b11, T.Constant(next[11]), other);
            sum = MicroKernel<T>.MultiplyAdd(b12, T.Constant(a[12]), sum);
            other = MicroKernel<T>.MultiplyAdd(b12, T.Constant(next[12]), other);
            sum = MicroKernel<T>.MultiplyAdd(b13, T.Constant(a[13]), sum);
            other = MicroKernel<T>.MultiplyAdd(b13, T.Constant(next[13]), other);
            sum = MicroKernel<T>.MultiplyAdd(b14, T.Constant(a[14]), sum);
            other = MicroKernel<T>.MultiplyAdd(b14, T.Constant(next[14]), other);
            sum = MicroKernel<T>.MultiplyAdd(b15, T.Constant(a[15]), sum);
            other = MicroKernel<T>.MultiplyAdd(b15, T.Constant(next[15]), other);
            T.Store(c, adds ? sum + T.Load(c) : sum);
            T.Store(c + T.Count, adds ? other + T.Load(c + T.Count) : other);
        }

        for (; row < rows; row++, a += aStep, c += T.Count)
        {
            T sum = b0 * T.Constant(a[0]);
            sum = MicroKernel<T>.MultiplyAdd(b1, T.Constant(a[1]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b2, T.Constant(a[2]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b3, T.Constant(a[3]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b4, T.Constant(a[4]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b5, T.Constant(a[5]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b6, T.Constant(a[6]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b7, T.Constant(a[7]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b8, T.Constant(a[8]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b9, T.Constant(a[9]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b10, T.Constant(a[10]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b11, T.Constant(a[11]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b12, T.Constant(a[12]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b13, T.Constant(a[13]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b14, T.Constant(a[14]), sum);
            sum = MicroKernel<T>.MultiplyAdd(b15, T.Constant(a[15]), sum);
            T.Store(c, adds ? sum + T.Load(c) : sum);
        }
    }

    /// <summary>c[r] = Σ a[k, r] b[k], or += where <paramref name="adds"/>, for 16 rows r.</summary>
    /// <param name="terms">How many terms.</param>
    /// <param name="a">The rows' numbers of the first term.</param>
    /// <param name="aStep">From a term to the next in them.</param>
    /// <param name="b">The panel, a vector a term.</param>
    /// <param name="c">Takes a vector a row.</param>
    /// <param name="adds">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddOuterProducts(int terms, float* a, nint aStep, float* b, float* c, bool adds)
    {
        T s0 = default, s1 = default, s2 = default, s3 = default;
        T s4 = default, s5 = default, s6 = default, s7 = default;
        T s8 = default, s9 = default, s10 = default, s11 = default;
        T s12 = default, s13 = default, s14 = default, s15 = default;
        for (; terms > 0; terms--, a += aStep, b += T.Count)
        {
            T column = T.Load(b);
            s0 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[0]), s0);
            s1 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[1]), s1);
            s2 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[2]), s2);
            s3 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[3]), s3);
            s4 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[4]), s4);
            s5 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[5]), s5);
            s6 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[6]), s6);
            s7 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[7]), s7);
            s8 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[8]), s8);
            s9 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[9]), s9);
            s10 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[10]), s10);
            s11 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[11]), s11);
            s12 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[12]), s12);
            s13 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[13]), s13);
            s14 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[14]), s14);
            s15 = MicroKernel<T>.MultiplyAdd(column, T.Constant(a[15]), s15);
        }

        if (adds)
        {
            s0 += T.Load(c);
            s1 += T.Load(c + T.Count);
            s2 += T.Load(c + (2 * T.Count));
            s3 += T.Load(c + (3 * T.Count));
            s4 += T.Load(c + (4 * T.Count));
            s5 += T.Load(c + (5 * T.Count));
            s6 += T.Load(c + (6 * T.Count));
            s7 += T.Load(c + (7 * T.Count));
            s8 += T.Load(c + (8 * T.Count));
            s9 += T.Load(c + (9 * T.Count));
            s10 += T.Load(c + (10 * T.Count));
            s11 += T.Load(c + (11 * T.Count));
            s12 += T.Load(c + (12 * T.Count));
            s13 += T.Load(c + (13 * T.Count));
            s14 += T.Load(c + (14 * T.Count));
            s15 += T.Load(c + (15 * T.Count));
        }

        T.Store(c, s0);
        T.Store(c + T.Count, s1);
        T.Store(c + (2 * T.Count), s2);
        T.Store(c + (3 * T.Count), s3);
        T.Store(c + (4 * T.Count), s4);
        T.Store(c + (5 * T.Count), s5);
        T.Store(c + (6 * T.Count), s6);
        T.Store(c + (7 * T.Count), s7);
        T.Store(c + (8 * T.Count), s8);
        T.Store(c + (9 * T.Count), s9);
        T.Store(c + (10 * T.Count), s10);
        T.Store(c + (11 * T.Count), s11);
        T.Store(c + (12 * T.Count), s12);
        T.Store(c + (13 * T.Count), s13);
        T.Store(c + (14 * T.Count), s14);
        T.Store(c + (15 * T.Count), s15);
    }
}
