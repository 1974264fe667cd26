using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Products by stages in single precision, TF32 and bfloat16, with every tile: on a simulator whose warps have 32 lanes, and on
/// CUDA devices. The values are those of single precision for numbers that were rounded before.
/// </summary>
[TestFixtureSource(nameof(Fixtures))]
[NonParallelizable]
internal sealed class StagedProductTests(string id, string factors)
{
    private const double Tolerance = 1e-5;
    private const string Single = "single precision", Tf32 = "TF32", BFloat16 = "bfloat16";
    private GpuDevice device = null!;
    private ProductMode before;
    private string tilesBefore = "";

    private static IEnumerable<object[]> Fixtures => WarpDevices.Ids.SelectMany(
        one => new object[][] { [one, Single], [one, Tf32], [one, BFloat16] });

    private static IEnumerable<string> Tiles => StagedChoice.All.Select(tile => tile.Name);

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    [OneTimeSetUp]
    public void ChooseMode()
    {
        device = WarpDevices.IsSimulator(id) ? WarpSimulator.Device : (GpuDevice)Device.Open(id);
        (before, tilesBefore) = (device.Products, device.TileSetting);
        WarpDevices.LeaveOut(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no tensor cores.");
        }

        if (!OnGpu && factors is not (Tf32 or Single))
        {
            Assert.Ignore("The emulated CUDA device runs them; the simulator would take half a minute.");
        }

        device.Products = factors == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
    }

    [OneTimeTearDown]
    public void ChooseAsBefore() => (device.Products, device.TileSetting) = (before, tilesBefore);

    // Groups of two warps; cut on every side, several stages, narrow loads and stores.
    [TestCase("128x48", 12, 36, 52, false, false, 0)]
    [TestCase("128x48", 33, 7, 37, true, true, 1)]
    [TestCase("64x64", 40, 20, 68, true, false, 0)]
    [TestCase("64x96", 12, 20, 100, false, true, 0)]
    public void Matrices(string tile, int rows, int terms, int columns, bool transposeA, bool transposeB, int offset)
    {
        device.TileSetting = tile;
        Check(
            new MatMul(transposeA, transposeB), offset, transposeA ? new Shape(terms, rows) : new Shape(rows, terms),
            transposeB ? new Shape(columns, terms) : new Shape(terms, columns));
    }

    [TestCase("128x48", 4, 8, 0)]
    [TestCase("64x64", 3, 5, 1)]
    public void Convolutions(string tile, int channels, int outputs, int offset)
    {
        if (factors != Single)
        {
            OnlyOnAGpu();
        }

        device.TileSetting = tile;
        Shape w = new(3, 3, channels, outputs), x = new(1, 4, 5, channels);
        Check(new Conv2dForward(2, 1), offset, x, w);
        Check(new Conv2dInputGradient(new Conv2dGeometry(1, 1), 4, 5), offset, new Shape(1, 4, 5, outputs), w);
        Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), offset, x, new Shape(1, 4, 5, outputs));
    }

    /// <summary>On a GPU every tile, several of them, cut on every side.</summary>
    [Test]
    public void EveryTileOnAGpu([ValueSource(nameof(Tiles))] string tile)
    {
        OnlyOnAGpu();
        device.TileSetting = tile;
        Shape x = new(5, 9, 11, 16), w = new(3, 3, 16, 196), y = new(5, 9, 11, 196);
        Check(new Conv2dForward(1, 1), 0, x, w);
        Check(new Conv2dForward(2, 1), 0, x, w);
        Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), 0, x, y);
    }

    /// <summary>On a GPU one tile with every side, narrow and wide; many terms in parts.</summary>
    [Test]
    public void OrdersAndWidthsOnAGpu()
    {
        const string Tile = "128x96";
        OnlyOnAGpu();
        foreach ((bool a, bool b) in (ReadOnlySpan<(bool, bool)>)[(false, false), (true, false), (false, true), (true, true)])
        {
            Matrices(Tile, 300, 100, 200, a, b, 0);
            Matrices(Tile, 256, 1036, 68, a, b, 0);
            Matrices(Tile, 131, 333, 65, a, b, 1);
        }

        foreach ((int channels, int outputs, int offset) in (ReadOnlySpan<(int, int, int)>)[(96, 96, 0), (3, 70, 1)])
        {
            Shape x = new(5, 9, 11, channels), w = new(3, 3, channels, outputs), y = new(5, 9, 11, outputs);
            Check(new Conv2dForward(1, 1), offset, x, w);
            Check(new Conv2dInputGradient(new Conv2dGeometry(1, 1), 9, 11), offset, y, w);
            Check(new Conv2dInputGradient(new Conv2dGeometry(2, 1), 9, 11), offset, new Shape(5, 5, 6, outputs), w);
            Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), offset, x, y);
        }
    }

    [Test]
    public void TheChoiceOnAGpu()
    {
        OnlyOnAGpu();
        Matrices("auto", 512, 512, 512, false, false, 0);
        Matrices("auto", 48, 20_000, 48, true, false, 0);
        Matrices("auto", 300, 100, 12, false, false, 0);
    }

    /// <summary>The same bits with an expression computed as a warp stores as from the product and a map.</summary>
    [TestCase("128x48", 3, 52)]
    [TestCase("64x64", 3, 37)]
    public void AnEpilogueHasTheBitsOfAMap(string tile, int rows, int columns)
    {
        if (factors == Tf32)
        {
            OnlyOnAGpu();
        }

        device.TileSetting = tile;
        Shape[] shapes = [new(rows, 20), new(20, columns), new(columns), new(rows, columns)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        Expression sum = Expression.Binary<AddFunction>(), residual = sum.Substitute([sum, Expression.Argument(2)]);
        ProductOperation product = factors == BFloat16 ? (ProductOperation)new MatMul().InBFloat16(device)! : new MatMul();
        float[] sums = KernelRun.Values(device, product, shapes[..2], inputs[..2], 0);
        float[] expected = KernelRun.Values(
            device, new FusedMap(residual), [shapes[3], .. shapes[2..]], [sums, .. inputs[2..]], 0);
        Assert.That(
            KernelRun.Values(device, new FusedProduct(product, residual, shapes[3]), shapes, inputs, 0), Is.EqualTo(expected));
    }

    private void OnlyOnAGpu()
    {
        if (!OnGpu)
        {
            Assert.Ignore("The simulator would take minutes.");
        }
    }

    private void Check(Operation single, int offset, Shape a, Shape b)
    {
        Operation operation = factors == BFloat16 ? single.InBFloat16(device)! : single;
        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        float[] values = KernelRun.Values(device, operation, [a, b], [x, y], offset);
        using CpuDevice cpu = new(1);
        float[] expected = KernelRun.Values(cpu, single, [a, b], [Rounded(x), Rounded(y)], 0);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(
                values[i], Is.EqualTo(expected[i]).Within(Tolerance * scale),
                $"{operation} of {a} and {b} by {device.TileSetting} on {device.Name}, element {i}");
        }
    }

    private float[] Rounded(float[] numbers) => [.. numbers.Select(number => factors switch
    {
        Tf32 => BitConverter.Int32BitsToSingle(TensorCore.Round(number)),
        BFloat16 => PacGen.Core.Lanes.BFloat16.Round(number),
        _ => number,
    })];
}
