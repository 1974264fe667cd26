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

    /// <summary>Any kernel, by its time.</summary>
    public const string Measured = "measured";

    /// <summary>Fewer terms than these are not worth a part of their own.</summary>
    private const int TermsPerSplit = 128;

    /// <summary>Multiprocessors to fill, and their clock: those of an H200.</summary>
    private const double Processors = 132, Clock = 1.98e9;

    /// <summary>
    /// Instructions of warps that a multiprocessor issues in a cycle, and those of one warp alone: estimated from a product of
    /// 512 rows in TF32 on an H200, where a multiprocessor had 4 warps.
    /// </summary>
    private const double MostIssued = 4, IssuedOfWarp = 0.62;

    /// <summary>
    /// How long the sum of parts takes beyond its bytes, how many bytes a second it moves, and how many kernels load: what a
    /// product of 8,192 rows in TF32 did on an H200.
    /// </summary>
    private const double SplitSeconds = 4e-6, Bandwidth = 2.5e12, LoadBandwidth = 5.2e12;

    private readonly int resident;
    private readonly int[] instructions;

    private StagedChoice(Type tile, int rows, int columns, int warps, int resident, int[] instructions) =>
        (Tile, Rows, Columns, Warps, this.resident, this.instructions) =
            (tile, rows, columns, warps, resident, instructions);

    /// <summary>
    /// All tiles; the numbers are a warp's instructions of PTX for a stage of A·B, by <see cref="StageFactors"/>.
    /// </summary>
    public static IReadOnlyList<StagedChoice> All { get; } =
    [
        Of<Staged128>(2516, 1051, 635, 861), Of<Staged128By96>(1927, 862, 526, 659), Of<Staged128By64>(1338, 673, 417, 493),
        Of<Staged128By48>(1953, 884, 548, 673), Of<Staged128By32>(1364, 699, 443, 507), Of<Staged128By16>(771, 488, 312, 324),
        Of<Staged256By128>(2498, 1033, 617, 837), Of<Staged256By64>(2524, 1059, 643, 863), Of<Staged256By48>(1948, 879, 543, 665),
        Of<Staged64By96>(1954, 889, 553, 689), Of<Staged64>(1356, 691, 435, 517),
    ];

    /// <summary>The tile's extents, such as 128x96.</summary>
    public string Name => $"{Rows}x{Columns}";

    /// <summary>The tile.</summary>
    public Type Tile { get; }

    /// <summary>The tile's rows.</summary>
    public int Rows { get; }

    /// <summary>The tile's columns.</summary>
    public int Columns { get; }

    /// <summary>The warps of a group.</summary>
    public int Warps { get; }

    /// <summary>The best number of parts of the terms.</summary>
    /// <param name="tiles">A tile's extents, such as 128x96, or "auto".</param>
    /// <param name="factors">As what the numbers are multiplied.</param>
    /// <param name="rows">The output's rows.</param>
    /// <param name="columns">The output's columns.</param>
    /// <param name="terms">The summed terms.</param>
    /// <param name="most">The most parts that there may be.</param>
    public static int Splits(string tiles, StageFactors factors, int rows, int columns, int terms, int most)
    {
        most = Math.Min(most, Math.Max(1, terms / TermsPerSplit));
        return (from tile in Named(tiles)
                from turn in Enumerable.Range(0, 1 + (2 * tile.resident))
                let splits = (int)Math.Clamp((long)Processors * turn / tile.Groups(rows, columns), 1, most)
                select (Splits: splits, Seconds: tile.Seconds(factors, rows, columns, terms, splits))).MinBy(
            one => one.Seconds).Splits;
    }

    /// <summary>The tiles by their reckoned time where the number of parts is known, the best first.</summary>
    public static IEnumerable<StagedChoice> Ranked(string tiles, StageFactors factors, ProductTarget layout) =>
        Named(tiles).OrderBy(tile => tile.Seconds(
            factors, layout.Rows, layout.Columns, layout.SplitTerms * (long)layout.Splits, layout.Splits));

    /// <summary>The instructions of a warp for a stage.</summary>
    public int Instructions(StageFactors factors) => instructions[(int)factors];

    /// <summary>Whether a device's groups have as many threads.</summary>
    public bool Fits(GpuDevice device) => Warps * MmaFragment.Lanes <= device.Accelerator.MaxNumThreadsPerGroup;

    private static StagedChoice[] Named(string tiles)
    {
        StagedChoice[] named = [.. All.Where(tile => tiles is Auto || tiles == tile.Name)];
        return named.Length > 0 ? named : throw new DeviceException(
            $"PACGEN_GPU_TILES is {tiles}, but must be 0, {Auto}, {Measured} or a tile: " +
                $"{string.Join(", ", All.Select(tile => tile.Name))}.");
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

    private static StagedChoice Of<TTile>(params int[] instructions)
        where TTile : struct, IStagedTile => new(
        typeof(TTile), StagedTile.Rows<TTile>(), StagedTile.Columns<TTile>(), TTile.Down * TTile.Across, TTile.Resident,
        instructions);

    private long Groups(int rows, int columns) => ((rows + Rows - 1L) / Rows) * ((columns + Columns - 1L) / Columns);

    // What the busiest multiprocessor takes to issue its instructions and to load, and the sum of the parts.
    private double Seconds(StageFactors factors, int rows, int columns, long terms, int splits)
    {
        bool single = factors == StageFactors.Single;
        int stage = factors == StageFactors.BFloat16Pairs ? ProductStage.TermsInPairs : ProductStage.Terms;
        double turns = Math.Ceiling(Groups(rows, columns) * splits / Processors);
        double together = Math.Min(turns, StagedTile.Resident(resident, Warps, single));

        // Before the first stage is multiplied others are on their way, and behind the last one sums are stored.
        double stages = turns * (Math.Ceiling(Math.Ceiling((double)terms / splits) / stage) + 2);
        double issued = Math.Min(MostIssued, IssuedOfWarp * Warps * together);
        double issuing = stages * Warps * Instructions(factors) / (Clock * issued);
        double loading = stages * sizeof(float) * ProductStage.Terms * (Rows + Columns) / (LoadBandwidth / Processors);
        double summing = splits == 1 ? 0 : SplitSeconds + (8.0 * splits * rows * columns / Bandwidth);
        return issuing + loading + summing;
    }
}
