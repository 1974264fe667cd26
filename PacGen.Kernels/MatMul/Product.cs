
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
    public static Launch BindMatrix<TA>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, bool alongTerms, Region output, int rows,
        int columns, int terms)
        where TA : struct, ITileSource
    {
        return (alongTerms, Packs.InFours(alongTerms ? terms : columns, b)) switch
        {
            (true, true) => Of(new MatrixSource<AlongTerms, Wide>(columns, terms)),
            (true, false) => Of(new MatrixSource<AlongTerms, Narrow>(columns, terms)),
            (false, true) => Of(new MatrixSource<AlongOuter, Wide>(columns, terms)),
            _ => Of(new MatrixSource<AlongOuter, Narrow>(columns, terms)),
        };

        Launch Of<TB>(TB sourceB)
            where TB : struct, ITileSource =>
            Bind(device, precision, a, sourceA, b, sourceB, output, rows, columns, terms);
    }

    /// <summary>Binds a product whose output is a matrix.</summary>
    public static Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, int rows, int columns,
        int terms)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        // Where few outputs are long sums, as in a convolution's gradient by its weights, the terms are split: each part writes a
        // matrix of its own and these are added in order. The shapes alone say how, so all GPUs give the same bits.
        long work = 64L * 32 * Ceiling(rows, 64) * Ceiling(columns, 32);
        int splits = (int)Math.Max(1, Math.Min(Busy / work, terms / TermsPerSplit));
        if (splits == 1)
        {
            return Bind(
                device, precision, a, sourceA, b, sourceB, output,
                new ProductTarget(rows, columns, terms, Packs.InFours(0, output)));
        }

        ProductTarget target = new(
            rows, columns, terms, true) { SplitTerms = Ceiling(Ceiling(terms, splits), ProductStage.Terms) * ProductStage.Terms };
        target.Splits = Ceiling(terms, target.SplitTerms);
        using LaunchParts parts = new(device);
        Region split = parts.Memory((long)target.Splits * rows * columns, "the parts of a matrix product");
        parts.Add(Bind(device, precision, a, sourceA, b, sourceB, split, target));
        parts.Add(new SplitSumGpu(device, split, target.Splits, output.Slice(0, (long)rows * columns)));
        return parts.ToLaunch();
    }

    /// <summary>Binds a product with an output of any layout.</summary>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    public static Launch Bind<TA, TB>(
        GpuDevice device, Precision precision, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        if (Math.Max(a.Count, Math.Max(b.Count, output.Count)) > int.MaxValue)
        {
            throw new NotSupportedException($"{device.Name} multiplies tensors of at most {int.MaxValue} elements.");
        }

        return precision == Precision.BFloat16 ? OnTensorCores<TA, TB, BFloat16Factors>(
                device, a, sourceA, b, sourceB, output, target)
            : device.Products is ProductMode.Tf32 or ProductMode.CuBlasTf32 ? OnTensorCores<TA, TB, Tf32Factors>(
                device, a, sourceA, b, sourceB, output, target)
            : BindTiles<TA, TB, SingleSums>(device, a, sourceA, b, sourceB, output, target);
    }

    private static Launch OnTensorCores<TA, TB, TFactors>(
        GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TFactors : struct, ITensorFactors => target.Columns > 32 && device.Accelerator.MaxNumThreadsPerGroup >= 128
        ? new ProductPipeline<TA, TB, Pipeline128, TFactors>(device, a, sourceA, b, sourceB, output, target)
        : BindTiles<TA, TB, TensorSums<TFactors>>(device, a, sourceA, b, sourceB, output, target);

    private static Launch BindTiles<TA, TB, TSums>(
        GpuDevice device, Region a, TA sourceA, Region b, TB sourceB, Region output, ProductTarget target)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
        where TSums : struct, IThreadSums
    {
        int most = device.Accelerator.MaxNumThreadsPerGroup;
        if (most < 64)
        {
            return new ProductGpu<TA, TB, Tile32, TSums>(device, a, sourceA, b, sourceB, output, target);
        }

        if (target.Columns <= 32)
        {
            return new ProductGpu<TA, TB, Tile128By32, TSums>(device, a, sourceA, b, sourceB, output, target);
        }

        // The larger tile where a GPU is busy with it, and where it has no more to do beyond the output's last column.
        return most >= 256 && target.Rows > 64 && Ceiling(target.Columns, 128) * 2 == Ceiling(target.Columns, 64)
            && Tiles<Tile128>(target.Rows, target.Columns) * target.Splits >= 64
            ? new ProductGpu<TA, TB, Tile128, TSums>(device, a, sourceA, b, sourceB, output, target)
            : new ProductGpu<TA, TB, Tile64, TSums>(device, a, sourceA, b, sourceB, output, target);
    }

    private static int Ceiling(int count, int size) => (int)(((long)count + size - 1) / size);
}
