
namespace PacGen.Kernels;

/// <summary>How products are laid out on a GPU: which tile, and into how many parts the terms are split.</summary>
internal static class Product
{
    /// <summary>Numbers at work at a time that keep a GPU busy: 64 of each of 65,536 threads.</summary>
    private const long Busy = 1 << 22;

    /// <summary>Fewer terms than these are not worth a part of their own.</summary>
    private const int TermsPerSplit = 128;

    /// <summary>The tiles that cover an output.</summary>
    public static int Tiles<TTile>(int rows, int columns)
        where TTile : struct, IProductTile =>
        checked(Ceiling(rows, TTile.Rows) * Ceiling(columns, TTile.Columns));

    /// <summary>Binds a product whose B is a matrix.</summary>
    /// <param name="device">The device.</param>
    /// <param name="precision">As what it multiplies.</param>
    /// <param name="a">A's memory.</param>
    /// <param name="sourceA">How A is read.</param>
    /// <param name="b">B's memory.</param>
    /// <param name="alongTerms">Whether B is given transposed.</param>
    /// <param name="output">The output's memory.</param>
    /// <param name="rows">The output's rows.</param>
    /// <param name="columns">The output's columns.</param>
    /// <param name="terms">The summed terms.</param>
    /// <param name="epilogue">What is made of the numbers; null for the sums as they are.</param>
    public static Launch BindMatrix<TA>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, bool alongTerms, Region output, int rows,
        int columns, int terms, ProductEpilogue? epilogue)
        where TA : struct, ITileSource
    {
        return (alongTerms, Packs.InFours(alongTerms ? terms : columns, b)) switch
        {
            (true, _) when TA.IsInPairs => Of(new MatrixSource<AlongTerms, InPairs>(columns, terms)),
            (false, _) when TA.IsInPairs => Of(new MatrixSource<AlongOuter, InPairs>(columns, terms)),
            (true, true) => Of(new MatrixSource<AlongTerms, Wide>(columns, terms)),
            (true, false) => Of(new MatrixSource<AlongTerms, Narrow>(columns, terms)),
            (false, true) => Of(new MatrixSource<AlongOuter, Wide>(columns, terms)),
            _ => Of(new MatrixSource<AlongOuter, Narrow>(columns, terms)),
        };

        Launch Of<TB>(TB sourceB)
            where TB : struct, ITileSource =>
            Bind(device, precision, a, sourceA, b, sourceB, output, rows, columns, terms, epilogue);
    }

    /// <summary>Binds a product whose output is a matrix.</summary>
    public static Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, int rows, int columns,
        int terms, ProductEpilogue? epilogue)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        // The same parts whether bfloat16 stands in memory or is made of what is read.
        int stage = precision == Precision.BFloat16 ? ProductStage.TermsInPairs : ProductStage.Terms;
        if (IsLong<TA, TB>(device, columns) && LongSums.Target(rows, columns, terms, stage, TermsPerSplit) is
            { Splits: > 1 } longSums)
        {
            return Summed(
                device, longSums, output, epilogue,
                split => BindLong(device, precision, a, sourceA, b, sourceB, split, longSums));
        }

        int splits = Splits(device, precision, rows, columns, terms);
        return BindParts(device, precision, a, sourceA, b, sourceB, output, rows, columns, terms, stage, splits, epilogue);
    }

    /// <summary>
    /// Whether the kernel gathers <see cref="ProductMoments"/>, on a device that does, of a product whose A is read along the
    /// terms: where these are summed in one part, by groups of warps, for columns that passes take. Not by the tile
    /// of 128 × 128 in single precision, which would spill registers.
    /// </summary>
    public static bool GathersMoments(GpuDevice device, Precision precision, int rows, int columns, int terms) =>
        columns % Quad.Count == 0 && device.Accelerator.MaxNumThreadsPerGroup >= 64
            && Splits(device, precision, rows, columns, terms) == 1
            && (device.Tiles == ProductTiles.Reckoned || FactorsOf(device, precision) != StageFactors.Single
                || !FillsTile128(device, rows, columns, 1));

    // Where few outputs are long sums, as in a convolution's gradient by its weights, the terms are split: each part writes a
    // matrix of its own and these are added in order. The shapes alone say how, so all GPUs that multiply alike give the same
    // bits.
    private static int Splits(GpuDevice device, Precision precision, int rows, int columns, int terms)
    {
        if (device.Tiles == ProductTiles.Reckoned)
        {
            return StagedChoice.Splits(
                device.Tile, FactorsOf(device, precision), rows, columns, terms, device.ProductSplits);
        }

        long work = 64L * 32 * Ceiling(rows, 64) * Ceiling(columns, 32);
        return (int)Math.Max(1, Math.Min(Busy / work, terms / TermsPerSplit));
    }

    private static Launch BindParts<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, int rows, int columns,
        int terms, int stage, int splits, ProductEpilogue? epilogue)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        if (splits == 1)
        {
            return Bind(
                device, precision, a, sourceA, b, sourceB, output,
                new ProductTarget(rows, columns, terms, Packs.InFours(0, output)), epilogue);
        }

        ProductTarget target = new(rows, columns, terms, true) { SplitTerms = Ceiling(Ceiling(terms, splits), stage) * stage };
        target.Splits = Ceiling(terms, target.SplitTerms);
        return Summed(
            device, target, output, epilogue, split => BindTo(device, precision, a, sourceA, b, sourceB, split, target));
    }

    // The parts of the terms, their sum, and what is made of it.
    private static Launch Summed(
        GpuDevice device, ProductTarget target, Region output, ProductEpilogue? epilogue, Func<Region, Launch> bind)
    {
        long count = (long)target.Rows * target.Columns;
        using LaunchParts parts = new(device);
        bool alone = epilogue is { StoresPairsAlone: true };
        Region memory = parts.Memory((target.Splits + (alone ? 1 : 0)) * count, "the parts of a matrix product");
        Region split = memory.Slice(0, target.Splits * count), sums = alone ? memory.Slice(split.Count, count)
            : output.Slice(0, count);
        parts.Add(bind(split));
        parts.Add(Packs.InFours(count, sums)
            ? new SplitSumGpu<Quad>(device, split, target.Splits, sums)
            : new SplitSumGpu<One>(device, split, target.Splits, sums));
        if (epilogue is not null)
        {
            parts.Add(epilogue.Behind(device, sums));
        }

        return parts.ToLaunch();
    }

    /// <summary>Binds a product with an output of any layout.</summary>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    public static Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget target,
        ProductEpilogue? epilogue)
        where TA : struct, ITileSource
        where TB : struct, ITileSource => epilogue is null
        ? BindTo(device, precision, a, sourceA, b, sourceB, output, target)
        : epilogue.Bind(device, precision, a, sourceA, b, sourceB, output, target);

    /// <summary>Binds a product whose numbers go to a target of any kind.</summary>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    public static Launch BindTo<TA, TB, TTarget>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TTarget : struct, IProductTarget
    {
        CheckCounts(device, a, b, output);
        StageFactors factors = FactorsOf<TA>(device, precision);
        return factors switch
        {
            StageFactors.BFloat16Pairs => Of<TensorStageSums<BFloat16Pairs>>(null),
            StageFactors.BFloat16 => Of<TensorStageSums<BFloat16Factors>>(OnTensorCores<BFloat16Factors>),
            StageFactors.Tf32 => Of<TensorStageSums<Tf32StageFactors>>(OnTensorCores<Tf32Factors>),
            _ when TTarget.GathersMoments => Of<SingleStageSums>(
                (x, y, to) => BindTiles<TA, TB, SingleSums<RowsOfAWarp>, TTarget>(device, x, sourceA, y, sourceB, to, target)),
            _ => Of<SingleStageSums>((x, y, to) => BindTiles<TA, TB, SingleSums<HalvesOfATile>, TTarget>(
                device, x, sourceA, y, sourceB, to, target)),
        };

        Launch OnTensorCores<TFactors>(Region x, Region y, Region to)
            where TFactors : struct, ITensorFactors => BindOnTensorCores<TA, TB, TFactors, TTarget>(
            device, x, sourceA, y, sourceB, to, target);

        // With the kernel of before, or null where there is none such.
        Launch Of<TSums>(Func<Region, Region, Region, Launch>? before)
            where TSums : struct, IStageSums
        {
            ProductTarget layout = target.Layout;
            IEnumerable<StagedChoice> tiles = StagedChoice.Ranked(device.Tile, factors, layout);
            ProductCandidate kernel = before is not null && device.Tiles != ProductTiles.Reckoned
                ? new(ProductCandidate.Fixed, before) : Staged(tiles.First());
            if (device.Tiles == ProductTiles.Measured && !TTarget.StoresElsewhere && HasTheBitsOfTiles(device, factors, layout))
            {
                kernel = device.Chooses(new(
                    ProductCandidates.NameOf<TSums, TA, TB, TTarget>(sourceA, sourceB, layout),
                    2.0 * layout.Rows * layout.Columns * layout.Terms, (a.Count, b.Count, output.Count),
                    [kernel, .. tiles.Where(tile => tile.Name != kernel.Name && tile.Fits(device)).Select(Staged)]));
            }

            return kernel.Bind(a, b, output);

            ProductCandidate Staged(StagedChoice tile) => new(
                tile.Name,
                (x, y, to) => tile.Bind<TA, TB, TSums, TTarget>(device, x, sourceA, y, sourceB, to, target));
        }
    }

    // Whether the kernel of before and all staged tiles sum the same terms in the same order. In single precision each adds term
    // after term, but one of before has eight at a time where a stage has 16: behind the last term further zeros come, which make
    // 0 of -0. Tensor cores take the same terms at a time but for the tile of few columns, which has others beside each other.
    private static bool HasTheBitsOfTiles(GpuDevice device, StageFactors factors, ProductTarget layout) => factors switch
    {
        StageFactors.BFloat16Pairs => true,
        StageFactors.Single => (layout.Splits == 1 || layout.SplitTerms % ProductStage.Terms == 0)
            && (layout.Terms - ((layout.Splits - 1) * layout.SplitTerms)) % ProductStage.Terms != ProductTile.Terms,
        _ => HasPipeline(device, layout),
    };

    private static StageFactors FactorsOf<TA>(GpuDevice device, Precision precision)
        where TA : struct, ITileSource => TA.IsInPairs ? StageFactors.BFloat16Pairs : FactorsOf(device, precision);

    private static StageFactors FactorsOf(GpuDevice device, Precision precision) => precision == Precision.BFloat16
        ? StageFactors.BFloat16 : device.Products is ProductMode.Tf32 or ProductMode.CuBlasTf32 ? StageFactors.Tf32
        : StageFactors.Single;

    // Whether few outputs' sums have a kernel of their own: on a GPU that copies without a thread waiting.
    private static bool IsLong<TA, TB>(GpuDevice device, int columns)
        where TA : struct, ITileSource
        where TB : struct, ITileSource =>
        columns <= device.LongSumColumns && device.HasTensorCores && device.Accelerator.MaxNumThreadsPerGroup >= LongSums.Threads
            && !TA.AlongTerms && !TB.AlongTerms;

    private static Launch BindLong<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        CheckCounts(device, a, b, output);
        return target.Columns <= 16 ? OfWidth<LongSums16>() : OfWidth<LongSums32>();

        Launch OfWidth<TWidth>()
            where TWidth : struct, ILongSumsWidth => FactorsOf<TA>(device, precision) switch
            {
                StageFactors.BFloat16Pairs => Of<PairLongSums<TWidth>>(),
                StageFactors.BFloat16 => Of<TensorLongSums<BFloat16Factors, TWidth>>(),
                StageFactors.Tf32 => Of<TensorLongSums<Tf32StageFactors, TWidth>>(),
                _ => Of<SingleLongSums<TWidth>>(),
            };

        Launch Of<TSums>()
            where TSums : struct, ILongSums =>
            new LongSums<TA, TB, TSums, ProductTarget>(device, a, sourceA, b, sourceB, output, target);
    }

    private static void CheckCounts(GpuDevice device, Region a, Region b, Region output)
    {
        if (Math.Max(a.Count, Math.Max(b.Count, output.Count)) > int.MaxValue)
        {
            throw new NotSupportedException($"{device.Name} multiplies tensors of at most {int.MaxValue} elements.");
        }
    }

    private static bool HasPipeline(GpuDevice device, ProductTarget layout) =>
        layout.Columns > 32 && device.Accelerator.MaxNumThreadsPerGroup >= 128;

    private static Launch BindOnTensorCores<TA, TB, TFactors, TTarget>(
        GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TFactors : struct, ITensorFactors
        where TTarget : struct, IProductTarget => HasPipeline(device, target.Layout)
        ? new ProductPipeline<TA, TB, Pipeline128, TFactors, TTarget>(device, a, sourceA, b, sourceB, output, target)
        : BindTiles<TA, TB, TensorSums<TFactors>, TTarget>(device, a, sourceA, b, sourceB, output, target);

    private static Launch BindTiles<TA, TB, TSums, TTarget>(
        GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, TTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TSums : struct, IThreadSums
        where TTarget : struct, IProductTarget
    {
        ProductTarget layout = target.Layout;
        int most = device.Accelerator.MaxNumThreadsPerGroup;
        if (most < 64)
        {
            return new ProductGpu<TA, TB, Tile32, TSums, TTarget>(device, a, sourceA, b, sourceB, output, target);
        }

        // Up to 16 columns leave less of a staged tile empty: by count it takes 0.5 to 0.6 of the instructions. Its bits are the
        // same but where it alone has zeros behind the last term, which make 0 of a sum that is -0.
        if ((typeof(TSums) == typeof(SingleSums<HalvesOfATile>) || typeof(TSums) == typeof(SingleSums<RowsOfAWarp>))
            && TA.AlongTerms && TA.IsWide && device.HasTensorCores && layout.Columns <= Math.Min(16, device.LongSumColumns)
            && layout.Terms % ProductStage.Terms != ProductTile.Terms)
        {
            return new StagedProduct<TA, TB, Staged128By16, SingleStageSums, TTarget>(
                device, a, sourceA, b, sourceB, output, target);
        }

        if (layout.Columns <= 32)
        {
            return new ProductGpu<TA, TB, Tile128By32, TSums, TTarget>(device, a, sourceA, b, sourceB, output, target);
        }

        return FillsTile128(device, layout.Rows, layout.Columns, layout.Splits)
            ? new ProductGpu<TA, TB, Tile128, TSums, TTarget>(device, a, sourceA, b, sourceB, output, target)
            : new ProductGpu<TA, TB, Tile64, TSums, TTarget>(device, a, sourceA, b, sourceB, output, target);
    }

    // The larger tile where a GPU is busy with it, and where it has no more to do beyond the output's last column.
    private static bool FillsTile128(GpuDevice device, int rows, int columns, int splits) =>
        device.Accelerator.MaxNumThreadsPerGroup >= 256 && rows > 64
            && Ceiling(columns, 128) * 2 == Ceiling(columns, 64) && Tiles<Tile128>(rows, columns) * splits >= 64;

    private static int Ceiling(int count, int size) => (int)(((long)count + size - 1) / size);
}
