using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of <see cref="Conv2dForward"/> with respect to its images: from dy (N, OH, OW, OC) and w (KH, KW, C, OC) the
/// output dx (N, H, W, C), dx[n, h, v, c] = Σ dy[n, i, j, o] · w[p, q, c, o] over all i, j, p, q with i·StrideHeight −
/// PaddingHeight + p = h and j·StrideWidth − PaddingWidth + q = v.
/// </summary>
/// <param name="Geometry">Strides and padding of the convolution.</param>
/// <param name="Height">The images' height H.</param>
/// <param name="Width">The images' width W.</param>
public sealed record Conv2dInputGradient(Conv2dGeometry Geometry, int Height, int Width) : ProductOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Geometry.Check(Name);
        if (inputs.Length != 2)
        {
            throw new ShapeException($"{Name} takes the output's gradient and weights, not {inputs.Length} inputs.");
        }

        (Shape dy, Shape w) = (inputs[0], inputs[1]);
        if (dy.Rank != 4 || w.Rank != 4)
        {
            throw new ShapeException(
                $"{Name}: gradient {dy} and weights {w} must both have 4 axes, (N, OH, OW, OC) and (KH, KW, C, OC).");
        }

        if (Height < 1 || Width < 1 || dy[3] != w[3] || (dy[1], dy[2]) != Geometry.Output(Height, Width, w[0], w[1]))
        {
            throw new ShapeException(
                $"{Name}: gradient {dy} is not that of weights {w} on images of {Height} by {Width} with {Geometry}.");
        }

        return new Shape(dy[0], Height, Width, w[2]);
    }

    /// <inheritdoc/>
    public override long KernelBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        (Shape dy, Shape w) = (shapes[0], shapes[1]);
        return Side(device, dy, w, device.Lanes).Side != 0
            ? 0 : MatMulPacking.PanelBytes(w[2], w.Count / w[2], device.Lanes);
    }

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        (Shape dy, Shape w) = (shapes[0], shapes[1]);
        (int side, Windows windows) = Side(device, dy, w, device.Lanes);
        return side == 0 ? 0 : WinogradConvolution.SharedBytes(side, windows, w[2], device.Lanes);
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, device.Lanes, shapes, inputs, output);

    /// <summary>The kernel with vectors of a given number of floats.</summary>
    internal Launch Bind(CpuDevice device, int width, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        width switch
    {
        16 => Bind<Float16>(device, shapes, inputs, output),
        8 => Bind<Float8>(device, shapes, inputs, output),
        4 => Bind<Float4>(device, shapes, inputs, output),
        _ => Bind<Float1>(device, shapes, inputs, output),
    };

    /// <inheritdoc/>
    public override long SharedBytes(GpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Windows windows = WindowsOver(shapes[0], shapes[1]);
        int columns = shapes[1][2];
        return WinogradPlan.Bytes(device, WinogradChoice.Side(device, Precision, windows, columns), windows, columns);
    }

    /// <inheritdoc/>
    internal override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue)
    {
        (Shape dy, Shape w) = (shapes[0], shapes[1]);
        Windows windows = WindowsOver(dy, w);
        if (WinogradConvolutionGpu.TryBind(
            device, WinogradChoice.Side(device, Precision, windows, w[2]), windows, w[2], inputs[0], inputs[1], true, output,
            epilogue) is { } winograd)
        {
            return winograd;
        }

        using LaunchParts parts = new(device);
        for (int h = 0; h < Math.Min(Geometry.StrideHeight, Height); h++)
        {
            for (int v = 0; v < Math.Min(Geometry.StrideWidth, Width); v++)
            {
                parts.Add(ReadsPairs ? BindGrid<InPairs>(device, dy, w, inputs, output, epilogue, h, v)
                    : Packs.InFours(w[3], inputs[1])
                    ? BindGrid<Wide>(device, dy, w, inputs, output, epilogue, h, v)
                    : BindGrid<Narrow>(device, dy, w, inputs, output, epilogue, h, v));
            }
        }

        return parts.ToLaunch();
    }

    // One of the grids that Gather speaks of.
    private Launch BindGrid<TWidth>(
        GpuDevice device, Shape dy, Shape w, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue, int h, int v)
        where TWidth : struct, ITileWidth
    {
        int channels = w[2], outputs = w[3], rows = Count(Height, h, Geometry.StrideHeight), columns = Count(
            Width, v, Geometry.StrideWidth);
        (int firstP, int countP, int top) = Taps(h, Geometry.StrideHeight, Geometry.PaddingHeight, w[0]);
        (int firstQ, int countQ, int left) = Taps(v, Geometry.StrideWidth, Geometry.PaddingWidth, w[1]);
        int line = w[1] * channels * outputs, place = channels * outputs;
        int lastP = firstP + ((countP - 1) * Geometry.StrideHeight), lastQ = firstQ + ((countQ - 1) * Geometry.StrideWidth);
        TurnedWeightSource<TWidth> weights = new(
            channels, outputs, countP, countQ, (lastP * line) + (lastQ * place), Geometry.StrideHeight * line,
            Geometry.StrideWidth * place);
        Windows windows = new(dy[0], dy[1], dy[2], outputs, rows, columns, countP, countQ, 1, 1, top, left);
        int places = dy[0] * rows * columns, terms = countP * countQ * outputs;
        bool aligned = Packs.InFours(0, output);
        ProductTarget target = Geometry is { StrideHeight: 1, StrideWidth: 1 }
            ? new(places, channels, terms, aligned)
            : new(
                places, channels, terms, aligned, new Radix(rows, columns), ((h * Width) + v) * channels,
                Height * Width * channels, Geometry.StrideHeight * Width * channels, Geometry.StrideWidth * channels);
        return TWidth.InPairs
            ? Product.Bind(
                device, Precision, inputs[0], new WindowSource<AlongTerms, InPairs>(windows), inputs[1], weights, output, target,
                epilogue)
            : Packs.InFours(outputs, inputs[0])
            ? Product.Bind(
                device, Precision, inputs[0], new WindowSource<AlongTerms, Wide>(windows), inputs[1], weights, output, target,
                epilogue)
            : Product.Bind(
                device, Precision, inputs[0], new WindowSource<AlongTerms, Narrow>(windows), inputs[1], weights, output, target,
                epilogue);
    }

    private Launch Bind<T>(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        (Shape dy, Shape w) = (shapes[0], shapes[1]);
        int channels = w[2], outputs = w[3];
        Windows convolution = new(
            dy[0], Height, Width, channels, dy[1], dy[2], w[0], w[1], Geometry.StrideHeight, Geometry.StrideWidth,
            Geometry.PaddingHeight, Geometry.PaddingWidth);
        (int side, Windows gradients) = Side(device, dy, w, T.Count);
        if (side != 0)
        {
            nint tap = (nint)channels * outputs;
            return Geometry.StrideHeight == 1
                ? WinogradConvolution.Bind<T>(
                    side, device, gradients, channels, inputs[0], inputs[1],
                    [.. Enumerable.Range(0, 9).Select(i => (8 - i) * tap)], 1, outputs, output)
                : WinogradConvolution.BindSpread<T>(
                    device, gradients, channels, inputs[0], inputs[1], PhaseTaps(gradients.Top, gradients.Left, tap), 1, outputs,
                    output, (Height, Width));
        }

        double vectors = (channels + T.Count - 1) / T.Count;
        double gather = (double)dy[0] * Height * Width / (Geometry.StrideHeight * Geometry.StrideWidth) * w[0] * w[1] * outputs
            * vectors;
        int places = Geometry is { StrideHeight: 1, StrideWidth: 1 } ? BandedWeightsLaunch.Places(Width, channels, T.Count) : 1;
        double banded = places == 1
            ? double.PositiveInfinity : (double)dy[0] * Height * (Width / places) * w[0] * (w[1] + places - 1) * outputs;
        double scatter = ScatterLaunch<T>.Cost(convolution, outputs);
        return scatter < Math.Min(gather, banded)
            ? Scatter<T>(device, convolution, outputs, inputs, output)
            : banded < gather ? Banded<T>(device, gradients, w, places, inputs, output)
                : Gather<T>(device, dy, w, inputs, output);
    }

    // The side of Winograd's tiles, or 0, and the windows over dy: those of a phase where they are two places apart.
    private (int Side, Windows Windows) Side(CpuDevice device, Shape dy, Shape w, int lanes)
    {
        Windows all = WindowsOver(dy, w);
        if (Geometry is { StrideHeight: 1, StrideWidth: 1 })
        {
            return (WinogradChoice.Side(device, all, w[2], lanes), all);
        }

        if (Geometry is not { StrideHeight: 2, StrideWidth: 2 } || w[0] != 3 || w[1] != 3)
        {
            return (0, all);
        }

        Windows phase = new(
            dy[0], dy[1], dy[2], w[3], (Height + 1) / 2, (Width + 1) / 2, 2, 2, 1, 1, Before(Geometry.PaddingHeight),
            Before(Geometry.PaddingWidth));
        return (WinogradChoice.SpreadSide(device, phase, w[2], lanes), phase);

        static int Before(int pad) => Math.Max(Taps(0, 2, pad, 3).Before, Taps(1, 2, pad, 3).Before);
    }

    // Where the taps of each phase of dx begin in the weights, turned round, beside windows of 2 × 2 that begin so far above and
    // left of dy.
    private nint[] PhaseTaps(int top, int left, nint tap)
    {
        return
        [
            .. from phase in Enumerable.Range(0, 4)
               from place in Enumerable.Range(0, 4)
               let row = Tap(phase / 2, Geometry.PaddingHeight, place / 2, top)
               let column = Tap(phase % 2, Geometry.PaddingWidth, place % 2, left)
               select row < 0 || column < 0 ? -1 : ((3 * row) + column) * tap,
        ];

        static int Tap(int phase, int pad, int place, int before)
        {
            (int first, int count, int own) = Taps(phase, 2, pad, 3);
            int i = place - (before - own);
            return i >= 0 && i < count ? first + (2 * (count - 1 - i)) : -1;
        }
    }

    private static Launch Banded<T>(
        CpuDevice device, Windows gradients, Shape w, int places, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        int columns = places * w[2], height = gradients.Rows, width = gradients.Columns;
        ColumnPanels panels = new(columns, T.Count);
        Windows windows = gradients with
        {
            Columns = width / places, KernelWidth = w[1] + places - 1, StrideWidth = places,
        };
        using LaunchParts parts = new(device);
        Region packed = parts.Memory((long)panels.Padded * w[0] * windows.KernelWidth * w[3]);
        parts.Add(new BandedWeightsLaunch(device, inputs[1], w, places, panels.Padded, packed));
        parts.Add(new WindowsLaunch<T>(
            device, windows, panels, inputs[0], packed, output, 0, (nint)width * w[2], columns, (nint)height * width * w[2]));
        return parts.ToLaunch();
    }

    // The windows over dy that give dx where the stride is 1.
    private Windows WindowsOver(Shape dy, Shape w) => new(
        dy[0], dy[1], dy[2], w[3], Height, Width, w[0], w[1], Geometry.StrideHeight, Geometry.StrideWidth,
        w[0] - 1 - Geometry.PaddingHeight, w[1] - 1 - Geometry.PaddingWidth);

    private static Launch Scatter<T>(
        CpuDevice device, Windows windows, int channels, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        ColumnPanels panels = new(windows.KernelHeight * windows.KernelWidth * windows.Channels, T.Count);
        using LaunchParts parts = new(device);
        Region packed = parts.Memory((long)panels.Padded * channels);
        parts.Add(new PackLaunch<T>(device, panels, inputs[1], [0], channels, 1, channels, packed));
        parts.Add(new ScatterLaunch<T>(device, windows, panels, channels, inputs[0], packed, output));
        return parts.ToLaunch();
    }

    // The places of dx that are a stride apart form a grid of their own, and each grid is a convolution of dy, of stride 1,
    // with those of the weights that reach it, turned round.
    private Launch Gather<T>(CpuDevice device, Shape dy, Shape w, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        int channels = w[2], outputs = w[3];
        ColumnPanels panels = new(channels, T.Count);
        using LaunchParts parts = new(device);
        Region memory = parts.Memory((long)panels.Padded * w[0] * w[1] * outputs);
        long used = 0;
        for (int h = 0; h < Math.Min(Geometry.StrideHeight, Height); h++)
        {
            (int firstP, int countP, int top) = Taps(h, Geometry.StrideHeight, Geometry.PaddingHeight, w[0]);
            for (int v = 0; v < Math.Min(Geometry.StrideWidth, Width); v++)
            {
                (int firstQ, int countQ, int left) = Taps(v, Geometry.StrideWidth, Geometry.PaddingWidth, w[1]);
                long size = (long)panels.Padded * countP * countQ * outputs;
                Region packed = memory.Slice(used, size);
                used += size;
                nint[] sections = new nint[countP * countQ];
                for (int i = 0; i < sections.Length; i++)
                {
                    int p = firstP + ((countP - 1 - (i / countQ)) * Geometry.StrideHeight), q = firstQ + (
                        (countQ - 1 - (i % countQ)) * Geometry.StrideWidth);
                    sections[i] = ((nint)p * w[1] + q) * channels * outputs;
                }

                if (sections.Length != 0)
                {
                    parts.Add(new PackLaunch<T>(device, panels, inputs[1], sections, outputs, 1, outputs, packed));
                }

                Windows windows = new(
                    dy[0], dy[1], dy[2], outputs, Count(Height, h, Geometry.StrideHeight), Count(Width, v, Geometry.StrideWidth),
                    countP, countQ, 1, 1, top, left);
                parts.Add(new WindowsLaunch<T>(
                    device, windows, panels, inputs[0], packed, output,
                    (((nint)h * Width) + v) * channels, (nint)Geometry.StrideHeight * Width * channels,
                    Geometry.StrideWidth * channels, (nint)Height * Width * channels));
            }
        }

        return parts.ToLaunch();
    }

    private static int Count(int extent, int first, int stride) => (extent - first + stride - 1) / stride;

    // The weights' rows that reach the places first, first + stride, …: the first such row, how many there are, and how far
    // above dy the windows begin.
    private static (int First, int Count, int Before) Taps(int first, int stride, int pad, int kernel)
    {
        int row = (first + pad) % stride;
        int count = row < kernel ? Count(kernel, row, stride) : 0;
        return (row, count, count - 1 - ((first + pad) / stride));
    }
}
