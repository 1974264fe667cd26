namespace PacGen.Kernels;

/// <summary>
/// How a convolution's window moves over an image: its strides, and the zeros put around the image on each side.
/// </summary>
/// <param name="StrideHeight">Rows from a window to the next; at least 1.</param>
/// <param name="StrideWidth">Columns from a window to the next; at least 1.</param>
/// <param name="PaddingHeight">Rows of zeros above and below; at least 0.</param>
/// <param name="PaddingWidth">Columns of zeros left and right; at least 0.</param>
public readonly record struct Conv2dGeometry(int StrideHeight, int StrideWidth, int PaddingHeight, int PaddingWidth)
{
    /// <summary>The same stride and padding both ways.</summary>
    /// <param name="stride">From one window to the next, 1 or more.</param>
    /// <param name="padding">Zeros on each side, 0 or more.</param>
    public Conv2dGeometry(int stride = 1, int padding = 0)
        : this(stride, stride, padding, padding)
    {
    }

    /// <summary>
    /// The extents of the output: ⌊(extent + 2·pad − kernel)/stride⌋ + 1 each way; below 1 where no window fits.
    /// </summary>
    /// <param name="height">The images' height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="kernelHeight">The kernel's height.</param>
    /// <param name="kernelWidth">Its width.</param>
    public (int Height, int Width) Output(int height, int width, int kernelHeight, int kernelWidth) =>
        (Extent(height + (2 * PaddingHeight) - kernelHeight, StrideHeight), Extent(
            width + (2 * PaddingWidth) - kernelWidth, StrideWidth));

    internal void Check(string operation)
    {
        if (StrideHeight < 1 || StrideWidth < 1 || PaddingHeight < 0 || PaddingWidth < 0)
        {
            throw new ShapeException(
                $"{operation}: strides ({StrideHeight}, {StrideWidth}) must be at least 1 and paddings ({PaddingHeight}, " +
                    $"{PaddingWidth}) at least 0.");
        }
    }

    private static int Extent(int room, int stride) => room < 0 ? 0 : (room / stride) + 1;
}
