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
        new Kernel<T>(
            device, Geometry, shapes[0], CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output));

    /// <summary>
    /// Windows that share no pixel are stored, and a row of them owns the image rows down to the next; overlapping windows are
    /// added up, an image at a time.
    /// </summary>
    private sealed unsafe class Kernel<T> : PoolLaunch
        where T : struct, IMemoryLane<T>
    {
        private readonly float* x;
        private readonly float* dy;
        private readonly float* dx;
        private readonly bool adds;
        private readonly bool tiles;

        public Kernel(CpuDevice device, PoolGeometry geometry, Shape image, float* x, float* dy, float* dx)
            : base(
                device,
                geometry,
                image,
                geometry.StrideHeight < geometry.KernelHeight || geometry.StrideWidth < geometry.KernelWidth
                    ? 1
                    : geometry.Pool(image, nameof(PoolScatter))[1])
        {
            this.x = x;
            this.dy = dy;
            this.dx = dx;
            adds = Overlaps;
            tiles = geometry.KernelHeight == geometry.StrideHeight && geometry.KernelWidth == geometry.StrideWidth
                && geometry.PaddingHeight == 0 && geometry.PaddingWidth == 0
                && Height % geometry.KernelHeight == 0 && Width % geometry.KernelWidth == 0;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void RunUnit(int image, int unit)
        {
            if (adds)
            {
                new Span<float>(dx + ((long)image * Height * Width * Channels), Height * Width * Channels).Clear();
                for (int row = 0; row < PooledHeight; row++)
                {
                    WindowRow(image, row);
                }

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
            if (!adds && IsPlain2x2)
            {
                Put2x2(x + start, gradient, dx + start, RowStride, Geometry.StrideWidth * Channels, PooledWidth, Channels);
                return;
            }

            for (int column = 0; column < PooledWidth; column++, gradient += Channels)
            {
                (int left, int right) = Columns(column);
                long first = start + ((long)left * Channels);
                if (adds)
                {
                    Add(x + first, gradient, dx + first, bottom - top, right - left);
                }
                else
                {
                    Put(x + first, gradient, dx + first, bottom - top, right - left);
                }
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

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Add(float* window, float* gradient, float* output, int rows, int columns)
        {
            for (int c = 0; c < Channels; c += T.Count)
            {
                int done = c;
                c = Math.Min(c, Channels - T.Count);
                T place = Place(window + c, rows, columns), g = T.Load(gradient + c);
                if (c < done)
                {
                    // The last vector overlaps channels that have had their share.
                    g = WithoutFirst(g, done - c);
                }

                int position = 0;
                for (int i = 0; i < rows; i++)
                {
                    float* pixel = output + c + (i * RowStride);
                    for (int j = 0; j < columns; j++, position++, pixel += Channels)
                    {
                        T.Store(pixel, T.Load(pixel) + T.Select(T.Equal(place, T.Constant(position)), g, T.Constant(0)));
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private T Place(float* window, int rows, int columns)
        {
            T best = T.Load(window), place = T.Constant(0);
            int position = 0;
            for (int i = 0; i < rows; i++)
            {
                float* pixel = window + (i * RowStride);
                for (int j = 0; j < columns; j++, position++, pixel += Channels)
                {
                    T key = T.Load(pixel), takes = PoolSelect.Takes(key, best);
                    best = T.Select(takes, key, best);
                    place = T.Select(takes, T.Constant(position), place);
                }
            }

            return place;
        }

        private static T WithoutFirst(T value, int count)
        {
            float* places = stackalloc float[T.Count];
            T.Store(places, value);
            new Span<float>(places, count).Clear();
            return T.Load(places);
        }
    }
}
