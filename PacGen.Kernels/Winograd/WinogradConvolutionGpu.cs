namespace PacGen.Kernels;

/// <summary>
/// A convolution by Winograd on a GPU: the weights' transform, then for some images at a time that of their tiles, a product for
/// each number of a tile, all of them in one launch, and the transform back. What is between lies in memory that such launches
/// of the device share.
/// </summary>
internal sealed class WinogradConvolutionGpu : Launch
{
    private readonly GpuDevice device;
    private readonly Launch launches;

    /// <param name="device">The device.</param>
    /// <param name="launches">The launches, which may use the memory that the device's launches share.</param>
    internal WinogradConvolutionGpu(GpuDevice device, Launch launches) => (this.device, this.launches) = (device, launches);

    /// <summary>
    /// The launch for tiles of so many outputs a side, 2 or 4; null where the memory's layout or size does not fit.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="side">The outputs along a side of a tile; 0 for none.</param>
    /// <param name="windows">The windows, 3 × 3, one place apart.</param>
    /// <param name="columns">The output's channels.</param>
    /// <param name="images">The images.</param>
    /// <param name="weights">
    /// The weights: (3, 3, windows.Channels, columns), or, turned, (3, 3, columns, windows.Channels).
    /// </param>
    /// <param name="turned">Whether the weights are turned round, as in the gradient by the images.</param>
    /// <param name="output">The output.</param>
    /// <param name="epilogue">What is made of the output's numbers; null for the sums as they are.</param>
    public static Launch? TryBind(
        GpuDevice device, int side, Windows windows, int columns, Region images, Region weights, bool turned, Region output,
        ProductEpilogue? epilogue)
    {
        if (side == 0 || !Packs.InFours(0, images, weights, output)
            || Math.Max(images.Count, Math.Max(weights.Count, output.Count)) > int.MaxValue)
        {
            return null;
        }

        WinogradPlan plan = new(device, side, windows, columns);
        return Math.Max(plan.Weights, Math.Max(plan.ImageNumbers, plan.Sums)) > int.MaxValue ? null
            : side == 2
                ? Bind<WinogradMaps2.Images, WinogradMaps2.Weights, WinogradMaps2.Sums>(
                    device, plan, windows, columns, images, weights, turned, output, epilogue)
                : Bind<WinogradMaps4.Images, WinogradMaps4.Weights, WinogradMaps4.Sums>(
                    device, plan, windows, columns, images, weights, turned, output, epilogue);
    }

    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            launches.Run();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            launches.Dispose();
        }

        base.Dispose(disposing);
    }

    private static WinogradConvolutionGpu Bind<TImages, TWeights, TSums>(
        GpuDevice device, WinogradPlan plan, Windows windows, int columns, Region images, Region weights, bool turned,
        Region output, ProductEpilogue? epilogue)
        where TImages : struct, IWinogradMap
        where TWeights : struct, IWinogradMap
        where TSums : struct, IWinogradMap
    {
        int side = TSums.Outputs, channels = windows.Channels;
        Region shared = device.SharedFloats(plan.Floats), matrices = shared.Slice(0, plan.Weights);
        using LaunchParts parts = new(device);
        WinogradNumbers factors = new(columns, channels * columns);
        parts.Add(turned
            ? new WinogradTransform<TWeights, WinogradTurnedWeights, WinogradNumbers>(
                device, weights, new WinogradTurnedWeights(columns, channels), matrices, factors, channels, columns)
            : new WinogradTransform<TWeights, WinogradNumbers, WinogradNumbers>(
                device, weights, factors, matrices, factors, channels, columns));
        for (int first = 0; first < windows.Images; first += plan.Images)
        {
            int tiles = Math.Min(plan.Images, windows.Images - first) * plan.TilesOfImage, terms = plan.Numbers * channels;
            Region numbers = shared.Slice(plan.Weights, (long)tiles * terms);
            Region sums = shared.Slice(plan.Weights + plan.ImageNumbers, (long)plan.Numbers * tiles * columns);
            parts.Add(new WinogradTransform<TImages, WinogradPlaces, WinogradNumbers>(
                device, images, new WinogradPlaces(windows, side, first, tiles), numbers,
                new WinogradNumbers(terms, channels), tiles, channels));

            // Each number of a tile is a part of the product's terms: each gives a matrix of its own.
            parts.Add(Product.BindTo(
                device, Precision.Single, numbers, new MatrixSource<AlongTerms, Wide>(tiles, terms), matrices,
                new MatrixSource<AlongOuter, Wide>(columns, terms), sums,
                new ProductTarget(tiles, columns, terms, true) { SplitTerms = channels, Splits = plan.Numbers }));
            WinogradNumbers source = new(columns, tiles * columns);
            WinogradOutputs target = new(windows, columns, side, first);
            parts.Add(epilogue is { InFours: true }
                ? epilogue.BindSums<TSums>(device, sums, source, output, target, tiles, columns)
                : BindSums<TSums, WinogradOutputs>(device, sums, source, output, target, tiles, columns));
        }

        if (epilogue is { InFours: false })
        {
            parts.Add(epilogue.Behind(device, output));
        }

        return new WinogradConvolutionGpu(device, parts.ToLaunch());
    }

    /// <summary>Binds the transform of sums to outputs.</summary>
    /// <param name="device">The device.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="source">How they lie.</param>
    /// <param name="output">The output.</param>
    /// <param name="target">Where in it the outputs go, and what is made of them.</param>
    /// <param name="tiles">How many tiles there are.</param>
    /// <param name="channels">The outputs' channels.</param>
    public static Launch BindSums<TSums, TTarget>(
        GpuDevice device, Region sums, WinogradNumbers source, Region output, TTarget target, int tiles, int channels)
        where TSums : struct, IWinogradMap
        where TTarget : struct, IWinogradTarget =>
        new WinogradTransform<TSums, WinogradNumbers, TTarget>(device, sums, source, output, target, tiles, channels);
}
