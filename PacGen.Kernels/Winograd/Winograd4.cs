using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// F(4, 3) with the points 0, ±5/8, ±3/2 and ∞: 36 multiplications for 16 outputs of 9 taps instead of 144. With the usual points
/// 0, ±1, ±2 and ∞ the largest error is four times as large; with these all constants of A and B are exact.
/// </summary>
internal readonly unsafe struct Winograd4 : IWinogradTile
{
    private const float P = 0.625f, Q = 1.5f;
    private const float P2 = P * P, P3 = P * P * P, Q2 = Q * Q, Q3 = Q * Q * Q;
    private const float Sum = P2 + Q2, Product = P2 * Q2;

    // The products of a point's differences from the others, which G divides by.
    private const double AtP = 2 * P2 * ((double)P2 - Q2), AtQ = 2 * Q2 * ((double)Q2 - P2);
    private const float G0 = (float)(1.0 / ((double)P2 * Q2)), GP = (float)(1 / AtP), GQ = (float)(1 / AtQ);
    private const float GP1 = (float)(P / AtP), GP2 = (float)(P2 / AtP), GQ1 = (float)(Q / AtQ), GQ2 = (float)(Q2 / AtQ);

    /// <inheritdoc/>
    public static int Outputs => 4;

    /// <inheritdoc/>
    public static int Inputs => 6;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Images<T>(float** from, nint offset, float* to, nint step)
    {
        T d0 = T.Load(from[0] + offset), d1 = T.Load(from[1] + offset), d2 = T.Load(from[2] + offset),
            d3 = T.Load(from[3] + offset), d4 = T.Load(from[4] + offset), d5 = T.Load(from[5] + offset);
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
    static void IWinogradTile.Sums<T>(float** from, nint offset, float* to, nint step)
    {
        T p1 = T.Load(from[1] + offset), p2 = T.Load(from[2] + offset), p3 = T.Load(from[3] + offset),
            p4 = T.Load(from[4] + offset);
        T evenP = p1 + p2, oddP = p1 - p2, evenQ = p3 + p4, oddQ = p3 - p4;
        T.Store(to, T.Load(from[0] + offset) + (evenP + evenQ));
        T.Store(to + step, MicroKernel<T>.MultiplyAdd(T.Constant(P), oddP, T.Constant(Q) * oddQ));
        T.Store(to + (2 * step), MicroKernel<T>.MultiplyAdd(T.Constant(P2), evenP, T.Constant(Q2) * evenQ));
        T.Store(to + (3 * step), MicroKernel<T>.MultiplyAdd(
            T.Constant(P3), oddP, MicroKernel<T>.MultiplyAdd(T.Constant(Q3), oddQ, T.Load(from[5] + offset))));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Gradients<T>(float** from, nint offset, float* to, nint step)
    {
        T y0 = T.Load(from[0] + offset), y1 = T.Load(from[1] + offset), y2 = T.Load(from[2] + offset),
            y3 = T.Load(from[3] + offset);
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
}
