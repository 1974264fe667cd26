namespace PacGen.Kernels;

/// <summary>
/// How a depthwise convolution's window moves over an image: strides, paddings, and how far apart its taps are.
/// </summary>
/// <param name="Windows">Strides and paddings.</param>
/// <param name="DilationHeight">Rows from a tap to the next; at least 1.</param>
/// <param name="DilationWidth">Columns from a tap to the next; at least 1.</param>
public readonly record struct DepthwiseGeometry(Conv2dGeometry Windows, int DilationHeight = 1, int DilationWidth = 1)
{
    /// <summary>The extents of the output; below 1 where no window fits.</summary>
    /// <param name="height">The images' height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="kernelHeight">The kernel's height.</param>
    /// <param name="kernelWidth">Its width.</param>
    public (int Height, int Width) Output(int height, int width, int kernelHeight, int kernelWidth) => Windows.Output(
        height, width, ((kernelHeight - 1) * DilationHeight) + 1, ((kernelWidth - 1) * DilationWidth) + 1);

    internal void Check(string operation)
    {
        Windows.Check(operation);
        if (DilationHeight < 1 || DilationWidth < 1)
        {
            throw new ShapeException(
                $"{operation}: the distances of taps ({DilationHeight}, {DilationWidth}) must be at least 1.");
        }
    }
}
