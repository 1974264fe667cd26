using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The convolution of each channel of images x (N, H, W, C) with its own weights w (KH, KW, 1, C); the output is (N, OH, OW, C):
/// y[n, i, j, c] = Σ x[n, i·stride − padding + p·dilation, j·stride − padding + q·dilation, c] · w[p, q, 0, c], x being 0 outside
/// the image.
/// </summary>
/// <remarks>
/// Its gradient with respect to x is such a convolution again, of the output's gradient spread by the strides, with the weights
/// turned round; that with respect to w is <see cref="DepthwiseWeightGradient"/>.
/// </remarks>
/// <param name="Geometry">Strides, paddings and distances of taps.</param>
public sealed record DepthwiseConv2d(DepthwiseGeometry Geometry) : VectorOperation
{
    /// <inheritdoc/>
    public override bool IsProduct => true;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "images (N, H, W, C) and weights (KH, KW, 1, C)";
        Geometry.Check(Name);
        Expect(inputs, Expected, 4, 4);
        (Shape x, Shape w) = (inputs[0], inputs[1]);
        if (w[2] != 1 || w[3] != x[3])
        {
            throw Mismatch(inputs, Expected);
        }

        (int height, int width) = Geometry.Output(x[1], x[2], w[0], w[1]);
        return height >= 1 && width >= 1
            ? new Shape(x[0], height, width, x[3])
            : throw new ShapeException($"{Name}: weights {w} do not fit into images {x} with {Geometry}.");
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Packs.InFours(shapes[0][3], inputs[0], inputs[1], output)
            ? new DepthwiseGpu<Quad>(device, Walk(shapes, Quad.Count), inputs[0], inputs[1], output)
            : new DepthwiseGpu<One>(device, Walk(shapes, One.Count), inputs[0], inputs[1], output);

    private DepthwiseWalk Walk(ReadOnlySpan<Shape> shapes, int pack) => new(
        Geometry, shapes[0], shapes[1][0], shapes[1][1], pack);

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        new Kernel<T>(
            device, Walk(shapes, 1), CpuDevice.Address(inputs[0]), CpuDevice.Address(inputs[1]), CpuDevice.Address(output));

    /// <summary>
    /// Rows of the output; in each, four pixels together use a vector of weights, and in the usual case those of two rows the
    /// pixels that both see.
    /// </summary>
    private sealed unsafe class Kernel<T>(CpuDevice device, DepthwiseWalk walk, float* x, float* w, float* y)
        : CpuLaunch(device)
        where T : struct, IMemoryLane<T>
    {
        private const int FloatsPerTask = 65536;
        private readonly int units = walk.Images * walk.Rows;
        private readonly int share = (int)Math.Clamp(
            FloatsPerTask / ((long)walk.Columns * walk.Channels), 1, walk.Images * walk.Rows);

        private readonly bool usual = walk is
        {
            KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Left: <= 2,
        };

        // Rows in pairs go past the caches; the pixels beside them are few.
        private readonly bool past = walk.Channels % T.Count == 0
            && CpuDevice.GoesPast<T>(y, (long)walk.Images * walk.Rows * walk.Columns * walk.Channels);

        public override int Tasks => (units + share - 1) / share;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int end = Math.Min((task + 1) * share, units), whole = walk.Channels - (walk.Channels % T.Count);
            for (int unit = task * share; unit < end; unit++)
            {
                if (unit + 1 < end && SeeInside(unit))
                {
                    int done = Pair(unit, whole);
                    Row<T>(unit, 0, whole, done);
                    Row<T>(unit + 1, 0, whole, done);
                    Row<Float1>(unit++, whole, walk.Channels);
                    Row<Float1>(unit, whole, walk.Channels);
                    continue;
                }

                Row<T>(unit, 0, whole);
                Row<Float1>(unit, whole, walk.Channels);
            }

            if (past)
            {
                CpuDevice.EndStoresPast();
            }
        }

        /// <summary>Whether a row and the next are of one image, and all that they see is inside it.</summary>
        private bool SeeInside(int unit)
        {
            int row = unit % walk.Rows, top = row - walk.Top;
            return usual && row + 1 < walk.Rows && top >= 0 && top + 4 <= walk.Height;
        }

        /// <summary>Computes pixels of two rows as far as four are inside; returns how many, from the padding on.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int Pair(int unit, int endChannel)
        {
            (int image, int row) = Math.DivRem(unit, walk.Rows);
            nint channels = walk.Channels, line = walk.Width * channels, to = walk.Columns * channels;
            float* from = x + ((((nint)image * walk.Height) + row - walk.Top) * line);
            float* target = y + (unit * to) + (walk.Left * channels);
            int count = Math.Max(0, walk.Width - 2) / DepthwisePair<T>.Columns * DepthwisePair<T>.Columns;
            for (int column = 0; column < count; column += DepthwisePair<T>.Columns)
            {
                DepthwisePair<T>.Run(
                    from + (column * channels), line, w, target + (column * channels), to, channels, 0, endChannel, past);
            }

            return count;
        }

        /// <param name="unit">The row.</param>
        /// <param name="firstChannel">The first channel.</param>
        /// <param name="endChannel">The channel behind the last.</param>
        /// <param name="done">How many pixels, from the first that sees no padding on, are there already.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Row<TLane>(int unit, int firstChannel, int endChannel, int done = 0)
            where TLane : struct, IMemoryLane<TLane>
        {
            if (firstChannel == endChannel)
            {
                return;
            }

            (int image, int row) = Math.DivRem(unit, walk.Rows);
            int top = (row * walk.StrideHeight) - walk.Top;
            (int first, int end) = DepthwiseWalk.Inside(top, walk.Height, walk.KernelHeight, walk.DilationHeight);
            nint line = (nint)walk.Width * walk.Channels;
            float* from = x + ((((nint)image * walk.Height) + top + ((nint)first * walk.DilationHeight)) * line);
            float* taps = w + ((nint)first * walk.KernelWidth * walk.Channels);
            float* to = y + ((nint)unit * walk.Columns * walk.Channels);
            int span = (walk.KernelWidth - 1) * walk.DilationWidth;
            int inside = Math.Min(walk.Columns, (walk.Left + walk.StrideWidth - 1) / walk.StrideWidth);
            int behind = Math.Max(
                inside,
                Math.Min(walk.Columns, walk.Width + walk.Left - span <= 0 ? 0
                    : ((walk.Width + walk.Left - span - 1) / walk.StrideWidth) + 1));
            int column = 0;
            for (; column < walk.Columns; column++)
            {
                if (column == inside)
                {
                    for (column += done; column + 4 <= behind; column += 4)
                    {
                        Four<TLane>(from, taps, to, column, end - first, firstChannel, endChannel);
                    }

                    if (column == walk.Columns)
                    {
                        return;
                    }
                }

                int left = (column * walk.StrideWidth) - walk.Left;
                (int firstTap, int endTap) = DepthwiseWalk.Inside(left, walk.Width, walk.KernelWidth, walk.DilationWidth);
                nint start = (left + ((nint)firstTap * walk.DilationWidth)) * walk.Channels;
                for (int c = firstChannel; c < endChannel; c += TLane.Count)
                {
                    TLane.Store(
                        to + ((nint)column * walk.Channels) + c,
                        One<TLane>(
                            from + start + c, taps + ((nint)firstTap * walk.Channels) + c, end - first, endTap - firstTap));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private TLane One<TLane>(float* from, float* taps, int rows, int columns)
            where TLane : struct, IMemoryLane<TLane>
        {
            TLane sum = TLane.Constant(0f);
            nint step = (nint)walk.DilationWidth * walk.Channels;
            nint line = (nint)walk.Width * walk.Channels * walk.DilationHeight;
            for (int p = 0; p < rows; p++, from += line, taps += (nint)walk.KernelWidth * walk.Channels)
            {
                for (int q = 0; q < columns; q++)
                {
                    sum = TLane.Fma(
                        TLane.Load(from + (q * step)), TLane.Load(taps + ((nint)q * walk.Channels)), sum);
                }
            }

            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Four<TLane>(
            float* from, float* taps, float* to, int column, int rows, int firstChannel, int endChannel)
            where TLane : struct, IMemoryLane<TLane>
        {
            nint channels = walk.Channels, pixel = walk.StrideWidth * channels, step = walk.DilationWidth * channels;
            nint line = (walk.Width * channels * walk.DilationHeight) - (walk.KernelWidth * step);
            int columns = walk.KernelWidth;
            float* window = from + (((nint)column * walk.StrideWidth) - walk.Left) * channels;
            float* target = to + (column * channels);
            for (int c = firstChannel; c < endChannel; c += TLane.Count)
            {
                TLane a0 = TLane.Constant(0f), a1 = a0, a2 = a0, a3 = a0;
                float* at = window + c, tap = taps + c;
                for (int p = 0; p < rows; p++, at += line)
                {
                    for (int q = 0; q < columns; q++, at += step, tap += channels)
                    {
                        TLane weight = TLane.Load(tap);
                        a0 = TLane.Fma(TLane.Load(at), weight, a0);
                        a1 = TLane.Fma(TLane.Load(at + pixel), weight, a1);
                        a2 = TLane.Fma(TLane.Load(at + (2 * pixel)), weight, a2);
                        a3 = TLane.Fma(TLane.Load(at + (3 * pixel)), weight, a3);
                    }
                }

                TLane.Store(target + c, a0);
                TLane.Store(target + channels + c, a1);
                TLane.Store(target + (2 * channels) + c, a2);
                TLane.Store(target + (3 * channels) + c, a3);
            }
        }
    }
}
