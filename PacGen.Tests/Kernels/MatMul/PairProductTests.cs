using PacGen.Kernels;
using PacGen.Tests.CudaEmulator;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Products of bfloat16 in memory have the bits of those that round what they read: on a simulator whose warps have 32 lanes,
/// and on CUDA devices.
/// </summary>
[TestFixtureSource(typeof(WarpDevices), nameof(WarpDevices.Ids))]
[NonParallelizable]
internal sealed class PairProductTests(string id)
{
    private GpuDevice device = null!;
    private string tilesBefore = "";
    private bool before;

    private static IEnumerable<string> Tiles => StagedChoice.All.Select(tile => tile.Name);

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    [OneTimeSetUp]
    public void Choose()
    {
        device = WarpDevices.IsSimulator(id) ? WarpSimulator.Device : (GpuDevice)Device.Open(id);
        (tilesBefore, before) = (device.TileSetting, device.StoresBFloat16);
        WarpDevices.LeaveOut(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no tensor cores.");
        }

        device.StoresBFloat16 = true;
    }

    [OneTimeTearDown]
    public void ChooseAsBefore() => (device.TileSetting, device.StoresBFloat16) = (tilesBefore, before);

    // Groups of two warps; every order, cut on every side, several stages.
    [TestCase("128x32", 16, 40, 40, false, false)]
    [TestCase("128x32", 40, 40, 24, true, true)]
    public void Matrices(string tile, int rows, int terms, int columns, bool transposeA, bool transposeB)
    {
        device.TileSetting = tile;
        Check(
            new MatMul(transposeA, transposeB), transposeA ? new Shape(terms, rows) : new Shape(rows, terms),
            transposeB ? new Shape(columns, terms) : new Shape(terms, columns));
    }

    [TestCase("128x48", 8, 16)]
    [TestCase("64x64", 16, 8)]
    [TestCase("128x96", 24, 40)]
    public void Convolutions(string tile, int channels, int outputs)
    {
        OnlyOnAGpu();
        device.TileSetting = tile;
        Shape w = new(3, 3, channels, outputs), x = new(1, 4, 5, channels), y = new(1, 4, 5, outputs);
        Check(new Conv2dForward(2, 1), x, w);
        Check(new Conv2dInputGradient(new Conv2dGeometry(1, 1), 4, 5), y, w);
        Check(new Conv2dInputGradient(new Conv2dGeometry(2, 1), 4, 5), new Shape(1, 2, 3, outputs), w);

        // Three of four places have no tap.
        Check(
            new Conv2dInputGradient(new Conv2dGeometry(2, 0), 4, 5), new Shape(1, 2, 3, outputs),
            new Shape(1, 1, channels, outputs));
        Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), x, y);
    }

    /// <summary>On a GPU every tile, cut on every side, in every order, and terms in parts.</summary>
    [Test]
    public void EveryTileOnAGpu([ValueSource(nameof(Tiles))] string tile)
    {
        OnlyOnAGpu();
        device.TileSetting = tile;
        Matrices(tile, 72, 104, 136, false, false);
        Matrices(tile, 136, 72, 72, true, false);
        Matrices(tile, 72, 40, 104, false, true);
        Matrices(tile, 104, 40, 40, true, true);
        Shape x = new(2, 23, 23, 16), y = new(2, 23, 23, 72);
        Assert.That(
            StagedChoice.Splits(tile, StageFactors.BFloat16, 9 * 16, 72, 2 * 23 * 23, int.MaxValue), Is.GreaterThan(1), "parts");
        Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), x, y);
    }

    /// <summary>No access of shared memory waits for a bank, but where four threads write a line of six pieces.</summary>
    [Test]
    public void BanksAreMetOnce([ValueSource(nameof(Tiles))] string tile)
    {
        if (!OnGpu || EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore("The emulated device counts them.");
            return;
        }

        device.TileSetting = tile;
        foreach ((bool a, bool b) in (ReadOnlySpan<(bool, bool)>)[(false, false), (true, false), (false, true)])
        {
            RunCounts counts = driver.Counts = new RunCounts();
            try
            {
                Values(new MatMul(a, b), a ? new(64, 256) : new(256, 64), b ? new(96, 64) : new(64, 96));
            }
            finally
            {
                driver.Counts = null;
            }

            long fewest = 4 * (counts.ByKind["ldmatrix"] + counts.ByKind["cp.async"]);
            Assert.That(
                counts.SharedWavefronts, tile == "256x48" && !b ? Is.AtMost(1.06 * fewest) : Is.EqualTo(fewest),
                $"{tile}, {a}, {b}");
        }
    }

    /// <summary>
    /// What a map stores as pairs is what its numbers are rounded to, one axis and several, on 16 bytes and not.
    /// </summary>
    [TestCase(0)]
    [TestCase(1)]
    public void Maps(int offset)
    {
        Expression sum = Expression.Binary<AddFunction>().Substitute([
            Expression.Argument(0), Expression.Unary<ReluFunction>().Substitute([Expression.Argument(1)])]);
        foreach (Shape other in (Shape[])[new(3, 5, 16), new(16), Shape.Scalar, new(5, 1)])
        {
            Shape shape = new(3, 5, 16);
            float[] x = KernelRun.Random(shape, 1), y = KernelRun.Random(other, 2);
            float[] expected = KernelRun.Values(device, new FusedMap(sum, shape), [shape, other], [x, y], offset);
            float[] pairs = KernelRun.Values(device, new PairMap(sum, shape), [shape, other], [x, y], offset);
            Assert.That(pairs, Is.EqualTo(InPairs(expected)).Using<float>((a, b) => Bits(a) == Bits(b)), $"{other}, {offset}");
        }
    }

    /// <summary>A map that stores its numbers in single precision too.</summary>
    [Test]
    public void MapsOfBoth()
    {
        Shape shape = new(3, 5, 16), channels = new(16);
        float[] x = KernelRun.Random(shape, 1), y = KernelRun.Random(channels, 2);
        Expression sum = Expression.Binary<AddFunction>();
        using DeviceBuffer a = device.Allocate(shape.Count), b = device.Allocate(16), numbers = device.Allocate(shape.Count),
            pairs = device.Allocate(shape.Count / 2);
        a.Write(0, x);
        b.Write(0, y);
        using Launch launch = new PairMap(sum, shape).Bind(
            device, [shape, channels], [new(a), new(b)], new Region(numbers), new Region(pairs));
        launch.Run();
        float[] expected = KernelRun.Values(device, new FusedMap(sum), [shape, channels], [x, y], 0);
        Assert.That(new Region(numbers).ToArray(), Is.EqualTo(expected));
        Assert.That(
            new Region(pairs).ToArray(), Is.EqualTo(InPairs(expected)).Using<float>((one, other) => Bits(one) == Bits(other)));
    }

    /// <summary>
    /// A product's own kernel stores what it makes as pairs, alone or beside the numbers: of one read by number and of one that
    /// reads pairs, terms in one part and in several, and where images are strided.
    /// </summary>
    [Test]
    public void ProductsStorePairs([Values] bool reads, [Values] bool beside)
    {
        if (reads != beside)
        {
            OnlyOnAGpu();
        }

        device.TileSetting = reads ? "128x32" : "";
        Expression bias = Expression.Unary<ReluFunction>().Substitute([Expression.Binary<AddFunction>()]);
        Expression mask = Expression.Binary<MultiplyFunction>().Substitute(
            [Expression.Argument(0), Expression.Unary<StepFunction>().Substitute([Expression.Argument(1)])]);
        CheckStored(new MatMul(), new(16, 40), new(40, 24), bias, [new(24)], reads, beside);
        CheckStored(new MatMul(true, true), new(16, 24), new(40, 16), Expression.Argument(0), [], reads, beside);
        if (OnGpu)
        {
            CheckStored(new MatMul(), new(8, 520), new(520, 8), mask, [new(8, 8)], reads, beside);
            device.TileSetting = reads ? "64x64" : "";
            CheckStored(new MatMul(), new(72, 40), new(40, 72), mask, [new(72, 72)], reads, beside);
            Expression scale = Expression.Binary<AddFunction>().Substitute(
                [Expression.Binary<MultiplyFunction>(), Expression.Argument(2)]);
            CheckStored(
                new Conv2dInputGradient(new Conv2dGeometry(2, 1), 4, 5), new(1, 2, 3, 16), new(3, 3, 8, 16), scale,
                [new(8), Shape.Scalar], reads, beside);
        }
    }

    [Test]
    public void ShapesThatMakeNoPairs()
    {
        Assert.That(new MatMul().InBFloat16(device)!.ReadingPairs(device, [new(8, 12), new(12, 8)]), Is.Null);
        Assert.That(new MatMul().ReadingPairs(device, [new(8, 8), new(8, 8)]), Is.Null, "in single precision");
        Assert.That(() => PairMap.Places(new Shape(8, 12)), Throws.TypeOf<ShapeException>());
    }

    private void OnlyOnAGpu()
    {
        if (!OnGpu)
        {
            Assert.Ignore("The simulator would take minutes.");
        }
    }

    private void Check(Operation single, Shape a, Shape b)
    {
        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        float[] expected = KernelRun.Values(device, single.InBFloat16(device)!, [a, b], [x, y], 0);
        Assert.That(
            Values(single, a, b), Is.EqualTo(expected), $"{single} of {a} and {b} by {device.TileSetting} on {device.Name}");
    }

    private void CheckStored(
        ProductOperation product, Shape a, Shape b, Expression expression, Shape[] others, bool reads, bool beside)
    {
        Shape[] shapes = [a, b, .. others];
        float[][] values = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        Shape made = product.Infer([a, b]);
        FusedProduct fused = new((ProductOperation)product.InBFloat16(device)!, expression, made);
        float[] expected = KernelRun.Values(device, fused, shapes, values, 0);
        if (reads)
        {
            fused = (FusedProduct)fused.ReadingPairs(device, shapes)!;
            (shapes[0], shapes[1]) = (PairMap.Places(a), PairMap.Places(b));
            (values[0], values[1]) = (InPairs(values[0]), InPairs(values[1]));
        }

        string what = $"{product} of {a} and {b}, {expression}";
        if (!beside)
        {
            FusedProduct storing = fused with { StoresPairs = true };
            Assert.That(storing.Infer(shapes), Is.EqualTo(PairMap.Places(made)));
            Assert.That(
                KernelRun.Values(device, storing, shapes, values, 0),
                Is.EqualTo(InPairs(expected)).Using<float>((one, other) => Bits(one) == Bits(other)), what);
            return;
        }

        DeviceBuffer[] memory = [.. shapes.Append(made).Append(PairMap.Places(made)).Select(
            shape => device.Allocate(shape.Count))];
        try
        {
            for (int i = 0; i < values.Length; i++)
            {
                memory[i].Write(0, values[i]);
            }

            Region[] regions = [.. memory.Select(buffer => new Region(buffer))];
            using Launch launch = fused.Bind(device, shapes, regions.AsSpan(0, shapes.Length), regions[^2], regions[^1]);
            launch.Run();
            Assert.That(regions[^2].ToArray(), Is.EqualTo(expected), what);
            Assert.That(
                regions[^1].ToArray(), Is.EqualTo(InPairs(expected)).Using<float>((one, other) => Bits(one) == Bits(other)),
                what);
        }
        finally
        {
            Array.ForEach(memory, buffer => buffer.Dispose());
        }
    }

    private float[] Values(Operation single, Shape a, Shape b) => KernelRun.Values(
        device, single.InBFloat16(device)!.ReadingPairs(device, [a, b])!, [PairMap.Places(a), PairMap.Places(b)],
        [InPairs(KernelRun.Random(a, 1)), InPairs(KernelRun.Random(b, 2))], 0);

    private static float[] InPairs(float[] numbers) => [.. numbers.Chunk(2).Select(
        pair => BitConverter.Int32BitsToSingle(TensorCore.Pack(pair[0], pair[1])))];

    private static int Bits(float number) => BitConverter.SingleToInt32Bits(number);
}
