using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of <see cref="Conv2dForward"/> with respect to its weights: from x (N, H, W, C) and dy (N, OH, OW, OC) the output
/// dw (KH, KW, C, OC), dw[p, q, c, o] = Σ x[n, i·StrideHeight − PaddingHeight + p, j·StrideWidth − PaddingWidth + q, c] · dy[n,
/// i, j, o].
/// </summary>
/// <param name="Geometry">Strides and padding of the convolution.</param>
/// <param name="KernelHeight">The weights' height KH.</param>
/// <param name="KernelWidth">The weights' width KW.</param>
public sealed record Conv2dWeightGradient(Conv2dGeometry Geometry, int KernelHeight, int KernelWidth) : ProductOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        Geometry.Check(Name);
        if (inputs.Length != 2)
        {
            throw new ShapeException($"{Name} takes images and the output's gradient, not {inputs.Length} inputs.");
        }

        (Shape x, Shape dy) = (inputs[0], inputs[1]);
        if (x.Rank != 4 || dy.Rank != 4)
        {
            throw new ShapeException(
                $"{Name}: images {x} and gradient {dy} must both have 4 axes, (N, H, W, C) and (N, OH, OW, OC).");
        }

        if (KernelHeight < 1 || KernelWidth < 1 || x[0] != dy[0]
            || (dy[1], dy[2]) != Geometry.Output(x[1], x[2], KernelHeight, KernelWidth))
        {
            throw new ShapeException(
                $"{Name}: gradient {dy} is not that of a {KernelHeight} by {KernelWidth} kernel on images {x} with {Geometry}.");
        }

        return new Shape(KernelHeight, KernelWidth, x[3], dy[3]);
    }

    /// <inheritdoc/>
    public override long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Windows windows = WindowsOver(shapes[0], shapes[1]);
        ColumnPanels panels = new(shapes[1][3], device.Lanes);
        return sizeof(float) * WinogradChoice.Side(device, windows, panels.Columns, device.Lanes) switch
        {
            0 => 0,
            2 => WinogradMemory<Winograd2>.Gradients(windows, panels),
            _ when windows.StrideHeight == 2 => WinogradMemory<WinogradStrided<InputPhases>>.Gradients(windows, panels),
            _ => WinogradMemory<Winograd4>.Gradients(windows, panels),
        };
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, device.Lanes, shapes, inputs, output);

    /// <summary>The kernel with vectors of a given number of floats.</summary>
    internal Launch Bind(CpuDevice device, int width, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        (Shape x, Shape dy) = (shapes[0], shapes[1]);
        Infer(shapes);
        Windows windows = WindowsOver(x, dy);
        return width switch
        {
            16 => Bind<Float16>(device, windows, dy[3], inputs, output),
            8 => Bind<Float8>(device, windows, dy[3], inputs, output),
            4 => Bind<Float4>(device, windows, dy[3], inputs, output),
            _ => Bind<Float1>(device, windows, dy[3], inputs, output),
        };
    }

    /// <inheritdoc/>
    public override long SharedBytes(GpuDevice device, ReadOnlySpan<Shape> shapes)
    {
        Windows windows = WindowsOver(shapes[0], shapes[1]);
        int columns = shapes[1][3];
        return WinogradGradientPlan.Bytes(device, WinogradChoice.Side(device, Precision, windows, columns), windows, columns);
    }

    /// <inheritdoc/>
    internal override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue)
    {
        (Shape x, Shape dy) = (shapes[0], shapes[1]);
        Windows windows = WindowsOver(x, dy);
        if (WinogradGradientGpu.TryBind(
            device, WinogradChoice.Side(device, Precision, windows, dy[3]), windows, dy[3], inputs[0], inputs[1], output,
            epilogue) is { } winograd)
        {
            return winograd;
        }

        int rows = KernelHeight * KernelWidth * x[3], terms = dy[0] * dy[1] * dy[2];
        return ReadsPairs
            ? Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongOuter, InPairs>(windows), inputs[1], false, output, rows,
                dy[3], terms, epilogue)
            : Packs.InFours(x[3], inputs[0])
            ? Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongOuter, Wide>(windows), inputs[1], false, output, rows, dy[3],
                terms, epilogue)
            : Product.BindMatrix(
                device, Precision, inputs[0], new WindowSource<AlongOuter, Narrow>(windows), inputs[1], false, output, rows,
                dy[3], terms, epilogue);
    }

    private static Launch Bind<T>(
        CpuDevice device, Windows windows, int channels, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, IMemoryLane<T> => WinogradChoice.Side(device, windows, channels, T.Count) switch
        {
            4 when windows.StrideHeight == 2 => new WinogradWeightGradient<T, WinogradStrided<InputPhases>>(
                device, windows, channels, inputs[0], inputs[1], output),
            2 => new WinogradWeightGradient<T, Winograd2>(device, windows, channels, inputs[0], inputs[1], output),
            4 => new WinogradWeightGradient<T, Winograd4>(device, windows, channels, inputs[0], inputs[1], output),
            _ => new WeightGradientLaunch<T>(device, windows, channels, inputs[0], inputs[1], output),
        };

    private Windows WindowsOver(Shape x, Shape dy) => new(
        x[0], x[1], x[2], x[3], dy[1], dy[2], KernelHeight, KernelWidth, Geometry.StrideHeight, Geometry.StrideWidth,
        Geometry.PaddingHeight, Geometry.PaddingWidth);
}
