namespace PacGen.Kernels;

/// <summary>
/// The windows of a pooling over images (N, H, W, C): their extent, the distance between them and the padding at each edge.
/// The output extent is ⌊(H + 2·padding − kernel) / stride⌋ + 1, as in PyTorch, and likewise for W.
/// </summary>
public sealed record PoolGeometry
{
    /// <summary>Windows with settings of their own for each axis.</summary>
    /// <param name="kernelHeight">A window's height.</param>
    /// <param name="kernelWidth">A window's width.</param>
    /// <param name="strideHeight">From one row of windows to the next.</param>
    /// <param name="strideWidth">From one column of windows to the next.</param>
    /// <param name="paddingHeight">Pixels above and below.</param>
    /// <param name="paddingWidth">Pixels on the left and on the right.</param>
    /// <exception cref="ArgumentOutOfRangeException">A kernel or stride is below 1, or a padding is negative or more than half
    /// the kernel.</exception>
    public PoolGeometry(
        int kernelHeight, int kernelWidth, int strideHeight, int strideWidth, int paddingHeight = 0, int paddingWidth = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kernelHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernelWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(strideHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(strideWidth, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(paddingHeight);
        ArgumentOutOfRangeException.ThrowIfNegative(paddingWidth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(paddingHeight, kernelHeight / 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(paddingWidth, kernelWidth / 2);
        KernelHeight = kernelHeight;
        KernelWidth = kernelWidth;
        StrideHeight = strideHeight;
        StrideWidth = strideWidth;
        PaddingHeight = paddingHeight;
        PaddingWidth = paddingWidth;
    }

    /// <summary>Square windows; without a stride they tile the image.</summary>
    /// <param name="kernel">Height and width of a window.</param>
    /// <param name="stride">From one window to the next; the window's size unless given.</param>
    /// <param name="padding">Pixels on each side.</param>
    /// <exception cref="ArgumentOutOfRangeException">As for the other constructor.</exception>
    public PoolGeometry(int kernel, int? stride = null, int padding = 0)
        : this(kernel, kernel, stride ?? kernel, stride ?? kernel, padding, padding)
    {
    }

    /// <summary>The window's extent along H.</summary>
    public int KernelHeight { get; }

    /// <summary>The window's extent along W.</summary>
    public int KernelWidth { get; }

    /// <summary>The distance between windows along H.</summary>
    public int StrideHeight { get; }

    /// <summary>The distance between windows along W.</summary>
    public int StrideWidth { get; }

    /// <summary>Rows beyond each edge that windows may cover; at most half the kernel.</summary>
    public int PaddingHeight { get; }

    /// <summary>Columns beyond each edge that windows may cover; at most half the kernel.</summary>
    public int PaddingWidth { get; }

    /// <summary>The shape of the pooled images.</summary>
    /// <param name="image">(N, H, W, C).</param>
    /// <param name="operation">The operation's name for the message.</param>
    /// <exception cref="ShapeException">The shape is not of four axes, or not even one window fits into the padded
    /// image.</exception>
    public Shape Pool(Shape image, string operation)
    {
        if (image.Rank != 4)
        {
            throw new ShapeException($"{operation} takes images (N, H, W, C), not {image}.");
        }

        int height = image[1] + (2 * PaddingHeight) - KernelHeight, width = image[2] + (2 * PaddingWidth) - KernelWidth;
        return height < 0 || width < 0
            ? throw new ShapeException(
                $"{operation}: a window of {KernelHeight}×{KernelWidth} does not fit into images {image} padded by " +
                    $"({PaddingHeight}, {PaddingWidth}).")
            : new Shape(image[0], (height / StrideHeight) + 1, (width / StrideWidth) + 1, image[3]);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{KernelHeight}×{KernelWidth}, stride ({StrideHeight}, {StrideWidth}), padding ({PaddingHeight}, {PaddingWidth})";
}
