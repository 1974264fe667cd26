using System.Numerics;

namespace PacGen.Kernels;

/// <summary>Where Winograd's convolution is used, with tiles of which side, and how its work is cut.</summary>
internal static class WinogradChoice
{
    private const int Taps = 9;

    /// <summary>The side of the tiles; 0 for a direct convolution.</summary>
    /// <param name="device">The device, which may have chosen.</param>
    /// <param name="windows">The windows.</param>
    /// <param name="columns">The output channels.</param>
    /// <param name="lanes">The floats of a vector.</param>
    public static int Side(CpuDevice device, Windows windows, int columns, int lanes) => windows switch
    {
        { KernelHeight: not 3 } or { KernelWidth: not 3 } => 0,
        { StrideHeight: 1, StrideWidth: 1 } => Chosen(device, windows, columns, lanes, 1, 1),
        { StrideHeight: 2, StrideWidth: 2 } when windows.Channels % lanes == 0 => Chosen(device, windows, columns, lanes, 4, 1),
        _ => 0,
    };

    /// <summary>The same for outputs that lie two places apart, four phases of windows of 2 × 2.</summary>
    /// <inheritdoc cref="Side(CpuDevice, Windows, int, int)"/>
    public static int SpreadSide(CpuDevice device, Windows windows, int columns, int lanes) =>
        Chosen(device, windows, columns, lanes, 1, 4);

    /// <summary>The side of the tiles on a GPU; 0 for a direct convolution.</summary>
    /// <param name="device">The device, which may have chosen.</param>
    /// <param name="precision">As what it multiplies.</param>
    /// <param name="windows">The windows.</param>
    /// <param name="columns">The output channels.</param>
    public static int Side(GpuDevice device, Precision precision, Windows windows, int columns)
    {
        // Sums begin and end with whole stages of terms, and threads take four channels.
        bool takes = windows is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1 }
            && windows.Channels % ProductStage.Terms == 0 && columns % Quad.Count == 0
            && precision == Precision.Single && device.Products is ProductMode.Single or ProductMode.CuBlas;
        return !takes ? 0 : device.Convolutions switch
        {
            ConvolutionMode.Direct => 0,
            ConvolutionMode.Winograd2 => 2,
            ConvolutionMode.Winograd4 => 4,
            _ => ((int[])[0, 2, 4]).MinBy(side => GpuCost(device, windows, columns, side)),
        };
    }

    /// <summary>
    /// How many tiles a task takes: what fits into a second-level cache, whole tiles of rows for the matrix products, and no more
    /// than leave some tasks for other threads.
    /// </summary>
    public static int TilesPerTask(int tiles, int inputs, int numbers)
    {
        const int CacheFloats = 1 << 17, Rows = 12, EnoughTasks = 8;
        int most = Math.Max(2, CacheFloats / (inputs * inputs * numbers) / Rows);
        most = Rows * Math.Clamp((tiles + (Rows * EnoughTasks) - 1) / (Rows * EnoughTasks), 1, most);
        int tasks = (tiles + most - 1) / most;
        return Math.Min(most, (((tiles + tasks - 1) / tasks) + Rows - 1) / Rows * Rows);
    }

    /// <summary>How many tiles a weight gradient transforms at a time.</summary>
    public static int TilesPerChunk(int tiles, int inputs, int numbers)
    {
        const int CacheFloats = 1 << 20, Least = 96, Most = 384;
        int most = Math.Clamp(CacheFloats / (inputs * inputs * numbers), Least, Most);
        int chunks = (tiles + most - 1) / most;
        return (tiles + chunks - 1) / chunks;
    }

    /// <summary>
    /// Into how many parts the tiles of a weight gradient are cut, each with sums of its own. Adding these up costs 5 % or less.
    /// </summary>
    /// <param name="tiles">The tiles.</param>
    /// <param name="channels">The input channels.</param>
    /// <param name="columns">The output channels.</param>
    /// <param name="sums">The sums of a part, in floats.</param>
    public static int GradientParts(int tiles, int channels, int columns, long sums)
    {
        const int Most = 16, LeastTiles = 32, EnoughTiles = 128;
        const long MostFloats = 12L << 20;
        long tilesOfPart = Math.Clamp(4L * channels * columns / (channels + columns), LeastTiles, EnoughTiles);
        long parts = Math.Clamp(Math.Min(tiles / tilesOfPart, MostFloats / sums), 1, Most);
        return 1 << BitOperations.Log2((ulong)parts);
    }

    /// <summary>
    /// The input channels that a task of a weight gradient takes: all, where the parts are enough for the threads. Each block of
    /// them has to transform all gradients; the sums have the same order whatever it is.
    /// </summary>
    /// <param name="channels">The input channels.</param>
    /// <param name="parts">The parts of the tiles.</param>
    /// <param name="threads">The device's threads.</param>
    public static int GradientRows(int channels, int parts, int threads)
    {
        const int TasksOfThread = 2, Vector = 16, FewChannels = 64;
        int tasks = threads == 1 ? 1 : threads * TasksOfThread;
        int least = channels < FewChannels ? Vector : 2 * Vector;
        int blocks = Math.Clamp((tasks + parts - 1) / parts, 1, Math.Max(1, channels / least));
        return (((channels + blocks - 1) / blocks) + Vector - 1) / Vector * Vector;
    }

    private static int Chosen(CpuDevice device, Windows windows, int columns, int lanes, int inputPhases, int outputPhases)
    {
        // Vectors of fewer channels are mostly empty; for these there are direct kernels of their own.
        const int FewChannels = 8;
        bool phased = inputPhases * outputPhases != 1;
        return device.Convolutions switch
        {
            ConvolutionMode.Direct => 0,
            ConvolutionMode.Winograd2 => phased ? 0 : 2,
            ConvolutionMode.Winograd4 => 4,
            _ when Math.Min(windows.Channels, columns) < FewChannels => 0,
            _ => (phased ? (int[])[0, 4] : [0, 2, 4]).MinBy(side => Cost(
                windows, columns, lanes, side, inputPhases, outputPhases)),
        };
    }

    // In multiply-adds of vectors, from times measured at 16 to 512 channels: what is written and read again of a transformed
    // number costs as much as some ten of them, of a weight twelve, or many more where the weights pass the last cache.
    private static double Cost(Windows windows, int columns, int lanes, int side, int inputPhases, int outputPhases)
    {
        const double PerNumber = 10, PerWeight = 12, PerDistantWeight = 100, CachedBytes = 16 << 20, Phases = 4;
        double outputs = Vectors(columns, lanes), inputs = inputPhases * Vectors(windows.Channels, lanes);
        if (side == 0)
        {
            return (double)windows.Images * windows.Rows * windows.Columns * Taps * windows.Channels * outputs;
        }

        // Places or outputs that are two apart are four images of windows of 2 × 2.
        bool phased = inputPhases * outputPhases != 1;
        int n = phased ? side + 1 : side + 2;
        outputs *= outputPhases;
        double terms = inputPhases * windows.Channels, weights = n * n * terms * outputs;
        double products = phased ? Taps * Taps / Phases : n * n;
        return (new WinogradTiles(windows, side).Count
                * ((products * terms * outputs) + (PerNumber * n * n * (inputs + outputs))))
            + (weights * (weights * lanes * sizeof(float) > CachedBytes ? PerDistantWeight : PerWeight));
    }

    // In multiply-adds, of which a GPU does some five while it moves a byte; a launch takes as long as some 50 million.
    private static double GpuCost(GpuDevice device, Windows windows, int columns, int side)
    {
        const double PerByte = 5, PerLaunch = 5e7;
        double outputs = (double)windows.Images * windows.Rows * windows.Columns, matrix = (double)windows.Channels * columns;
        if (side == 0)
        {
            return outputs * Taps * matrix;
        }

        WinogradPlan plan = new(device, side, windows, columns);
        double images = (double)windows.Images * windows.Height * windows.Width * windows.Channels;
        double between = 2 * ((double)plan.Numbers * plan.Tiles * (windows.Channels + columns));
        double numbers = images + between + (outputs * columns) + (((2 * plan.Numbers) + Taps) * matrix);
        return (plan.Numbers * (double)plan.Tiles * matrix) + (PerByte * sizeof(float) * numbers)
            + (PerLaunch * 3 * plan.Chunks);
    }

    private static int Vectors(int columns, int lanes) => (columns + lanes - 1) / lanes;
}
