namespace PacGen.Kernels;

/// <summary>
/// How a GPU cuts a convolution by Winograd: some images at a time, so that what is between the transforms stays small.
/// </summary>
internal readonly struct WinogradPlan
{
    /// <param name="device">The device.</param>
    /// <param name="side">The outputs along a side of a tile.</param>
    /// <param name="windows">The windows.</param>
    /// <param name="columns">The output channels.</param>
    public WinogradPlan(GpuDevice device, int side, Windows windows, int columns)
    {
        Numbers = (side + 2) * (side + 2);
        Tiles = new WinogradTiles(windows, side).Count;
        TilesOfImage = Tiles / windows.Images;
        Weights = (long)Numbers * windows.Channels * columns;
        long image = (long)Numbers * TilesOfImage * (windows.Channels + columns);
        int most = (int)Math.Clamp(device.WinogradFloats / image, 1, windows.Images);
        Images = Ceiling(windows.Images, Ceiling(windows.Images, most));
        Chunks = Ceiling(windows.Images, Images);
        ImageNumbers = (long)Numbers * TilesOfImage * Images * windows.Channels;
        Sums = (long)Numbers * TilesOfImage * Images * columns;
    }

    /// <summary>The numbers of a transformed tile.</summary>
    public int Numbers { get; }

    /// <summary>The tiles of all images, and of one.</summary>
    public int Tiles { get; }

    /// <inheritdoc cref="Tiles"/>
    public int TilesOfImage { get; }

    /// <summary>The images at a time; fewer the last time.</summary>
    public int Images { get; }

    /// <summary>How many times.</summary>
    public int Chunks { get; }

    /// <summary>The floats of the transformed weights.</summary>
    public long Weights { get; }

    /// <summary>The floats of some images' transformed tiles.</summary>
    public long ImageNumbers { get; }

    /// <summary>The floats of their sums.</summary>
    public long Sums { get; }

    /// <summary>All of them.</summary>
    public long Floats => Weights + ImageNumbers + Sums;

    /// <summary>The memory that such a convolution shares with others; none where it is direct, its side 0.</summary>
    public static long Bytes(GpuDevice device, int side, Windows windows, int columns) =>
        side == 0 ? 0 : sizeof(float) * new WinogradPlan(device, side, windows, columns).Floats;

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
