using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// Which tile a staged product has, and into how many parts its terms are split: of all, what takes the least time by a reckoning
/// from the shapes alone, so that all GPUs give the same bits.
/// </summary>
internal sealed class StagedChoice
{
    /// <summary>Any tile.</summary>
    public const string Auto = "auto";

    /// <summary>Multiprocessors to fill, those of an H100 or H200.</summary>
    private const int Processors = 132;

    /// <summary>Fewer terms than these are not worth a part of their own.</summary>
    private const int TermsPerSplit = 128;

    /// <summary>How long the sum of parts takes beyond its bytes, and how many bytes a second move.</summary>
    private const double SplitSeconds = 4e-6, Bandwidth = 2.5e12;

    private readonly int warps, resident;
    private readonly double efficiency;

    private StagedChoice(Type tile, int rows, int columns, int warps, int resident, double efficiency) =>
        (Tile, Rows, Columns, this.warps, this.resident, this.efficiency) =
            (tile, rows, columns, warps, resident, efficiency);

    /// <summary>All tiles; the last number is the rate of a full multiprocessor beside that of the largest tile.</summary>
    public static IReadOnlyList<StagedChoice> All { get; } =
    [
        Of<Staged128>(1), Of<Staged128By96>(0.95), Of<Staged128By64>(0.85), Of<Staged128By48>(0.85), Of<Staged128By32>(0.7),
        Of<Staged128By16>(0.45), Of<Staged256By64>(0.97), Of<Staged256By48>(0.9), Of<Staged64By96>(0.85), Of<Staged64>(0.75),
    ];

    /// <summary>The tile's extents, such as 128x96.</summary>
    public string Name => $"{Rows}x{Columns}";

    /// <summary>The tile.</summary>
    public Type Tile { get; }

    /// <summary>The tile's rows.</summary>
    public int Rows { get; }

    /// <summary>The tile's columns.</summary>
    public int Columns { get; }

    /// <summary>The best number of parts of the terms.</summary>
    /// <param name="tiles">A tile's extents, such as 128x96, or "auto".</param>
    /// <param name="rate">Operations a second of a full GPU.</param>
    /// <param name="rows">The output's rows.</param>
    /// <param name="columns">The output's columns.</param>
    /// <param name="terms">The summed terms.</param>
    /// <param name="most">The most parts that there may be.</param>
    public static int Splits(string tiles, double rate, int rows, int columns, int terms, int most)
    {
        most = Math.Min(most, Math.Max(1, terms / TermsPerSplit));
        return (from tile in Named(tiles)
                from turn in Enumerable.Range(0, 1 + (2 * tile.resident))
                let splits = (int)Math.Clamp(Processors * turn / tile.Groups(rows, columns), 1, most)
                select (Splits: splits, Seconds: tile.Seconds(rate, rows, columns, terms, splits))).MinBy(
            one => one.Seconds).Splits;
    }

    /// <summary>The best tile where the number of parts is known.</summary>
    public static StagedChoice Best(string tiles, double rate, ProductTarget layout) => Named(tiles).MinBy(
        tile => tile.Seconds(rate, layout.Rows, layout.Columns, layout.SplitTerms * (long)layout.Splits, layout.Splits))!;

    private static StagedChoice[] Named(string tiles)
    {
        StagedChoice[] named = [.. All.Where(tile => tiles is Auto || tiles == tile.Name)];
        return named.Length > 0 ? named : throw new DeviceException(
            $"PACGEN_GPU_TILES is {tiles}, but must be 0 or one of {Auto}, {string.Join(", ", All.Select(tile => tile.Name))}.");
    }

    /// <summary>Binds a product with the tile.</summary>
    /// <exception cref="NotSupportedException">The program was compiled to native code.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    public Launch Bind<TA, TB, TSums, TTarget>(
        GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TSums : struct, IStageSums
        where TTarget : struct, IProductTarget => RuntimeFeature.IsDynamicCodeSupported
        ? (Launch)Activator.CreateInstance(
            typeof(StagedProduct<,,,,>).MakeGenericType(typeof(TA), typeof(TB), Tile, typeof(TSums), typeof(TTarget)),
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.DoNotWrapExceptions, null,
            [device, a, sourceA, b, sourceB, output, target], null)!
        : throw new NotSupportedException("A program that was compiled to native code runs on no GPU.");

    private static StagedChoice Of<TTile>(double efficiency)
        where TTile : struct, IStagedTile => new(
        typeof(TTile), StagedTile.Rows<TTile>(), StagedTile.Columns<TTile>(), TTile.Down * TTile.Across, TTile.Resident,
        efficiency);

    private long Groups(int rows, int columns) => ((rows + Rows - 1L) / Rows) * ((columns + Columns - 1L) / Columns);

    // What the busiest multiprocessor takes, and the sum of the parts. Few warps leave it waiting.
    private double Seconds(double rate, int rows, int columns, long terms, int splits)
    {
        long groups = Groups(rows, columns) * splits, turns = (groups + Processors - 1) / Processors;
        double resting = Math.Min(1, Math.Pow(Math.Min(turns, resident) * warps / 8.0, 0.7));
        double operations = 2.0 * Rows * Columns * (((terms + splits - 1) / splits) + (2 * ProductStage.Terms)) * turns;
        double seconds = operations / (rate / Processors * efficiency * resting);
        return splits == 1 ? seconds : seconds + SplitSeconds + (8.0 * splits * rows * columns / Bandwidth);
    }
}
