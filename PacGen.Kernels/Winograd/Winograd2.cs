using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>F(2, 3) with the points 0, 1, −1 and ∞: 16 multiplications for 4 outputs of 9 taps instead of 36.</summary>
internal readonly unsafe struct Winograd2 : IWinogradTile
{
    /// <inheritdoc/>
    public static int Outputs => 2;

    /// <inheritdoc/>
    public static int Inputs => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Images<T>(float** from, nint offset, float* to, nint step)
    {
        T d0 = T.Load(from[0] + offset), d1 = T.Load(from[1] + offset), d2 = T.Load(from[2] + offset),
            d3 = T.Load(from[3] + offset);
        T.Store(to, d0 - d2);
        T.Store(to + step, d1 + d2);
        T.Store(to + (2 * step), d2 - d1);
        T.Store(to + (3 * step), d3 - d1);
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
    static void IWinogradTile.Sums<T>(float** from, nint offset, float* to, nint step)
    {
        T p1 = T.Load(from[1] + offset), p2 = T.Load(from[2] + offset);
        T.Store(to, T.Load(from[0] + offset) + (p1 + p2));
        T.Store(to + step, T.Load(from[3] + offset) + (p1 - p2));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IWinogradTile.Gradients<T>(float** from, nint offset, float* to, nint step)
    {
        T y0 = T.Load(from[0] + offset), y1 = T.Load(from[1] + offset);
        T.Store(to, y0);
        T.Store(to + step, y0 + y1);
        T.Store(to + (2 * step), y0 - y1);
        T.Store(to + (3 * step), y1);
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
}
