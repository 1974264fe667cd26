using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The convolution (cross-correlation) of images x (N, H, W, C) with weights w (KH, KW, C, OC); the output is (N, OH, OW, OC):
/// y[n, i, j, o] = Σ x[n, i·StrideHeight − PaddingHeight + p, j·StrideWidth − PaddingWidth + q, c] · w[p, q, c, o], x being 0
/// outside the image.
/// </summary>
/// <param name="Geometry">Strides and padding.</param>
public sealed record Conv2dForward(Conv2dGeometry Geometry) : ProductOperation
{
    /// <summary>A convolution with the same stride and padding both ways.</summary>
    /// <param name="stride">From one window to the next, 1 or more.</param>
    /// <param name="padding">Zeros on each side, 0 or more.</param>
    public Conv2dForward(int stride = 1, int padding = 0)
        : this(new Conv2dGeometry(stride, padding))
    {
    }

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Geometry.Check(Name);
        if (inputs.Length != 2)
        {
            throw new ShapeException($"{Name} takes images and weights, not {inputs.Length} inputs.");
        }

        (Shape x, Shape w) = (inputs[0], inputs[1]);
        if (x.Rank != 4 || w.Rank != 4)
        {
            throw new ShapeException(
                $"{Name}: images {x} and weights {w} must both have 4 axes, (N, H, W, C) and (KH, KW, C, OC).");
        }

        if (x[3] != w[2])
        {
            throw new ShapeException($"{Name}: images {x} have {x[3]} channels, but weights {w} take {w[2]}.");
        }

        (int height, int width) = Geometry.Output(x[1], x[2], w[0], w[1]);
        return height >= 1 && width >= 1
            ? new Shape(x[0], height, width, w[3])
            : throw new ShapeException(
                $"{Name}: weights {w} do not fit into images {x} with padding ({Geometry.PaddingHeight}, " +
                $"{Geometry.PaddingWidth}).");
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
    public override long KernelBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        (Shape x, Shape w) = (shapes[0], shapes[1]);
        return WinogradChoice.Side(device, WindowsOver(x, w, Infer(shapes)), w[3], device.Lanes) != 0
            ? 0 : MatMulPacking.PanelBytes(w[3], w.Count / w[3], device.Lanes);
    }

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        (Shape x, Shape w) = (shapes[0], shapes[1]);
        Windows windows = WindowsOver(x, w, Infer(shapes));
        return WinogradChoice.Side(device, windows, w[3], device.Lanes) is not 0 and int side
            ? WinogradConvolution.SharedBytes(side, windows, w[3], device.Lanes) : 0;
    }

    /// <inheritdoc/>
    public override long SharedBytes(GpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Windows windows = WindowsOver(shapes[0], shapes[1], Infer(shapes));
        int columns = shapes[1][3];
        return WinogradPlan.Bytes(device, WinogradChoice.Side(device, Precision, windows, columns), windows, columns);
    }

    /// <inheritdoc/>
    internal override bool GathersMoments(GpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        (Shape w, Shape y) = (shapes[1], Infer(shapes));
        return WinogradChoice.Side(device, Precision, WindowsOver(shapes[0], w, y), w[3]) == 0
            && Product.GathersMoments(device, Precision, y[0] * y[1] * y[2], w[3], w[0] * w[1] * w[2]);
    }

    /// <inheritdoc/>
    internal override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue)
    {
        (Shape x, Shape w) = (shapes[0], shapes[1]);
        Shape y = Infer(shapes);
        Windows windows = WindowsOver(x, w, y);
        if (WinogradConvolutionGpu.TryBind(
            device, WinogradChoice.Side(device, Precision, windows, w[3]), windows, w[3], inputs[0], inputs[1], false, output,
            epilogue) is { } winograd)
        {
            return winograd;
        }

        int rows = y[0] * y[1] * y[2], terms = w[0] * w[1] * w[2];
        return ReadsPairs
            ? Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongTerms, InPairs>(windows), inputs[1], false, output, rows,
                w[3], terms, epilogue)
            : Packs.InFours(x[3], inputs[0])
            ? Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongTerms, Wide>(windows), inputs[1], false, output, rows, w[3],
                terms, epilogue)
            : Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongTerms, Narrow>(windows), inputs[1], false, output, rows, w[3],
                terms, epilogue);
    }

    private Windows WindowsOver(Shape x, Shape w, Shape y) => new(
        x[0], x[1], x[2], x[3], y[1], y[2], w[0], w[1], Geometry.StrideHeight, Geometry.StrideWidth, Geometry.PaddingHeight,
        Geometry.PaddingWidth);

    private Launch Bind<T>(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T>
    {
        (Shape x, Shape w) = (shapes[0], shapes[1]);
        Shape y = Infer(shapes);
        int channels = x[3], outputs = w[3];
        Windows windows = WindowsOver(x, w, y);
        if (WinogradChoice.Side(device, windows, outputs, T.Count) is not 0 and int side)
        {
            nint[] taps = [.. Enumerable.Range(0, 9).Select(tap => (nint)tap * channels * outputs)];
            return WinogradConvolution.Bind<T>(
                side, device, windows, outputs, inputs[0], inputs[1], taps, outputs, 1, output);
        }

        ColumnPanels panels = new(outputs, T.Count);
        int terms = w[0] * w[1] * channels;
        using LaunchParts parts = new(device);
        Region packed = parts.Memory((long)panels.Padded * terms);
        parts.Add(new PackLaunch<T>(device, panels, inputs[1], [0], terms, outputs, 1, packed));
        parts.Add(new WindowsLaunch<T>(
            device, windows, panels, inputs[0], packed, output, 0, y[2] * outputs, outputs,
            y[1] * y[2] * outputs));
        return parts.ToLaunch();
    }
}
