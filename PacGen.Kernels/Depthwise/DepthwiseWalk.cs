namespace PacGen.Kernels;

/// <summary>A depthwise convolution as kernels walk it; channels are counted in packs.</summary>
internal readonly struct DepthwiseWalk
{
    /// <summary>The images.</summary>
    public readonly int Images, Height, Width, Channels;

    /// <summary>The output's extents.</summary>
    public readonly int Rows, Columns;

    /// <summary>The kernel's taps.</summary>
    public readonly int KernelHeight, KernelWidth;

    /// <summary>From a window to the next, and from a tap to the next.</summary>
    public readonly int StrideHeight, StrideWidth, DilationHeight, DilationWidth;

    /// <summary>The padding above and to the left.</summary>
    public readonly int Top, Left;

    /// <param name="geometry">The windows.</param>
    /// <param name="image">The images' shape.</param>
    /// <param name="kernelHeight">The kernel's rows.</param>
    /// <param name="kernelWidth">The kernel's columns.</param>
    /// <param name="pack">The floats of a pack.</param>
    public DepthwiseWalk(DepthwiseGeometry geometry, Shape image, int kernelHeight, int kernelWidth, int pack = 1)
    {
        (Images, Height, Width, Channels) = (image[0], image[1], image[2], image[3] / pack);
        (Rows, Columns) = geometry.Output(image[1], image[2], kernelHeight, kernelWidth);
        (KernelHeight, KernelWidth) = (kernelHeight, kernelWidth);
        (StrideHeight, StrideWidth) = (geometry.Windows.StrideHeight, geometry.Windows.StrideWidth);
        (DilationHeight, DilationWidth) = (geometry.DilationHeight, geometry.DilationWidth);
        (Top, Left) = (geometry.Windows.PaddingHeight, geometry.Windows.PaddingWidth);
    }

    /// <summary>The taps of a window, from one to below another, that lie inside the image along an axis.</summary>
    /// <param name="start">Where the window starts.</param>
    /// <param name="extent">The image's extent.</param>
    /// <param name="taps">The kernel's taps.</param>
    /// <param name="dilation">From a tap to the next.</param>
    public static (int First, int End) Inside(int start, int extent, int taps, int dilation) => (
        start >= 0 ? 0 : Math.Min(taps, (-start + dilation - 1) / dilation),
        start >= extent ? 0 : Math.Min(taps, (extent - start + dilation - 1) / dilation));
}
