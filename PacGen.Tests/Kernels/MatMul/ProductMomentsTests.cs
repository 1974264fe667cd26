using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Moments that products gather as they store, and the pass that joins them: against double of the numbers that are stored, which
/// have the bits of the product without. On a simulator whose warps have 32 lanes, and on CUDA devices.
/// </summary>
[TestFixtureSource(nameof(Fixtures))]
[NonParallelizable]
internal sealed class ProductMomentsTests(string id, string factors)
{
    private const string Single = "single precision", Tf32 = "TF32", BFloat16 = "bfloat16", InPairs = "bfloat16 in memory";

    private static readonly Expression Shifted = Expression.Binary<AddFunction>(),
        Residual = Shifted.Substitute([Shifted, Expression.Argument(2)]);

    private GpuDevice device = null!;
    private (ProductMode Products, string Tiles, bool Stores, bool Gathers) before;

    private static IEnumerable<object[]> Fixtures => WarpDevices.Ids.SelectMany(
        one => new object[][] { [one, Single], [one, Tf32], [one, BFloat16], [one, InPairs] });

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    [OneTimeSetUp]
    public void ChooseMode()
    {
        device = WarpDevices.IsSimulator(id) ? WarpSimulator.Device : (GpuDevice)Device.Open(id);
        before = (device.Products, device.TileSetting, device.StoresBFloat16, device.GathersMoments);
        WarpDevices.LeaveOut(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no tensor cores.");
        }

        device.Products = factors == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
        (device.StoresBFloat16, device.GathersMoments) = (true, true);
    }

    [OneTimeTearDown]
    public void ChooseAsBefore() =>
        (device.Products, device.TileSetting, device.StoresBFloat16, device.GathersMoments) = before;

    // A whole part and a row of another.
    [Test]
    public void TwoParts()
    {
        if (factors != Single)
        {
            OnlyOnAGpu();
        }

        Check("", 65, 8, 8, 0, 0);
    }

    // One row, one part, whole parts, cut ones, several tiles; columns that fill no tile; by default and by stages.
    [TestCase("", 1, 12)]
    [TestCase("", 65, 36)]
    [TestCase("", 130, 8)]
    [TestCase("128x48", 131, 52)]
    [TestCase("64x64", 64, 68)]
    [TestCase("128x96", 131, 200)]
    [TestCase("128x16", 65, 40)]
    public void MatricesOnAGpu(string tile, int rows, int columns)
    {
        OnlyOnAGpu();
        Check(tile, rows, 16, columns, 0, 0);
    }

    // Numbers far from zero beside their deviations, and one far from the others where distances are taken from.
    [TestCase("", 1000f, 0f)]
    [TestCase("", -3e4f, 0f)]
    [TestCase("128x48", 1000f, 0f)]
    [TestCase("", 1f, 300f)]
    public void NumbersFarFromZeroOnAGpu(string tile, float mean, float outlier)
    {
        OnlyOnAGpu();
        Check(tile, 130, 16, 20, mean, outlier);
    }

    /// <summary>On a GPU every tile, and the two of the largest groups, cut on every side.</summary>
    [Test]
    public void EveryTileOnAGpu()
    {
        OnlyOnAGpu();
        foreach (string tile in StagedChoice.All.Select(tile => tile.Name).Append(""))
        {
            Check(tile, 523, 40, 200, 0, 0);
            Check(tile, 523, 40, 124, 1000, 0);
        }

        // 64 groups of 128 × 128, which in single precision would spill registers.
        device.TileSetting = "";
        if (factors == Single)
        {
            Assert.That(ProductMoments.Of(new MatMul(), device, [new(4123, 40), new(40, 256)]), Is.Null);
            return;
        }

        Check("", 4123, 40, 256, 0, 0);
        Check("", 4096, 40, 128, 1000, 0);
    }

    /// <summary>The order is that of rows, not of tiles: all of single precision give the same bits.</summary>
    [Test]
    public void TilesGiveTheSameBitsOnAGpu()
    {
        OnlyOnAGpu();
        if (factors != Single)
        {
            Assert.Ignore("Tensor cores add in an order of their own.");
        }

        float[][] first = Values("", 150, 12, 40, 3, 0, false).Results;
        foreach (string tile in StagedChoice.All.Select(tile => tile.Name))
        {
            Assert.That(Values(tile, 150, 12, 40, 3, 0, false).Results, Is.EqualTo(first), tile);
        }
    }

    [TestCase("", 8, 16, 1)]
    [TestCase("", 8, 8, 2)]
    [TestCase("64x64", 16, 40, 1)]
    public void ConvolutionsOnAGpu(string tile, int channels, int outputs, int stride)
    {
        OnlyOnAGpu();
        Shape x = new(2, 7, 5, channels), w = new(3, 3, channels, outputs);
        device.TileSetting = tile;
        ProductOperation convolution = new Conv2dForward(stride, 1);
        Shape y = convolution.Infer([x, w]);
        Check(Run(convolution, null, y, [x, w], [KernelRun.Random(x, 1), KernelRun.Random(w, 2)]), y);
    }

    [Test]
    public void WhatGathersNone()
    {
        device.TileSetting = "";
        ProductOperation product = Of(new MatMul());
        Shape few = new(16, 4096), narrow = new(16, 6), side = new(40, 16);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Gathers(product, side, new(16, 8)), Is.True);
            Assert.That(Gathers(product, few, new(4096, 16)), Is.False, "terms in parts");
            Assert.That(Gathers(product, side, narrow), Is.False, "columns that are no multiple of four");
            Assert.That(Gathers(Of(new MatMul(true)), new(16, 40), new(16, 8)), Is.False, "terms along no line of A");
            Assert.That(Gathers(new FusedMap(Shifted), side, side), Is.False);
            Assert.That(ProductMoments.Of(product, Device.Cpu, [side, new(16, 8)]), Is.Null);
            device.GathersMoments = false;
            Assert.That(Gathers(product, side, new(16, 8)), Is.False, "switched off");
            Assert.That(
                () => new ProductMoments(product).Bind(device, [side, new(16, 8)], [], default, default),
                Throws.ArgumentException);
            device.GathersMoments = true;
        }

        bool Gathers(Operation operation, Shape a, Shape b) => ProductMoments.Of(operation, device, [a, b]) is not null;
    }

    [Test]
    public void AConvolutionByWinogradGathersNone()
    {
        ConvolutionMode way = device.Convolutions;
        Shape x = new(1, 8, 8, 16), w = new(3, 3, 16, 16);
        try
        {
            device.Convolutions = ConvolutionMode.Winograd2;
            Assert.That(
                ProductMoments.Of(Of(new Conv2dForward(1, 1)), device, [x, w]) is null, Is.EqualTo(factors == Single));
        }
        finally
        {
            device.Convolutions = way;
        }
    }

    private void OnlyOnAGpu()
    {
        if (!OnGpu)
        {
            Assert.Ignore("The simulator would take minutes.");
        }
    }

    private ProductOperation Of(ProductOperation single) =>
        factors is BFloat16 or InPairs ? (ProductOperation)single.InBFloat16(device)! : single;

    private void Check(string tile, int rows, int terms, int columns, float mean, float outlier)
    {
        // Pairs are eight numbers of 16 bytes.
        columns = factors == InPairs ? (columns + 7) / 8 * 8 : columns;
        foreach (bool residual in OnGpu ? [false, true] : (ReadOnlySpan<bool>)[true])
        {
            // An outlier that is its part's first number is what all the others' distances are taken from.
            Check(
                Values(tile, rows, terms, columns, mean, outlier, residual), new Shape(rows, columns),
                outlier == 0 ? 3e-6 : 64 * 3e-7);
        }
    }

    private (float[] Numbers, float[][] Results) Values(
        string tile, int rows, int terms, int columns, float mean, float outlier, bool residual)
    {
        terms = factors == InPairs ? (terms + 7) / 8 * 8 : terms;
        device.TileSetting = tile;
        Shape y = new(rows, columns);
        Shape[] shapes = [new(rows, terms), new(terms, columns), new(columns), y];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        for (int c = 0; c < columns; c++)
        {
            inputs[2][c] += mean;
            inputs[3][c] += outlier;
        }

        int count = residual || outlier != 0 ? 4 : mean != 0 ? 3 : 2;
        return Run(
            new MatMul(), count == 4 ? Residual : count == 3 ? Shifted : null, y, shapes[..count], inputs[..count]);
    }

    // The product's numbers, and the sums and the squares of the pass that joins the moments.
    private (float[] Numbers, float[][] Results) Run(
        ProductOperation single, Expression? made, Shape y, Shape[] shapes, float[][] inputs)
    {
        Operation product = Of(single);
        if (factors == InPairs)
        {
            (shapes, inputs) = ([.. shapes], [.. inputs]);
            product = product.ReadingPairs(device, shapes.AsSpan(0, 2))!;
            for (int i = 0; i < 2; i++)
            {
                inputs[i] = KernelRun.Values(device, new PairMap(Expression.Argument(0), shapes[i]), [shapes[i]], [inputs[i]], 0);
                shapes[i] = PairMap.Places(shapes[i]);
            }
        }

        product = made is null ? product : new FusedProduct((ProductOperation)product, made, y);
        ProductMoments moments = ProductMoments.Of(product, device, shapes)!;
        Assert.That(moments, Is.Not.Null);
        ColumnPass pass = new(ColumnPassKind.GatheredMoments, y, Expression.Argument(0), null, []);
        List<DeviceBuffer> buffers = [];
        try
        {
            Region[] regions = [.. inputs.Select(input => New(input.Length))];
            for (int i = 0; i < regions.Length; i++)
            {
                regions[i].Write(inputs[i]);
            }

            Shape shape = moments.Infer(shapes);
            Region output = New(y.Count), parts = New(shape.Count);
            parts.Write([.. Enumerable.Repeat(float.NaN, (int)shape.Count)]);
            Region[] results = [New(y[-1]), New(y[-1])];
            using Launch first = moments.Bind(device, shapes, regions, output, parts);
            using Launch second = pass.Bind(device, [y, shape], [output, parts], results);
            (float[] Numbers, float[][] Results)? values = null;
            for (int run = 0; run < 2; run++)
            {
                first.Run();
                second.Run();
                var again = (output.ToArray(), (float[][])[.. results.Select(result => result.ToArray())]);
                values ??= again;
                Assert.That(again.Item1, Is.EqualTo(values.Value.Numbers), "a second run");
                Assert.That(again.Item2, Is.EqualTo(values.Value.Results), "a second run");
            }

            float[] alone = KernelRun.Values(device, product, shapes, inputs, 0);
            Assert.That(values!.Value.Numbers, Is.EqualTo(alone), "the product's own bits");
            return values.Value;
        }
        finally
        {
            buffers.ForEach(buffer => buffer.Dispose());
        }

        Region New(long count)
        {
            buffers.Add(device.Allocate(count));
            return new Region(buffers[^1], 0, count);
        }
    }

    private void Check((float[] Numbers, float[][] Results) values, Shape y, double tolerance = 3e-6)
    {
        int columns = y[-1], rows = values.Numbers.Length / columns;
        using (Assert.EnterMultipleScope())
        {
            for (int c = 0; c < columns; c++)
            {
                double[] numbers = [.. Enumerable.Range(0, rows).Select(row => (double)values.Numbers[(row * columns) + c])];
                double mean = numbers.Average(), squares = numbers.Sum(number => (number - mean) * (number - mean));
                double largest = numbers.Max(Math.Abs);
                Assert.That(
                    values.Results[0][c], Is.EqualTo(mean * rows).Within(3e-7 * rows * largest),
                    $"the sum of column {c} of {y} by {device.TileSetting} on {device.Name}");
                Assert.That(
                    values.Results[1][c], Is.EqualTo(squares).Within((tolerance * squares) + 1e-12),
                    $"the squares of column {c} of {y} by {device.TileSetting} on {device.Name}");
            }
        }
    }
}
