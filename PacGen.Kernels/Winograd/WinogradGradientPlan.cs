namespace PacGen.Kernels;

/// <summary>
/// How a GPU cuts the gradient of the weights by Winograd: some images at a time, and their tiles, the terms of its sums, into
/// parts with sums of their own, so that the GPU is busy. The shapes alone say how.
/// </summary>
internal readonly struct WinogradGradientPlan
{
    /// <param name="device">The device.</param>
    /// <param name="side">The outputs along a side of a tile.</param>
    /// <param name="windows">The windows.</param>
    /// <param name="columns">The output channels.</param>
    public WinogradGradientPlan(GpuDevice device, int side, Windows windows, int columns)
    {
        // Sums at work at a time, and tiles that are worth a part of their own.
        const long Busy = 1 << 23;
        const int Edge = 64, LeastTiles = 128;
        Tiles = new WinogradPlan(device, side, windows, columns);
        long work = (long)Tiles.Numbers * Ceiling(windows.Channels, Edge) * Ceiling(columns, Edge) * Edge * Edge;
        int tiles = Tiles.Images * Tiles.TilesOfImage;
        Parts = (int)Math.Clamp(Busy / work, 1, Math.Max(1, tiles / LeastTiles));
        TilesOfPart = Ceiling(Ceiling(tiles, Parts), ProductStage.Terms) * ProductStage.Terms;
        ImageNumbers = (long)Tiles.Numbers * Parts * TilesOfPart * windows.Channels;
        GradientNumbers = (long)Tiles.Numbers * Parts * TilesOfPart * columns;
        Sums = Tiles.Weights * Parts * Tiles.Chunks;
    }

    /// <summary>The tiles.</summary>
    public WinogradPlan Tiles { get; }

    /// <summary>The parts of the tiles of some images.</summary>
    public int Parts { get; }

    /// <summary>The tiles of a part, with zeros behind the last ones.</summary>
    public int TilesOfPart { get; }

    /// <summary>The floats of some images' transformed tiles.</summary>
    public long ImageNumbers { get; }

    /// <summary>The floats of the transformed gradients.</summary>
    public long GradientNumbers { get; }

    /// <summary>The floats of all parts' sums.</summary>
    public long Sums { get; }

    /// <summary>All floats.</summary>
    public long Floats => ImageNumbers + GradientNumbers + Sums + Tiles.Weights;

    /// <summary>The memory that such a gradient shares with others; none where it is direct, its side 0.</summary>
    public static long Bytes(GpuDevice device, int side, Windows windows, int columns) =>
        side == 0 ? 0 : sizeof(float) * new WinogradGradientPlan(device, side, windows, columns).Floats;

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
