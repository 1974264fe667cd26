using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// <see cref="PoolScatter"/> for windows of 3 × 3 two places apart: over the pixel in the middle of a window lies that window
/// alone, over those between two windows two, and over the one between four all four. So each square of four pixels is written at
/// once, from the places that four windows chose and their gradients, each read once. The sums have the windows' order.
/// </summary>
internal sealed unsafe class PoolScatterHalves<T> : PoolLaunch
    where T : struct, IMemoryLane<T>
{
    private const int Kernel = 3, Stride = 2;
    private readonly float* x;
    private readonly float* dy;
    private readonly float* dx;
    private readonly int bandRows;
    private readonly bool past;

    // A square is named after the window over its first pixel; the first may have none there.
    private readonly int firstRow;
    private readonly int firstColumn;
    private readonly int endRow;
    private readonly int endColumn;

    // Behind the last square of four pixels with windows on both sides, and behind the last whole window.
    private readonly int endWhole;
    private readonly int endWindow;

    // Of a row of windows, with one before it and two behind it that choose nothing.
    private readonly nint line;

    /// <param name="device">The device.</param>
    /// <param name="geometry">The windows.</param>
    /// <param name="image">The shape of the images before pooling.</param>
    /// <param name="units">The bands of an image that are units of work.</param>
    /// <param name="x">The images.</param>
    /// <param name="dy">The pooled images' gradient.</param>
    /// <param name="dx">Takes the images' gradient.</param>
    public PoolScatterHalves(CpuDevice device, PoolGeometry geometry, Shape image, int units, float* x, float* dy, float* dx)
        : base(device, geometry, image, units)
    {
        this.x = x;
        this.dy = dy;
        this.dx = dx;
        (firstRow, firstColumn) = (geometry.PaddingHeight - 1, geometry.PaddingWidth - 1);
        (endRow, endColumn) = ((Height + geometry.PaddingHeight) / Stride, (Width + geometry.PaddingWidth) / Stride);
        bandRows = (endRow - firstRow + units - 1) / units;
        past = Channels % T.Count == 0 && CpuDevice.GoesPast<T>(dx, image.Count);
        endWindow = Math.Min(PooledWidth, (Width - 1 + geometry.PaddingWidth) / Stride);
        endWhole = Math.Min(PooledWidth - 1, endWindow);
        line = ((PooledWidth + 3) * (nint)Channels) + T.Count;
        device.ReserveScratch((4 * line) + 16);
    }

    /// <summary>Whether a pooling has such windows.</summary>
    public static bool Fits(PoolGeometry geometry) => geometry is
    {
        KernelHeight: Kernel, KernelWidth: Kernel, StrideHeight: Stride, StrideWidth: Stride, PaddingHeight: < 2,
        PaddingWidth: < 2,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void RunUnit(int image, int unit, int worker)
    {
        float* none = Device.Scratch(worker), rows = none + line, aside = rows + (2 * line);
        new Span<float>(none, (int)(3 * line)).Fill(-1);
        int begin = firstRow + (unit * bandRows), end = Math.Min(begin + bandRows, endRow);
        for (int row = begin; row < end; row++)
        {
            if (row == begin && IsWindow(row))
            {
                Find(image, row, rows + ((row & 1) * line));
            }

            if (IsWindow(row + 1))
            {
                Find(image, row + 1, rows + (((row + 1) & 1) * line));
            }

            Put(
                image, row, IsWindow(row) ? rows + ((row & 1) * line) : none,
                IsWindow(row + 1) ? rows + (((row + 1) & 1) * line) : none, aside);
        }

        if (past)
        {
            CpuDevice.EndStoresPast();
        }
    }

    private bool IsWindow(int row) => (uint)row < (uint)PooledHeight;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Put(int image, int row, float* above, float* below, float* aside)
    {
        float* gradients = dy + ((long)image * PooledHeight * PooledWidth * Channels);
        float* upper = gradients + ((long)Math.Clamp(row, 0, PooledHeight - 1) * PooledWidth * Channels);
        float* lower = gradients + ((long)Math.Clamp(row + 1, 0, PooledHeight - 1) * PooledWidth * Channels);
        int y = (Stride * row) + 1 - Geometry.PaddingHeight;
        bool first = (uint)y < (uint)Height, second = (uint)(y + 1) < (uint)Height;
        float* output = dx + ((((long)image * Height) + y) * RowStride);
        for (int column = firstColumn; column < endColumn; column++)
        {
            if (column == 0 && first && second && endWhole > 0)
            {
                PoolHalvesRow<T>.Put(
                    above + Channels, below + Channels, upper, lower, output + ((1 - Geometry.PaddingWidth) * (nint)Channels),
                    (nint)RowStride, Channels, endWhole, past);
                column = endWhole - 1;
                continue;
            }

            int column1 = Math.Clamp(column + 1, 0, PooledWidth - 1), column0 = Math.Clamp(column, 0, PooledWidth - 1);
            int left = (Stride * column) + 1 - Geometry.PaddingWidth;
            bool one = (uint)left < (uint)Width, two = (uint)(left + 1) < (uint)Width;
            float* to = output + ((long)left * Channels);
            nint at = (nint)(column + 1) * Channels;
            Put(
                above + at, below + at, upper + (column0 * (nint)Channels), upper + (column1 * (nint)Channels),
                lower + (column0 * (nint)Channels), lower + (column1 * (nint)Channels), first && one ? to : aside,
                first && two ? to + Channels : aside, second && one ? to + RowStride : aside,
                second && two ? to + RowStride + Channels : aside);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Put(
        float* above, float* below, float* g00, float* g01, float* g10, float* g11, float* to00, float* to01, float* to10,
        float* to11)
    {
        T zero = T.Constant(0);
        nint next = Channels;
        for (nint c = 0; c < Channels; c += T.Count)
        {
            c = Math.Min(c, Channels - T.Count);
            T place = T.Load(above + c), g = T.Load(g00 + c);
            T s00 = zero + Chosen(place, 4, g), s01 = zero + Chosen(place, 5, g);
            T s10 = zero + Chosen(place, 7, g), s11 = zero + Chosen(place, 8, g);
            place = T.Load(above + next + c);
            g = T.Load(g01 + c);
            s01 += Chosen(place, 3, g);
            s11 += Chosen(place, 6, g);
            place = T.Load(below + c);
            g = T.Load(g10 + c);
            s10 += Chosen(place, 1, g);
            s11 += Chosen(place, 2, g);
            s11 += Chosen(T.Load(below + next + c), 0, T.Load(g11 + c));
            T.Store(to00 + c, s00);
            T.Store(to01 + c, s01);
            T.Store(to10 + c, s10);
            T.Store(to11 + c, s11);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Chosen(T place, int position, T gradient) =>
        T.Select(T.Equal(place, T.Constant(position)), gradient, T.Constant(0));

    // The place that each window of a row chose, of the nine of a whole window.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Find(int image, int row, float* places)
    {
        (int top, int bottom) = Rows(row);
        float* start = x + ((((long)image * Height) + top) * RowStride);
        int first = Geometry.PaddingWidth, end = first;
        places += Channels;
        if (bottom - top == Kernel && endWindow > first)
        {
            T sum = PoolHalvesRow<T>.Find(
                start + (((first * Stride) - Geometry.PaddingWidth) * (nint)Channels), (nint)RowStride, Channels,
                endWindow - first, places + (first * (nint)Channels));
            end = PoolSelect.MayBeNaN(sum) ? first : endWindow;
        }

        for (int column = 0; column < PooledWidth; column++)
        {
            if (column < first || column >= end)
            {
                Find(start, top, bottom, row, column, places + (column * (nint)Channels));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Find(float* start, int top, int bottom, int row, int column, float* places)
    {
        (int left, int right) = Columns(column);
        float* window = start + ((long)left * Channels);
        int first = ((top - ((row * Stride) - Geometry.PaddingHeight)) * Kernel) + left
            - ((column * Stride) - Geometry.PaddingWidth);
        for (int c = 0; c < Channels; c += T.Count)
        {
            c = Math.Min(c, Channels - T.Count);
            T.Store(
                places + c, PoolPlaces<T>.Find(window + c, RowStride, Channels, bottom - top, right - left, first, Kernel));
        }
    }
}
