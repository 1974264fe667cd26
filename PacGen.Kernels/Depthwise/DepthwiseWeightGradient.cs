using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of <see cref="DepthwiseConv2d"/> with respect to its weights: from x (N, H, W, C) and dy (N, OH, OW, C) the
/// output dw (KH, KW, 1, C), dw[p, q, 0, c] = Σ x[n, i·stride − padding + p·dilation, j·stride − padding + q·dilation, c] · dy[n,
/// i, j, c]. Sums are taken over some rows at a time, and these in order: how many, the shapes alone say.
/// </summary>
/// <param name="Geometry">Strides, paddings and distances of taps of the convolution.</param>
/// <param name="KernelHeight">KH.</param>
/// <param name="KernelWidth">KW.</param>
public sealed record DepthwiseWeightGradient(DepthwiseGeometry Geometry, int KernelHeight, int KernelWidth) : VectorOperation
{
    private const int MostParts = 64, RowsPerPart = 8;

    /// <inheritdoc/>
    public override bool IsProduct => true;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        const string Expected = "images (N, H, W, C) and the gradient (N, OH, OW, C) of their convolution";
        Geometry.Check(Name);
        Expect(inputs, Expected, 4, 4);
        (Shape x, Shape dy) = (inputs[0], inputs[1]);
        return KernelHeight >= 1 && KernelWidth >= 1 && (x[0], x[3]) == (dy[0], dy[3])
            && (dy[1], dy[2]) == Geometry.Output(x[1], x[2], KernelHeight, KernelWidth)
            ? new Shape(KernelHeight, KernelWidth, 1, x[3]) : throw Mismatch(inputs, Expected);
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        DepthwiseWalk walk = new(Geometry, shapes[0], KernelHeight, KernelWidth);
        Shape sums = Parts(walk);
        Region x = inputs[0], dy = inputs[1];
        using LaunchParts parts = new(device);
        Region partial = parts.Memory(sums.Count);
        parts.Add(new DepthwiseWeightGpu(device, walk, sums[0], x, dy, partial));
        parts.Add(new Reduce(ReduceKind.Sum, new Axes(0)).Bind(device, [sums], [partial], output));
        return parts.ToLaunch();
    }

    private protected override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        DepthwiseWalk walk = new(Geometry, shapes[0], KernelHeight, KernelWidth);
        Shape sums = Parts(walk);
        float* x = CpuDevice.Address(inputs[0]);
        float* dy = CpuDevice.Address(inputs[1]);
        using LaunchParts parts = new(device);
        Region partial = parts.Memory(sums.Count);
        parts.Add(new Kernel<T>(device, walk, sums[0], x, dy, CpuDevice.Address(partial)));
        parts.Add(new Reduce(ReduceKind.Sum, new Axes(0)).Bind<T>(device, sums, partial, null, output));
        return parts.ToLaunch();
    }

    /// <summary>As many partial sums as the rows are worth.</summary>
    private static Shape Parts(DepthwiseWalk walk)
    {
        int rows = walk.Images * walk.Rows;
        return new Shape(
            Math.Clamp(rows / RowsPerPart, 1, MostParts), walk.KernelHeight * walk.KernelWidth * walk.Channels);
    }

    /// <summary>A task sums some rows into a gradient of its own.</summary>
    private sealed unsafe class Kernel<T>(CpuDevice device, DepthwiseWalk walk, int parts, float* x, float* dy, float* partial)
        : CpuLaunch(device)
        where T : struct, IMemoryLane<T>
    {
        public override int Tasks => parts;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            long rows = (long)walk.Images * walk.Rows, size = (long)walk.KernelHeight * walk.KernelWidth * walk.Channels;
            int whole = walk.Channels - (walk.Channels % T.Count);
            float* sums = partial + (task * size);
            new Span<float>(sums, checked((int)size)).Clear();
            for (long row = task * rows / parts; row < (task + 1) * rows / parts; row++)
            {
                (int image, int line) = Math.DivRem((int)row, walk.Rows);
                int top = (line * walk.StrideHeight) - walk.Top;
                (int first, int end) = DepthwiseWalk.Inside(top, walk.Height, walk.KernelHeight, walk.DilationHeight);
                for (int p = first; p < end; p++)
                {
                    nint source = (((nint)image * walk.Height) + top + ((nint)p * walk.DilationHeight)) * walk.Width;
                    for (int q = 0; q < walk.KernelWidth; q++)
                    {
                        float* to = sums + ((((nint)p * walk.KernelWidth) + q) * walk.Channels);
                        Tap<T>(x + (source * walk.Channels), dy + (row * walk.Columns * walk.Channels), q, to, 0, whole);
                        Tap<Float1>(
                            x + (source * walk.Channels), dy + (row * walk.Columns * walk.Channels), q, to, whole, walk.Channels);
                    }
                }
            }
        }

        // The row's sum for one tap, four vectors of channels together.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Tap<TLane>(float* line, float* gradient, int q, float* to, int c, int endChannel)
            where TLane : struct, IMemoryLane<TLane>
        {
            // Columns j with 0 ≤ j·stride − left + q·dilation < width.
            int shift = (q * walk.DilationWidth) - walk.Left;
            int first = shift >= 0 ? 0 : (-shift + walk.StrideWidth - 1) / walk.StrideWidth;
            int end = walk.Width <= shift ? 0 : Math.Min(walk.Columns, ((walk.Width - shift - 1) / walk.StrideWidth) + 1);
            nint channels = walk.Channels, pixel = walk.StrideWidth * channels;
            float* from = line + (((nint)first * walk.StrideWidth) + shift) * channels;
            gradient += first * channels;
            for (; c + (4 * TLane.Count) <= endChannel; c += 4 * TLane.Count)
            {
                TLane a0 = TLane.Constant(0f), a1 = a0, a2 = a0, a3 = a0;
                float* a = from + c, b = gradient + c;
                for (int j = first; j < end; j++, a += pixel, b += channels)
                {
                    a0 = TLane.Fma(TLane.Load(a), TLane.Load(b), a0);
                    a1 = TLane.Fma(TLane.Load(a + TLane.Count), TLane.Load(b + TLane.Count), a1);
                    a2 = TLane.Fma(TLane.Load(a + (2 * TLane.Count)), TLane.Load(b + (2 * TLane.Count)), a2);
                    a3 = TLane.Fma(TLane.Load(a + (3 * TLane.Count)), TLane.Load(b + (3 * TLane.Count)), a3);
                }

                TLane.Store(to + c, TLane.Load(to + c) + a0);
                TLane.Store(to + c + TLane.Count, TLane.Load(to + c + TLane.Count) + a1);
                TLane.Store(to + c + (2 * TLane.Count), TLane.Load(to + c + (2 * TLane.Count)) + a2);
                TLane.Store(to + c + (3 * TLane.Count), TLane.Load(to + c + (3 * TLane.Count)) + a3);
            }

            for (; c < endChannel; c += TLane.Count)
            {
                TLane sum = TLane.Constant(0f);
                float* a = from + c, b = gradient + c;
                for (int j = first; j < end; j++, a += pixel, b += channels)
                {
                    sum = TLane.Fma(TLane.Load(a), TLane.Load(b), sum);
                }

                TLane.Store(to + c, TLane.Load(to + c) + sum);
            }
        }
    }
}
