using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// F(4, 2) with the points ±1/2, ±3/2 and ∞, for windows two places apart: the images' places of even and odd rows and columns
/// are four images, over each of which the taps that meet them have windows of 2 × 2 and stride 1; taps that are missing are
/// zeros, and with them the numbers of the point ∞. The four take 81 multiplications for 16 outputs of 9 taps instead of 144.
/// Turned round, the same four are images of outputs, each the sums of its own taps over the same windows of 2 × 2.
/// </summary>
/// <typeparam name="TPhases">Which side has the phases.</typeparam>
internal readonly unsafe struct WinogradStrided<TPhases> : IWinogradTile
    where TPhases : struct, IWinogradPhases
{
    private const float P = 0.5f, Q = 1.5f;
    private const float P2 = P * P, P3 = P * P * P, Q2 = Q * Q, Q3 = Q * Q * Q;
    private const float Sum = P2 + Q2, Product = P2 * Q2;

    // The products of a point's differences from the others, which G divides by.
    private const double AtP = 2 * P * ((double)P2 - Q2), AtQ = 2 * Q * ((double)Q2 - P2);
    private const float GP = (float)(1 / AtP), GQ = (float)(1 / AtQ), GP1 = (float)(P / AtP), GQ1 = (float)(Q / AtQ);

    /// <inheritdoc/>
    public static int Outputs => 4;

    /// <inheritdoc/>
    public static int Inputs => 5;

    /// <inheritdoc/>
    public static int Taps => 2;

    /// <inheritdoc/>
    public static int Stride => TPhases.OfOutputs ? 1 : 2;

    /// <inheritdoc/>
    public static int Spread => TPhases.OfOutputs ? 2 : 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Images<T>(float** from, nint offset, float* to, nint step)
    {
        nint line = 5 * step;
        ImageColumn(
            Last(from, offset), Last(from + 5, offset), Last(from + 10, offset), Last(from + 15, offset), Last(from + 20, offset),
            to + (4 * step), line);
        T other = T.Constant(-Q2), point = T.Constant(P);
        for (int pair = 0; pair < 2; pair++)
        {
            ImagePair(from, offset, other, point, out T a0, out T b0);
            ImagePair(from + 5, offset, other, point, out T a1, out T b1);
            ImagePair(from + 10, offset, other, point, out T a2, out T b2);
            ImagePair(from + 15, offset, other, point, out T a3, out T b3);
            ImagePair(from + 20, offset, other, point, out T a4, out T b4);
            ImageColumn(a0, a1, a2, a3, a4, to, line);
            to += step;
            ImageColumn(b0, b1, b2, b3, b4, to, line);
            to += step;
            other = T.Constant(-P2);
            point = T.Constant(Q);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static T Last(float** row, nint offset) => MicroKernel<T>.MultiplyAdd(
            T.Constant(Product), T.Load(row[0] + offset),
            MicroKernel<T>.MultiplyAdd(T.Constant(-Sum), T.Load(row[2] + offset), T.Load(row[4] + offset)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Sums<T>(float* from, nint step, float* to, nint columnStep, nint rowStep)
    {
        nint line = 5 * step;
        SumEven(from, step, out T a0, out T b0);
        SumEven(from + line, step, out T a1, out T b1);
        SumEven(from + (2 * line), step, out T a2, out T b2);
        SumEven(from + (3 * line), step, out T a3, out T b3);
        SumEven(from + (4 * line), step, out T a4, out T b4);
        SumColumn(a0, a1, a2, a3, a4, to, rowStep);
        SumColumn(b0, b1, b2, b3, b4, to + (2 * columnStep), rowStep);
        SumOdd(from, step, out a0, out b0);
        SumOdd(from + line, step, out a1, out b1);
        SumOdd(from + (2 * line), step, out a2, out b2);
        SumOdd(from + (3 * line), step, out a3, out b3);
        SumOdd(from + (4 * line), step, out a4, out b4);
        SumColumn(a0, a1, a2, a3, a4, to + columnStep, rowStep);
        SumColumn(b0, b1, b2, b3, b4, to + (3 * columnStep), rowStep);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Gradients<T>(float** from, nint offset, float* to, nint step)
    {
        nint line = 5 * step;
        GradientColumn(
            T.Load(from[3] + offset), T.Load(from[7] + offset), T.Load(from[11] + offset), T.Load(from[15] + offset),
            to + (4 * step), line);
        T first = T.Constant(P), second = T.Constant(P2), third = T.Constant(P3);
        for (int pair = 0; pair < 2; pair++)
        {
            Winograd4.GradientPair(from, offset, first, second, third, out T a0, out T b0);
            Winograd4.GradientPair(from + 4, offset, first, second, third, out T a1, out T b1);
            Winograd4.GradientPair(from + 8, offset, first, second, third, out T a2, out T b2);
            Winograd4.GradientPair(from + 12, offset, first, second, third, out T a3, out T b3);
            GradientColumn(a0, a1, a2, a3, to, line);
            to += step;
            GradientColumn(b0, b1, b2, b3, to, line);
            to += step;
            (first, second, third) = (T.Constant(Q), T.Constant(Q2), T.Constant(Q3));
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Weights<T>(float** from, nint offset, float* to, nint step)
    {
        T g0 = T.Load(from[0] + offset), g1 = T.Load(from[1] + offset);
        T even = g0 * T.Constant(GP), odd = g1 * T.Constant(GP1);
        T.Store(to, odd + even);
        T.Store(to + step, odd - even);
        even = g0 * T.Constant(GQ);
        odd = g1 * T.Constant(GQ1);
        T.Store(to + (2 * step), odd + even);
        T.Store(to + (3 * step), odd - even);
        T.Store(to + (4 * step), g1);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.WeightGradients<T>(float** from, nint offset, float* to, nint step)
    {
        T p0 = T.Load(from[0] + offset), p1 = T.Load(from[1] + offset), p2 = T.Load(from[2] + offset),
            p3 = T.Load(from[3] + offset);
        T.Store(to, MicroKernel<T>.MultiplyAdd(T.Constant(GP), p0 - p1, T.Constant(GQ) * (p2 - p3)));
        T.Store(to + step, MicroKernel<T>.MultiplyAdd(
            T.Constant(GP1), p0 + p1, MicroKernel<T>.MultiplyAdd(T.Constant(GQ1), p2 + p3, T.Load(from[4] + offset))));
    }

    // A row's numbers of a point and of its negative.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImagePair<T>(float** row, nint offset, T other, T point, out T plus, out T minus)
        where T : struct, IMemoryLane<T>
    {
        T odd = MicroKernel<T>.MultiplyAdd(other, T.Load(row[1] + offset), T.Load(row[3] + offset));
        T even = point * MicroKernel<T>.MultiplyAdd(other, T.Load(row[0] + offset), T.Load(row[2] + offset));
        plus = odd + even;
        minus = odd - even;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImageColumn<T>(T d0, T d1, T d2, T d3, T d4, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T other = T.Constant(-Q2);
        T odd = MicroKernel<T>.MultiplyAdd(other, d1, d3), even = T.Constant(P) * MicroKernel<T>.MultiplyAdd(other, d0, d2);
        T.Store(to, odd + even);
        T.Store(to + step, odd - even);
        other = T.Constant(-P2);
        odd = MicroKernel<T>.MultiplyAdd(other, d1, d3);
        even = T.Constant(Q) * MicroKernel<T>.MultiplyAdd(other, d0, d2);
        T.Store(to + (2 * step), odd + even);
        T.Store(to + (3 * step), odd - even);
        T.Store(to + (4 * step), MicroKernel<T>.MultiplyAdd(
            T.Constant(Product), d0, MicroKernel<T>.MultiplyAdd(T.Constant(-Sum), d2, d4)));
    }

    // A row's first and third output.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumEven<T>(float* row, nint step, out T first, out T third)
        where T : struct, IMemoryLane<T>
    {
        T evenP = T.Load(row) + T.Load(row + step), evenQ = T.Load(row + (2 * step)) + T.Load(row + (3 * step));
        first = evenP + evenQ;
        third = MicroKernel<T>.MultiplyAdd(T.Constant(P2), evenP, T.Constant(Q2) * evenQ);
    }

    // A row's second and fourth output.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumOdd<T>(float* row, nint step, out T second, out T fourth)
        where T : struct, IMemoryLane<T>
    {
        T oddP = T.Load(row) - T.Load(row + step), oddQ = T.Load(row + (2 * step)) - T.Load(row + (3 * step));
        second = MicroKernel<T>.MultiplyAdd(T.Constant(P), oddP, T.Constant(Q) * oddQ);
        fourth = MicroKernel<T>.MultiplyAdd(
            T.Constant(P3), oddP, MicroKernel<T>.MultiplyAdd(T.Constant(Q3), oddQ, T.Load(row + (4 * step))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumColumn<T>(T p0, T p1, T p2, T p3, T p4, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T evenP = p0 + p1, oddP = p0 - p1, evenQ = p2 + p3, oddQ = p2 - p3;
        T.Store(to, evenP + evenQ);
        T.Store(to + step, MicroKernel<T>.MultiplyAdd(T.Constant(P), oddP, T.Constant(Q) * oddQ));
        T.Store(to + (2 * step), MicroKernel<T>.MultiplyAdd(T.Constant(P2), evenP, T.Constant(Q2) * evenQ));
        T.Store(to + (3 * step), MicroKernel<T>.MultiplyAdd(
            T.Constant(P3), oddP, MicroKernel<T>.MultiplyAdd(T.Constant(Q3), oddQ, p4)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GradientColumn<T>(T y0, T y1, T y2, T y3, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T even = MicroKernel<T>.MultiplyAdd(T.Constant(P2), y2, y0);
        T odd = MicroKernel<T>.MultiplyAdd(T.Constant(P3), y3, T.Constant(P) * y1);
        T.Store(to, even + odd);
        T.Store(to + step, even - odd);
        even = MicroKernel<T>.MultiplyAdd(T.Constant(Q2), y2, y0);
        odd = MicroKernel<T>.MultiplyAdd(T.Constant(Q3), y3, T.Constant(Q) * y1);
        T.Store(to + (2 * step), even + odd);
        T.Store(to + (3 * step), even - odd);
        T.Store(to + (4 * step), y3);
    }
}
