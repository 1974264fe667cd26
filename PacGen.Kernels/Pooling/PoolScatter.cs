using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Inputs x (N, H, W, C) and dy, of the pooled shape: dx (N, H, W, C), zero but for each window's dy at the position of the
/// maximum of x; where windows overlap and choose the same position, the sum.
/// </summary>
/// <remarks>The adjoint of <see cref="PoolSelect"/> in v, linear in dy; ties and NaN as there.</remarks>
/// <param name="Geometry">The windows.</param>
public sealed record PoolScatter(PoolGeometry Geometry) : PoolOperation(Geometry)
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "images x (N, H, W, C) and dy of the pooled shape";
        Expect(inputs, Expected, 4, 4);
        Shape pooled = Geometry.Pool(inputs[0], Name);
        return inputs[1] == pooled ? inputs[0] : throw Mismatch(inputs, $"{Expected} {pooled}");
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        return Packs.InFours(shapes[0][3], inputs[0], inputs[1], output)
            ? BindPacks<Quad>(device, shapes, inputs, output) : BindPacks<One>(device, shapes, inputs, output);
    }

    private Launch BindPacks<TPack>(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
        where TPack : unmanaged, IPack<TPack>
    {
        PoolWalk windows = Walk<TPack>(device, shapes[0], shapes[1]);
        return Geometry.StrideHeight < Geometry.KernelHeight || Geometry.StrideWidth < Geometry.KernelWidth
            ? PoolScatterGpu<TPack>.Overlapping(
                device, windows, Walk<TPack>(device, shapes[0], shapes[0]), inputs[0], inputs[1], output)
            : PoolScatterGpu<TPack>.Separate(device, windows, inputs[0], inputs[1], output);
    }

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        PoolScatterHalves<T>.Fits(Geometry)
            ? new PoolScatterHalves<T>(
                device, Geometry, shapes[0], Kernel<T>.Bands(shapes[0]), CpuDevice.Address(inputs[0]),
                CpuDevice.Address(inputs[1]), CpuDevice.Address(output))
            : new Kernel<T>(
                device, Geometry, shapes[0], CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]),
                CpuDevice.Address(output));

    /// <summary>
    /// Windows that share no pixel are stored, and a row of them owns the image rows down to the next. Where windows overlap,
    /// each pixel adds up the gradients of those windows over it that chose it, in the windows' order; which position a window
    /// chose is kept for as many rows of windows as lie over a row of pixels.
    /// </summary>
    private sealed unsafe class Kernel<T> : PoolLaunch
        where T : struct, IMemoryLane<T>
    {
        private readonly float* x;
        private readonly float* dy;
        private readonly float* dx;
        private readonly bool tiles;
        private readonly (int First, int End)[] covering = [];
        private readonly (int Left, int Width)[] across = [];
        private readonly int bandRows;
        private readonly int ring;

        public Kernel(CpuDevice device, PoolGeometry geometry, Shape image, float* x, float* dy, float* dx)
            : base(
                device,
                geometry,
                image,
                geometry.StrideHeight < geometry.KernelHeight || geometry.StrideWidth < geometry.KernelWidth
                    ? Bands(image)
                    : geometry.Pool(image, nameof(PoolScatter))[1])
        {
            this.x = x;
            this.dy = dy;
            this.dx = dx;
            if (Overlaps)
            {
                covering = ColumnsOver();
                bandRows = (Height + UnitsPerImage - 1) / UnitsPerImage;
                ring = Math.Min(PooledHeight, ((geometry.KernelHeight - 1) / geometry.StrideHeight) + 1);
                long most = ring * (((geometry.KernelWidth - 1) / geometry.StrideWidth) + 1);
                across = [.. Enumerable.Range(0, PooledWidth).Select(Columns).Select(one => (one.Start, one.End - one.Start))];
                device.ReserveScratch(Places + (most * sizeof(Over) / sizeof(float)));
            }

            tiles = geometry.KernelHeight == geometry.StrideHeight && geometry.KernelWidth == geometry.StrideWidth
                && geometry.PaddingHeight == 0 && geometry.PaddingWidth == 0
                && Height % geometry.KernelHeight == 0 && Width % geometry.KernelWidth == 0;
        }

        // The floats of the places that are kept, up to a whole number of vectors.
        private long Places => ((((long)ring * PooledWidth * Channels) + 15) / 16) * 16;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void RunUnit(int image, int unit, int worker)
        {
            if (Overlaps)
            {
                Gather(image, unit * bandRows, Math.Min((unit + 1) * bandRows, Height), Device.Scratch(worker));
                return;
            }

            if (!tiles)
            {
                int start = unit == 0 ? 0 : Rows(unit).Start, end = unit == PooledHeight - 1 ? Height : Rows(unit + 1).Start;
                new Span<float>(dx + (((long)image * Height) + start) * Width * Channels, (end - start) * Width * Channels)
                    .Clear();
            }

            WindowRow(image, unit);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void WindowRow(int image, int row)
        {
            (int top, int bottom) = Rows(row);
            float* gradient = dy + (((long)image * PooledHeight) + row) * PooledWidth * Channels;
            long start = (((long)image * Height) + top) * RowStride;
            if (IsPlain2x2)
            {
                Put2x2(x + start, gradient, dx + start, RowStride, Geometry.StrideWidth * Channels, PooledWidth, Channels);
                return;
            }

            for (int column = 0; column < PooledWidth; column++, gradient += Channels)
            {
                (int left, int right) = Columns(column);
                long first = start + ((long)left * Channels);
                Put(x + first, gradient, dx + first, bottom - top, right - left);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Put2x2(float* window, float* gradient, float* output, long below, int step, int windows, int channels)
        {
            int last = channels - T.Count;
            for (; windows > 0; windows--, window += step, output += step, gradient += channels)
            {
                for (int c = 0; c < last; c += T.Count)
                {
                    Put2x2(window + c, gradient + c, output + c, below, channels);
                }

                Put2x2(window + last, gradient + last, output + last, below, channels);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put2x2(float* window, float* gradient, float* output, long below, int right)
        {
            T a = T.Load(window), b = T.Load(window + right), c = T.Load(window + below), d = T.Load(window + below + right);
            T g = T.Load(gradient), zero = T.Constant(0);
            T takesB = PoolSelect.Takes(b, a);
            T best = T.Select(takesB, b, a);
            T takesC = PoolSelect.Takes(c, best);
            best = T.Select(takesC, c, best);
            T takesD = PoolSelect.Takes(d, best);

            // From the last to the first: what a later position takes is no longer there for the earlier ones.
            T.Store(output + below + right, T.Select(takesD, g, zero));
            g = T.Select(takesD, zero, g);
            T.Store(output + below, T.Select(takesC, g, zero));
            g = T.Select(takesC, zero, g);
            T.Store(output + right, T.Select(takesB, g, zero));
            T.Store(output, T.Select(takesB, zero, g));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Put(float* window, float* gradient, float* output, int rows, int columns)
        {
            for (int c = 0; c < Channels; c += T.Count)
            {
                c = Math.Min(c, Channels - T.Count);
                T place = Place(window + c, rows, columns), g = T.Load(gradient + c);
                int position = 0;
                for (int i = 0; i < rows; i++)
                {
                    float* pixel = output + c + (i * RowStride);
                    for (int j = 0; j < columns; j++, position++, pixel += Channels)
                    {
                        T.Store(pixel, T.Select(T.Equal(place, T.Constant(position)), g, T.Constant(0)));
                    }
                }
            }
        }

        // A few bands of rows an image where there are few images; the windows over two bands are looked at twice.
        internal static int Bands(Shape image)
        {
            const int EnoughImages = 16, LeastRows = 16;
            return image[0] >= EnoughImages ? 1 : Math.Max(1, image[1] / LeastRows);
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Gather(int image, int firstRow, int endRow, float* places)
        {
            int line = PooledWidth * Channels, next = RowsOver(firstRow).First;
            int* above = stackalloc int[ring];
            Over* over = (Over*)(places + Places);
            for (int row = firstRow; row < endRow; row++)
            {
                (int top, int bottom) = RowsOver(row);
                for (; next < bottom; next++)
                {
                    Find(image, next, places + (next % ring * line));
                }

                float* output = dx + ((((long)image * Height) + row) * RowStride);
                float* gradients = dy + (((long)image * PooledHeight) + top) * line;
                for (int i = top; i < bottom; i++)
                {
                    above[i - top] = row - Rows(i).Start;
                }

                for (int column = 0; column < Width; column++, output += Channels)
                {
                    (int first, int end) = covering[column];
                    int count = 0;
                    for (int i = top, slot = top % ring; i < bottom; i++, slot = slot + 1 == ring ? 0 : slot + 1)
                    {
                        for (int j = first; j < end; j++, count++)
                        {
                            over[count].Places = places + (((slot * PooledWidth) + j) * Channels);
                            over[count].Gradients = gradients + ((((i - top) * PooledWidth) + j) * (long)Channels);
                            over[count].Position = (above[i - top] * across[j].Width) + column - across[j].Left;
                        }
                    }

                    Sum(over, count, output);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Sum(Over* over, int count, float* output)
        {
            for (int c = 0; c < Channels; c += T.Count)
            {
                c = Math.Min(c, Channels - T.Count);
                T sum = T.Constant(0);
                int i = 0;
                for (; i <= count - 2; i += 2)
                {
                    sum += Chosen(over + i, c);
                    sum += Chosen(over + i + 1, c);
                }

                T.Store(output + c, i < count ? sum + Chosen(over + i, c) : sum);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Chosen(Over* over, int c) =>
            T.Select(T.Equal(T.Load(over->Places + c), T.Constant(over->Position)), T.Load(over->Gradients + c), T.Constant(0));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Find(int image, int row, float* places)
        {
            (int top, int bottom) = Rows(row);
            float* start = x + ((((long)image * Height) + top) * RowStride);
            for (int column = 0; column < PooledWidth; column++, places += Channels)
            {
                (int left, int right) = Columns(column);
                float* window = start + ((long)left * Channels);
                for (int c = 0; c < Channels; c += T.Count)
                {
                    c = Math.Min(c, Channels - T.Count);
                    T place = default, sum = T.Constant(0);
                    bool whole = bottom - top == 3 && right - left == 3;
                    if (whole)
                    {
                        place = PoolPlaces<T>.Find3x3(window + c, (nint)RowStride, Channels, ref sum);
                    }

                    T.Store(
                        places + c,
                        whole && !PoolSelect.MayBeNaN(sum) ? place : Place(window + c, bottom - top, right - left));
                }
            }
        }

        private T Place(float* window, int rows, int columns) =>
            PoolPlaces<T>.Find(window, RowStride, Channels, rows, columns, 0, columns);

        // A window over a pixel: which positions its channels chose, their gradients, and which position the pixel is.
        private struct Over
        {
            public float* Places, Gradients;
            public float Position;
        }
    }
}
