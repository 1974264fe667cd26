namespace PacGen.Kernels;

/// <summary>The windows of a pooling as a GPU's kernel walks them; channels and elements counted in packs.</summary>
internal readonly struct PoolWalk
{
    /// <summary>How many packs the kernel makes.</summary>
    public readonly int Count;

    /// <summary>The images.</summary>
    public readonly int Height, Width, Channels;

    /// <summary>The pooled images.</summary>
    public readonly int PooledHeight, PooledWidth;

    /// <summary>The windows' extents.</summary>
    public readonly int KernelHeight, KernelWidth;

    /// <summary>The distances between windows.</summary>
    public readonly int StrideHeight, StrideWidth;

    /// <summary>The padding.</summary>
    public readonly int PaddingHeight, PaddingWidth;

    /// <summary>1 / the kernel's area.</summary>
    public readonly float Share;

    /// <param name="geometry">The windows.</param>
    /// <param name="image">The shape of the images before pooling.</param>
    /// <param name="count">How many floats the kernel makes.</param>
    /// <param name="pack">The floats of a pack.</param>
    public PoolWalk(PoolGeometry geometry, Shape image, int count, int pack)
    {
        Shape pooled = geometry.Pool(image, "Pooling");
        Count = count / pack;
        Height = image[1];
        Width = image[2];
        Channels = image[3] / pack;
        PooledHeight = pooled[1];
        PooledWidth = pooled[2];
        KernelHeight = geometry.KernelHeight;
        KernelWidth = geometry.KernelWidth;
        StrideHeight = geometry.StrideHeight;
        StrideWidth = geometry.StrideWidth;
        PaddingHeight = geometry.PaddingHeight;
        PaddingWidth = geometry.PaddingWidth;
        Share = 1f / ((float)geometry.KernelHeight * geometry.KernelWidth);
    }

    /// <summary>The window of a pack of the pooled images: its rows and columns without the padding.</summary>
    public PoolWindow Window(int row, int column)
    {
        int top = (row * StrideHeight) - PaddingHeight, left = (column * StrideWidth) - PaddingWidth;
        return new PoolWindow
        {
            Top = Math.Max(top, 0),
            Bottom = Math.Min(top + KernelHeight, Height),
            Left = Math.Max(left, 0),
            Right = Math.Min(left + KernelWidth, Width),
        };
    }

    /// <summary>
    /// The windows that cover a pixel: those w with w·stride ≤ pixel + padding &lt; w·stride + kernel, along each axis.
    /// </summary>
    public PoolWindow Covering(int row, int column)
    {
        int y = row + PaddingHeight, x = column + PaddingWidth;
        return new PoolWindow
        {
            Top = y < KernelHeight ? 0 : ((y - KernelHeight) / StrideHeight) + 1,
            Bottom = Math.Min(PooledHeight, (y / StrideHeight) + 1),
            Left = x < KernelWidth ? 0 : ((x - KernelWidth) / StrideWidth) + 1,
            Right = Math.Min(PooledWidth, (x / StrideWidth) + 1),
        };
    }

    /// <summary>
    /// The pixels that a window has to itself where windows share none: from its start to the next window's, the edges included.
    /// </summary>
    public PoolWindow Owned(int row, int column) => new()
    {
        Top = row == 0 ? 0 : (row * StrideHeight) - PaddingHeight,
        Bottom = row == PooledHeight - 1 ? Height : ((row + 1) * StrideHeight) - PaddingHeight,
        Left = column == 0 ? 0 : (column * StrideWidth) - PaddingWidth,
        Right = column == PooledWidth - 1 ? Width : ((column + 1) * StrideWidth) - PaddingWidth,
    };
}

/// <summary>Rows from Top to below Bottom, columns from Left to below Right.</summary>
internal struct PoolWindow
{
    public int Top, Bottom, Left, Right;
}
