using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>F(2, 3) with the points 0, 1, −1 and ∞: 16 multiplications for 4 outputs of 9 taps instead of 36.</summary>
internal readonly unsafe struct Winograd2 : IWinogradTile
{
    /// <inheritdoc/>
    public static int Outputs => 2;

    /// <inheritdoc/>
    public static int Inputs => 4;

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
        ImageRow(from, offset, out T a0, out T b0, out T c0, out T d0);
        ImageRow(from + 4, offset, out T a1, out T b1, out T c1, out T d1);
        ImageRow(from + 8, offset, out T a2, out T b2, out T c2, out T d2);
        ImageRow(from + 12, offset, out T a3, out T b3, out T c3, out T d3);
        ImageColumn(a0, a1, a2, a3, to, 4 * step);
        ImageColumn(b0, b1, b2, b3, to + step, 4 * step);
        ImageColumn(c0, c1, c2, c3, to + (2 * step), 4 * step);
        ImageColumn(d0, d1, d2, d3, to + (3 * step), 4 * step);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Sums<T>(float* from, nint step, float* to, nint columnStep, nint rowStep)
    {
        SumRow(from, step, out T a0, out T b0);
        SumRow(from + (4 * step), step, out T a1, out T b1);
        SumRow(from + (8 * step), step, out T a2, out T b2);
        SumRow(from + (12 * step), step, out T a3, out T b3);
        T.Store(to, a0 + (a1 + a2));
        T.Store(to + rowStep, a3 + (a1 - a2));
        T.Store(to + columnStep, b0 + (b1 + b2));
        T.Store(to + columnStep + rowStep, b3 + (b1 - b2));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IWinogradTile.Gradients<T>(float** from, nint offset, float* to, nint step)
    {
        T a0 = T.Load(from[0] + offset), b0 = T.Load(from[1] + offset), a1 = T.Load(from[2] + offset),
            b1 = T.Load(from[3] + offset);
        GradientColumn(a0, a1, to, 4 * step);
        GradientColumn(a0 + b0, a1 + b1, to + step, 4 * step);
        GradientColumn(a0 - b0, a1 - b1, to + (2 * step), 4 * step);
        GradientColumn(b0, b1, to + (3 * step), 4 * step);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Weights<T>(float** from, nint offset, float* to, nint step)
    {
        T g0 = T.Load(from[0] + offset), g1 = T.Load(from[1] + offset), g2 = T.Load(from[2] + offset), half = T.Constant(0.5f);
        T even = (g0 + g2) * half, odd = g1 * half;
        T.Store(to, g0);
        T.Store(to + step, even + odd);
        T.Store(to + (2 * step), even - odd);
        T.Store(to + (3 * step), g2);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.WeightGradients<T>(float** from, nint offset, float* to, nint step)
    {
        T p1 = T.Load(from[1] + offset), p2 = T.Load(from[2] + offset), half = T.Constant(0.5f);
        T even = (p1 + p2) * half;
        T.Store(to, T.Load(from[0] + offset) + even);
        T.Store(to + step, (p1 - p2) * half);
        T.Store(to + (2 * step), T.Load(from[3] + offset) + even);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImageRow<T>(float** row, nint offset, out T a, out T b, out T c, out T d)
        where T : struct, IMemoryLane<T>
    {
        T d0 = T.Load(row[0] + offset), d1 = T.Load(row[1] + offset), d2 = T.Load(row[2] + offset), d3 = T.Load(row[3] + offset);
        (a, b, c, d) = (d0 - d2, d1 + d2, d2 - d1, d3 - d1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ImageColumn<T>(T d0, T d1, T d2, T d3, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T.Store(to, d0 - d2);
        T.Store(to + step, d1 + d2);
        T.Store(to + (2 * step), d2 - d1);
        T.Store(to + (3 * step), d3 - d1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumRow<T>(float* row, nint step, out T first, out T second)
        where T : struct, IMemoryLane<T>
    {
        T p1 = T.Load(row + step), p2 = T.Load(row + (2 * step));
        first = T.Load(row) + (p1 + p2);
        second = T.Load(row + (3 * step)) + (p1 - p2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GradientColumn<T>(T y0, T y1, float* to, nint step)
        where T : struct, IMemoryLane<T>
    {
        T.Store(to, y0);
        T.Store(to + step, y0 + y1);
        T.Store(to + (2 * step), y0 - y1);
        T.Store(to + (3 * step), y1);
    }
}
