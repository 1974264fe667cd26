
namespace PacGen.Kernels;

/// <summary>
/// A pooling kernel: units of work (a row of windows, a row of pixels or a whole image) shared out in tasks by shape.
/// </summary>
internal abstract class PoolLaunch : CpuLaunch
{
    private const long FloatsPerTask = 32768;
    private readonly int units;
    private readonly int share;

    /// <param name="device">The device.</param>
    /// <param name="geometry">The windows.</param>
    /// <param name="image">The shape of the images before pooling.</param>
    /// <param name="unitsPerImage">How many units an image has.</param>
    protected PoolLaunch(CpuDevice device, PoolGeometry geometry, Shape image, int unitsPerImage)
        : base(device)
    {
        Geometry = geometry;
        Shape pooled = geometry.Pool(image, "Pooling");
        Height = image[1];
        Width = image[2];
        Channels = image[3];
        PooledHeight = pooled[1];
        PooledWidth = pooled[2];
        UnitsPerImage = unitsPerImage;
        units = image[0] * unitsPerImage;
        long work = Math.Max(1, (long)Height * Width * Channels / unitsPerImage);
        share = (int)Math.Clamp(FloatsPerTask / work, 1, units);
    }

    public override int Tasks => (units + share - 1) / share;

    protected PoolGeometry Geometry { get; }

    protected int Height { get; }

    protected int Width { get; }

    protected int Channels { get; }

    protected int PooledHeight { get; }

    protected int PooledWidth { get; }

    protected int UnitsPerImage { get; }

    /// <summary>Floats from a pixel to the one below.</summary>
    protected long RowStride => (long)Width * Channels;

    /// <summary>Whether all windows are 2×2 within the image, the case worth a loop of its own.</summary>
    protected bool IsPlain2x2 => Geometry is { KernelHeight: 2, KernelWidth: 2, PaddingHeight: 0, PaddingWidth: 0 };

    /// <summary>Whether windows share pixels.</summary>
    protected bool Overlaps => Geometry.StrideHeight < Geometry.KernelHeight || Geometry.StrideWidth < Geometry.KernelWidth;

    public override void RunTask(int task, int worker)
    {
        int end = Math.Min((task + 1) * share, units);
        for (int unit = task * share; unit < end; unit++)
        {
            RunUnit(unit / UnitsPerImage, unit % UnitsPerImage, worker);
        }
    }

    /// <summary>Computes one unit of one image.</summary>
    protected abstract void RunUnit(int image, int unit, int worker);

    /// <summary>The rows of the image that a window covers, without the padding.</summary>
    protected (int Start, int End) Rows(int window)
    {
        int start = (window * Geometry.StrideHeight) - Geometry.PaddingHeight;
        return (Math.Max(start, 0), Math.Min(start + Geometry.KernelHeight, Height));
    }

    /// <summary>The columns of the image that a window covers, without the padding.</summary>
    protected (int Start, int End) Columns(int window)
    {
        int start = (window * Geometry.StrideWidth) - Geometry.PaddingWidth;
        return (Math.Max(start, 0), Math.Min(start + Geometry.KernelWidth, Width));
    }

    /// <summary>The rows of windows that cover a row of the image.</summary>
    protected (int First, int End) RowsOver(int row) =>
        Covering(row + Geometry.PaddingHeight, Geometry.KernelHeight, Geometry.StrideHeight, PooledHeight);

    /// <summary>For each column of the image the columns of windows that cover it.</summary>
    protected (int First, int End)[] ColumnsOver()
    {
        (int, int)[] covering = new (int, int)[Width];
        for (int column = 0; column < Width; column++)
        {
            covering[column] =
                Covering(column + Geometry.PaddingWidth, Geometry.KernelWidth, Geometry.StrideWidth, PooledWidth);
        }

        return covering;
    }

    // Of a position of the padded image: those w with w·stride ≤ position < w·stride + kernel.
    private static (int First, int End) Covering(int position, int kernel, int stride, int windows) =>
        (position < kernel ? 0 : ((position - kernel) / stride) + 1, Math.Min(windows, (position / stride) + 1));
}
