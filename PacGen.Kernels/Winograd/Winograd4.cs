using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// F(4, 3) with the points 0, ±5/8, ±3/2 and ∞: 36 multiplications for 16 outputs of 9 taps instead of 144. With the usual points
/// 0, ±1, ±2 and ∞ the largest error is four times as large; with these all constants of A and B are exact.
/// </summary>
internal readonly unsafe struct Winograd4 : IWinogradTile
{
    internal const float P = 0.625f, Q = 1.5f;
    internal const float P2 = P * P, P3 = P * P * P, Q2 = Q * Q, Q3 = Q * Q * Q;
    internal const float Sum = P2 + Q2, Product = P2 * Q2;

    // The products of a point's differences from the others, which G divides by.
    private const double AtP = 2 * P2 * ((double)P2 - Q2), AtQ = 2 * Q2 * ((double)Q2 - P2);
    internal const float G0 = (float)(1.0 / ((double)P2 * Q2)), GP = (float)(1 / AtP), GQ = (float)(1 / AtQ);
    internal const float GP1 = (float)(P / AtP), GP2 = (float)(P2 / AtP), GQ1 = (float)(Q / AtQ), GQ2 = (float)(Q2 / AtQ);

    /// <inheritdoc/>
    public static int Outputs => 4;

    /// <inheritdoc/>
    public static int Inputs => 6;

    /// <inheritdoc/>
    public static int Taps => 3;

    /// <inheritdoc/>
    public static int Stride => 1;

    /// <inheritdoc/>
    public static int Spread => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Images<T>(float** from, nint offset, float* to, nint step)
    {
        nint line = 6 * step;
        T sum = T.Constant(-Sum), product = T.Constant(Product);
        for (int end = 0; end < 2; end++)
        {
            ImageColumn(
                End(from + end, offset, sum, product), End(from + 6 + end, offset, sum, product),
                End(from + 12 + end, offset, sum, product), End(from + 18 + end, offset, sum, product),
                End(from + 24 + end, offset, sum, product), End(from + 30 + end, offset, sum, product), to + (5 * end * step),
                line);
        }

        T other = T.Constant(-Q2), point = T.Constant(P);
        for (int pair = 0; pair < 2; pair++)
        {
            to += step;
            ImagePair(from, offset, other, point, out T a0, out T b0);
            ImagePair(from + 6, offset, other, point, out T a1, out T b1);
            ImagePair(from + 12, offset, other, point, out T a2, out T b2);
            ImagePair(from + 18, offset, other, point, out T a3, out T b3);
            ImagePair(from + 24, offset, other, point, out T a4, out T b4);
            ImagePair(from + 30, offset, other, point, out T a5, out T b5);
            ImageColumn(a0, a1, a2, a3, a4, a5, to, line);
            to += step;
            ImageColumn(b0, b1, b2, b3, b4, b5, to, line);
            other = T.Constant(-P2);
            point = T.Constant(Q);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Sums<T>(float* from, nint step, float* to, nint columnStep, nint rowStep)
    {
        nint line = 6 * step;
        SumEven(from, step, out T a0, out T b0);
        SumEven(from + line, step, out T a1, out T b1);
        SumEven(from + (2 * line), step, out T a2, out T b2);
        SumEven(from + (3 * line), step, out T a3, out T b3);
        SumEven(from + (4 * line), step, out T a4, out T b4);
        SumEven(from + (5 * line), step, out T a5, out T b5);
        SumColumn(a0, a1, a2, a3, a4, a5, to, rowStep);
        SumColumn(b0, b1, b2, b3, b4, b5, to + (2 * columnStep), rowStep);
        SumOdd(from, step, out a0, out b0);
        SumOdd(from + line, step, out a1, out b1);
        SumOdd(from + (2 * line), step, out a2, out b2);
        SumOdd(from + (3 * line), step, out a3, out b3);
        SumOdd(from + (4 * line), step, out a4, out b4);
        SumOdd(from + (5 * line), step, out a5, out b5);
        SumColumn(a0, a1, a2, a3, a4, a5, to + columnStep, rowStep);
        SumColumn(b0, b1, b2, b3, b4, b5, to + (3 * columnStep), rowStep);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Gradients<T>(float** from, nint offset, float* to, nint step)
    {
        nint line = 6 * step;
        GradientColumn(
            T.Load(from[0] + offset), T.Load(from[4] + offset), T.Load(from[8] + offset), T.Load(from[12] + offset), to, line);
        GradientColumn(
            T.Load(from[3] + offset), T.Load(from[7] + offset), T.Load(from[11] + offset), T.Load(from[15] + offset),
            to + (5 * step), line);
        T first = T.Constant(P), second = T.Constant(P2), third = T.Constant(P3);
        for (int pair = 0; pair < 2; pair++)
        {
            to += step;
            GradientPair(from, offset, first, second, third, out T a0, out T b0);
            GradientPair(from + 4, offset, first, second, third, out T a1, out T b1);
            GradientPair(from + 8, offset, first, second, third, out T a2, out T b2);
            GradientPair(from + 12, offset, first, second, third, out T a3, out T b3);
            GradientColumn(a0, a1, a2, a3, to, line);
            to += step;
            GradientColumn(b0, b1, b2, b3, to, line);
            (first, second, third) = (T.Constant(Q), T.Constant(Q2), T.Constant(Q3));
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Weights<T>(float** from, nint offset, float* to, nint step)
    {
        T g0 = T.Load(from[0] + offset), g1 = T.Load(from[1] + offset), g2 = T.Load(from[2] + offset);
        T.Store(to, g0 * T.Constant(G0));
        T even = MicroKernel<T>.MultiplyAdd(T.Constant(GP2), g2, g0 * T.Constant(GP)), odd = g1 * T.Constant(GP1);
        T.Store(to + step, even + odd);
        T.Store(to + (2 * step), even - odd);
        even = MicroKernel<T>.MultiplyAdd(T.Constant(GQ2), g2, g0 * T.Constant(GQ));
        odd = g1 * T.Constant(GQ1);
        T.Store(to + (3 * step), even + odd);
        T.Store(to + (4 * step), even - odd);
        T.Store(to + (5 * step), g2);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.WeightGradients<T>(float** from, nint offset, float* to, nint step)
    {
        T p1 = T.Load(from[1] + offset), p2 = T.Load(from[2] + offset), p3 = T.Load(from[3] + offset),
            p4 = T.Load(from[4] + offset);
        T evenP = p1 + p2, oddP = p1 - p2, evenQ = p3 + p4, oddQ = p3 - p4;
        T.Store(to, MicroKernel<T>.MultiplyAdd(
            T.Constant(G0), T.Load(from[0] + offset),
            MicroKernel<T>.MultiplyAdd(T.Constant(GP), evenP, T.Constant(GQ) * evenQ)));
        T.Store(to + step, MicroKernel<T>.MultiplyAdd(T.Constant(GP1), oddP, T.Constant(GQ1) * oddQ));
        T.Store(to + (2 * step), MicroKernel<T>.MultiplyAdd(
            T.Constant(GP2), evenP, MicroKernel<T>.MultiplyAdd(T.Constant(GQ2), evenQ, T.Load(from[5] + offset))));
    }

    // The first of a row's numbers, or of those one place further the last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T End<T>(float** row, nint offset, T sum, T product)
        where T : struct, IMemoryLane<T> => MicroKernel<T>.MultiplyAdd(
            product, T.Load(row[0] + offset),
            MicroKernel<T>.MultiplyAdd(sum, T.Load(row[2] + offset), T.Load(row[4] + offset)));

    // A row's numbers of a point and of its negative.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImagePair<T>(float** row, nint offset, T other, T point, out T plus, out T minus)
        where T : struct, IMemoryLane<T>
    {
        T even = MicroKernel<T>.MultiplyAdd(other, T.Load(row[2] + offset), T.Load(row[4] + offset));
        T odd = point * MicroKernel<T>.MultiplyAdd(other, T.Load(row[1] + offset), T.Load(row[3] + offset));
        plus = even + odd;
        minus = even - odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImageColumn<T>(T d0, T d1, T d2, T d3, T d4, T d5, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T minusSum = T.Constant(-Sum), product = T.Constant(Product);
        T.Store(to, MicroKernel<T>.MultiplyAdd(product, d0, MicroKernel<T>.MultiplyAdd(minusSum, d2, d4)));
        T.Store(to + (5 * step), MicroKernel<T>.MultiplyAdd(product, d1, MicroKernel<T>.MultiplyAdd(minusSum, d3, d5)));
        T other = T.Constant(-Q2), point = T.Constant(P);
        T even = MicroKernel<T>.MultiplyAdd(other, d2, d4), odd = point * MicroKernel<T>.MultiplyAdd(other, d1, d3);
        T.Store(to + step, even + odd);
        T.Store(to + (2 * step), even - odd);
        other = T.Constant(-P2);
        point = T.Constant(Q);
        even = MicroKernel<T>.MultiplyAdd(other, d2, d4);
        odd = point * MicroKernel<T>.MultiplyAdd(other, d1, d3);
        T.Store(to + (3 * step), even + odd);
        T.Store(to + (4 * step), even - odd);
    }

    // A row's first and third output.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumEven<T>(float* row, nint step, out T first, out T third)
        where T : struct, IMemoryLane<T>
    {
        T evenP = T.Load(row + step) + T.Load(row + (2 * step)), evenQ = T.Load(row + (3 * step)) + T.Load(row + (4 * step));
        first = T.Load(row) + (evenP + evenQ);
        third = MicroKernel<T>.MultiplyAdd(T.Constant(P2), evenP, T.Constant(Q2) * evenQ);
    }

    // A row's second and fourth output.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumOdd<T>(float* row, nint step, out T second, out T fourth)
        where T : struct, IMemoryLane<T>
    {
        T oddP = T.Load(row + step) - T.Load(row + (2 * step)), oddQ = T.Load(row + (3 * step)) - T.Load(row + (4 * step));
        second = MicroKernel<T>.MultiplyAdd(T.Constant(P), oddP, T.Constant(Q) * oddQ);
        fourth = MicroKernel<T>.MultiplyAdd(
            T.Constant(P3), oddP, MicroKernel<T>.MultiplyAdd(T.Constant(Q3), oddQ, T.Load(row + (5 * step))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumColumn<T>(T p0, T p1, T p2, T p3, T p4, T p5, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T evenP = p1 + p2, oddP = p1 - p2, evenQ = p3 + p4, oddQ = p3 - p4;
        T.Store(to, p0 + (evenP + evenQ));
        T.Store(to + step, MicroKernel<T>.MultiplyAdd(T.Constant(P), oddP, T.Constant(Q) * oddQ));
        T.Store(to + (2 * step), MicroKernel<T>.MultiplyAdd(T.Constant(P2), evenP, T.Constant(Q2) * evenQ));
        T.Store(to + (3 * step), MicroKernel<T>.MultiplyAdd(
            T.Constant(P3), oddP, MicroKernel<T>.MultiplyAdd(T.Constant(Q3), oddQ, p5)));
    }

    /// <summary>A row's numbers of a point and of its negative.</summary>
    /// <param name="row">The addresses of its four numbers.</param>
    /// <param name="offset">How far behind these.</param>
    /// <param name="first">The point.</param>
    /// <param name="second">Its square.</param>
    /// <param name="third">Its cube.</param>
    /// <param name="plus">That of the point.</param>
    /// <param name="minus">That of its negative.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void GradientPair<T>(float** row, nint offset, T first, T second, T third, out T plus, out T minus)
        where T : struct, IMemoryLane<T>
    {
        T even = MicroKernel<T>.MultiplyAdd(second, T.Load(row[2] + offset), T.Load(row[0] + offset));
        T odd = MicroKernel<T>.MultiplyAdd(third, T.Load(row[3] + offset), first * T.Load(row[1] + offset));
        plus = even + odd;
        minus = even - odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GradientColumn<T>(T y0, T y1, T y2, T y3, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T.Store(to, y0);
        T.Store(to + (5 * step), y3);
        T even = MicroKernel<T>.MultiplyAdd(T.Constant(P2), y2, y0);
        T odd = MicroKernel<T>.MultiplyAdd(T.Constant(P3), y3, T.Constant(P) * y1);
        T.Store(to + step, even + odd);
        T.Store(to + (2 * step), even - odd);
        even = MicroKernel<T>.MultiplyAdd(T.Constant(Q2), y2, y0);
        odd = MicroKernel<T>.MultiplyAdd(T.Constant(Q3), y3, T.Constant(Q) * y1);
        T.Store(to + (3 * step), even + odd);
        T.Store(to + (4 * step), even - odd);
    }
}
