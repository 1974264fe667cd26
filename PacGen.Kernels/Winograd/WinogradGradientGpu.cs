namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights by Winograd on a GPU: for some images at a time the transforms of their tiles and of
/// their outputs' gradients, and products over the tiles for each number of them, all in one launch; then the parts' sums are
/// added in order, and transformed back.
/// </summary>
internal static class WinogradGradientGpu
{
    /// <summary>
    /// The launch for tiles of so many outputs a side, 2 or 4; null where the memory's layout or size does not fit.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="side">The outputs along a side of a tile; 0 for none.</param>
    /// <param name="windows">The windows, 3 × 3, one place apart.</param>
    /// <param name="columns">The output's channels.</param>
    /// <param name="images">The images.</param>
    /// <param name="gradients">The outputs' gradients.</param>
    /// <param name="output">The weights' gradient.</param>
    /// <param name="epilogue">What is made of its numbers; null for the sums as they are.</param>
    public static Launch? TryBind(
        GpuDevice device, int side, Windows windows, int columns, Region images, Region gradients, Region output,
        ProductEpilogue? epilogue)
    {
        if (side == 0 || !Packs.InFours(0, images, gradients, output)
            || Math.Max(images.Count, gradients.Count) > int.MaxValue)
        {
            return null;
        }

        WinogradGradientPlan plan = new(device, side, windows, columns);
        return Math.Max(plan.ImageNumbers, Math.Max(plan.GradientNumbers, plan.Sums)) > int.MaxValue ? null
            : side == 2
                ? Bind<WinogradMaps2.Images, WinogradMaps2.Gradients, WinogradMaps2.WeightGradients>(
                    device, plan, windows, columns, images, gradients, output, epilogue)
                : Bind<WinogradMaps4.Images, WinogradMaps4.Gradients, WinogradMaps4.WeightGradients>(
                    device, plan, windows, columns, images, gradients, output, epilogue);
    }

    private static WinogradConvolutionGpu Bind<TImages, TGradients, TWeights>(
        GpuDevice device, WinogradGradientPlan plan, Windows windows, int columns, Region images, Region gradients,
        Region output, ProductEpilogue? epilogue)
        where TImages : struct, IWinogradMap
        where TGradients : struct, IWinogradMap
        where TWeights : struct, IWinogradMap
    {
        int side = TGradients.Inputs, channels = windows.Channels, numbers = plan.Tiles.Numbers;
        int parts = plan.Parts * numbers, squares = plan.Parts * plan.TilesOfPart, terms = squares * numbers;
        Region shared = device.SharedFloats(plan.Floats), left = shared.Slice(0, plan.ImageNumbers);
        Region right = shared.Slice(plan.ImageNumbers, plan.GradientNumbers);
        Region sums = shared.Slice(plan.ImageNumbers + plan.GradientNumbers, plan.Sums);
        Region all = shared.Slice(plan.Floats - plan.Tiles.Weights, plan.Tiles.Weights);
        Windows outputs = windows with
        {
            Height = windows.Rows, Width = windows.Columns, Channels = columns, Top = 0, Left = 0,
        };
        using LaunchParts launches = new(device);
        for (int chunk = 0; chunk < plan.Tiles.Chunks; chunk++)
        {
            int first = chunk * plan.Tiles.Images;
            int tiles = Math.Min(plan.Tiles.Images, windows.Images - first) * plan.Tiles.TilesOfImage;
            launches.Add(new WinogradTransform<TImages, WinogradPlaces, WinogradNumbers>(
                device, images, new WinogradPlaces(windows, side, first, tiles), left, Numbers(channels), squares, channels));
            launches.Add(new WinogradTransform<TGradients, WinogradPlaces, WinogradNumbers>(
                device, gradients, new WinogradPlaces(outputs, side, first, tiles), right, Numbers(columns), squares, columns));

            // Each number of a part's tiles is a part of the product's terms: each gives a matrix of its own.
            launches.Add(Product.BindTo(
                device, Precision.Single, left, new MatrixSource<AlongOuter, Wide>(channels, terms), right,
                new MatrixSource<AlongOuter, Wide>(columns, terms),
                sums.Slice(chunk * plan.Parts * plan.Tiles.Weights, plan.Parts * plan.Tiles.Weights),
                new ProductTarget(channels, columns, terms, true) { SplitTerms = plan.TilesOfPart, Splits = parts }));
        }

        if (plan.Parts * plan.Tiles.Chunks > 1)
        {
            launches.Add(new SplitSumGpu<Quad>(device, sums, plan.Parts * plan.Tiles.Chunks, all));
        }

        WinogradNumbers weights = new(columns, channels * columns);
        launches.Add(new WinogradTransform<TWeights, WinogradNumbers, WinogradNumbers>(
            device, plan.Parts * plan.Tiles.Chunks > 1 ? all : sums, weights, output, weights, channels, columns));
        if (epilogue is not null)
        {
            launches.Add(epilogue.Behind(device, output));
        }

        return new WinogradConvolutionGpu(device, launches.ToLaunch());

        // Of a part of the tiles those of the first number, then those of the second.
        WinogradNumbers Numbers(int extent) => new(
            extent, plan.TilesOfPart * extent, plan.TilesOfPart, numbers * plan.TilesOfPart * extent);
    }
}
