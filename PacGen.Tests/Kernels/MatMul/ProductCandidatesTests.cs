using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// All kernels among which a measured time chooses give the same bits: on a simulator whose warps have 32 lanes, and on CUDA
/// devices.
/// </summary>
[TestFixtureSource(nameof(Fixtures))]
[NonParallelizable]
internal sealed class ProductCandidatesTests(string id, string factors)
{
    private const string Single = "single precision", Tf32 = "TF32", BFloat16 = "bfloat16", InMemory = "bfloat16 in memory";
    private GpuDevice device = null!;

    // Whether no more kernels are tried than are timed; all where PACGEN_TEST_EVERY_TILE is 1, which takes minutes to compile.
    private bool fewest;
    private (ProductMode Products, string Tiles, bool Stores) before;

    // A simulator's groups have two warps, and products on tensor cores four.
    private static IEnumerable<object[]> Fixtures =>
        from id in WarpDevices.Ids
        from mode in id.StartsWith("cuda", StringComparison.Ordinal) ? [Single, Tf32, BFloat16, InMemory] : (string[])[Single]
        select (object[])[id, mode];

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    [OneTimeSetUp]
    public void Choose()
    {
        device = WarpDevices.IsSimulator(id) ? WarpSimulator.Device : (GpuDevice)Device.Open(id);
        before = (device.Products, device.TileSetting, device.StoresBFloat16);
        WarpDevices.LeaveOut(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no tensor cores.");
        }

        device.Products = factors == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
        device.StoresBFloat16 = true;
    }

    [OneTimeTearDown]
    public void ChooseAsBefore() =>
        (device.Products, device.TileSetting, device.StoresBFloat16) = before;

    [SetUp]
    public void TryAll() => fewest = false;

    [TearDown]
    public void MeasureAgain() => device.Chooses = FastestProduct.Of(device).Choose;

    [TestCase(16, 40, 40, false, false)]
    [TestCase(24, 16, 40, true, true)]
    public void SmallMatrices(int rows, int terms, int columns, bool transposeA, bool transposeB)
    {
        if (factors == Single && terms % 16 == 8)
        {
            terms += 8;
        }

        Check(
            new MatMul(transposeA, transposeB), transposeA ? new(terms, rows) : new(rows, terms),
            transposeB ? new(columns, terms) : new(terms, columns), 0);
    }

    /// <summary>In each order, cut on every side; with and without parts of the terms.</summary>
    [Test]
    public void MatricesOnAGpu([Values(96, 1040)] int terms, [Values] bool transposeA, [Values] bool transposeB)
    {
        OnlyOnAGpu();
        fewest = transposeA || transposeB;
        Check(
            new MatMul(transposeA, transposeB), transposeA ? new(terms, 200) : new(200, terms),
            transposeB ? new(136, terms) : new(terms, 136), 0);
    }

    /// <summary>A float at a time, terms that end within four.</summary>
    [TestCase(65, 99, 67)]
    [TestCase(131, 1037, 65)]
    public void NarrowMatricesOnAGpu(int rows, int terms, int columns)
    {
        OnlyOnAGpu();
        fewest = true;
        OnlyInFloats();
        foreach ((bool a, bool b) in (ReadOnlySpan<(bool, bool)>)[(false, false), (true, false), (false, true)])
        {
            Check(new MatMul(a, b), a ? new(terms, rows) : new(rows, terms), b ? new(columns, terms) : new(terms, columns), 1);
        }
    }

    [Test]
    public void ConvolutionsOnAGpu([Values(1, 2)] int stride)
    {
        OnlyOnAGpu();
        Conv2dGeometry geometry = new(stride, 1);
        Shape x = new(5, 9, 11, 16), w = new(3, 3, 16, 80), y = stride == 1 ? new(5, 9, 11, 80) : new(5, 5, 6, 80);
        Check(new Conv2dForward(geometry), x, w, 0);
        fewest = true;
        Check(new Conv2dInputGradient(geometry, 9, 11), y, new(3, 3, 48, 80), 0);
        Check(new Conv2dWeightGradient(geometry, 3, 3), x, y, 0);
    }

    [Test]
    public void NarrowConvolutionsOnAGpu()
    {
        OnlyOnAGpu();
        fewest = true;
        OnlyInFloats();
        Conv2dGeometry geometry = new(1, 1);
        Shape x = new(5, 9, 11, 35), w = new(3, 3, 35, 70), y = new(5, 9, 11, 70);
        Check(new Conv2dForward(geometry), x, w, 1);
        Check(new Conv2dInputGradient(geometry, 9, 11), y, w, 1);
        Check(new Conv2dWeightGradient(geometry, 3, 3), x, y, 1);
    }

    [Test]
    public void WithAnExpressionOnAGpu()
    {
        OnlyOnAGpu();
        fewest = true;
        Expression sum = Expression.Binary<AddFunction>(), residual = sum.Substitute([sum, Expression.Argument(2)]);
        Shape a = new(72, 96), b = new(96, 136), channels = new(136), target = new(72, 136);
        MatMul product = factors is BFloat16 or InMemory ? (MatMul)new MatMul().InBFloat16(device)! : new MatMul();
        Check(new FusedProduct(product, residual, target), [a, b, channels, target], 0);
    }

    /// <summary>
    /// Sums that are too small for single precision are -0, which zeros behind the terms would make 0: where a stage has such and
    /// the kernel of before has none, tiles are not offered.
    /// </summary>
    [Test]
    public void ZerosKeepTheirSign([Values(24, 32)] int terms)
    {
        if (factors != Single)
        {
            Assert.Ignore("Stages are the same there.");
        }

        Shape a = new(3, terms), b = new(terms, 40);
        float[] x = [.. Enumerable.Repeat(1e-30f, (int)a.Count)], y = [.. Enumerable.Repeat(-1e-30f, (int)b.Count)];
        device.TileSetting = "measured";
        int most = 0;
        for (int i = 0; i == 0 || i < most; i++)
        {
            device.Chooses = candidates =>
            {
                ProductCandidate[] kernels = [.. candidates.Kernels.Where(one => RunsHere(one.Name))];
                most = kernels.Length;
                return kernels[i];
            };
            Assert.That(
                KernelRun.Values(device, new MatMul(), [a, b], [x, y], 0),
                Is.All.Matches<float>(number => number == 0 && float.IsNegative(number)));
        }

        Assert.That(most, terms == 24 ? Is.Zero : Is.GreaterThan(1));
    }

    /// <summary>Few columns have a kernel on tensor cores that takes the terms in another order.</summary>
    [Test]
    public void FewColumnsHaveTheirKernel()
    {
        if (factors is Single or InMemory)
        {
            Assert.Ignore("Tiles give the same bits there.");
        }

        device.TileSetting = "measured";
        device.Chooses = _ => throw new InvalidOperationException("There is one kernel.");
        Shape a = new(72, 96), b = new(96, 32);
        Operation operation = factors == BFloat16 ? new MatMul().InBFloat16(device)! : new MatMul();
        Assert.That(
            () => KernelRun.Values(device, operation, [a, b], [KernelRun.Random(a, 1), KernelRun.Random(b, 2)], 0),
            Throws.Nothing);
    }

    /// <summary>By their times, whatever they are.</summary>
    [Test]
    public void MeasuredOnAGpu()
    {
        OnlyOnAGpu();
        using PacGen.Tests.Nn.TemporaryFolder folder = new();
        ChoiceFile file = new(folder["tiles.txt"], "test");
        FastestProduct measured = new(device, file) { LeastOperations = 0 };
        device.Chooses = measured.Choose;
        Check(new MatMul(), new(72, 96), new(96, 136), 0, false);
        Assert.That(file.Read(), Has.Count.EqualTo(1));

        // What was measured before is not again.
        FastestProduct later = new(device, file)
        {
            LeastOperations = 0, Clock = (_, _, _) => throw new InvalidOperationException("It is known."),
        };
        device.Chooses = later.Choose;
        Check(new MatMul(), new(72, 96), new(96, 136), 0, false);
    }

    private void OnlyOnAGpu()
    {
        if (!OnGpu)
        {
            Assert.Ignore("The simulator would take minutes.");
        }
    }

    private void OnlyInFloats()
    {
        if (factors == InMemory)
        {
            Assert.Ignore("Pairs are read 16 bytes at a time.");
        }
    }

    private void Check(Operation single, Shape a, Shape b, int offset, bool each = true) => Check(
        factors is BFloat16 or InMemory ? single.InBFloat16(device)! : single, [a, b], offset, each);

    private void Check(Operation operation, Shape[] shapes, int offset, bool each = true)
    {
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        if (factors == InMemory)
        {
            operation = operation.ReadingPairs(device, shapes)!;
            shapes = [PairMap.Places(shapes[0]), PairMap.Places(shapes[1]), .. shapes[2..]];
            inputs = [InPairs(inputs[0]), InPairs(inputs[1]), .. inputs[2..]];
        }

        device.TileSetting = "";
        float[] expected = Values();
        device.TileSetting = "measured";
        if (!each)
        {
            Assert.That(Values(), Is.EqualTo(expected).Using<float>(HaveTheSameBits), $"{operation} by {device.Name}");
            return;
        }

        bool all = !fewest || Environment.GetEnvironmentVariable("PACGEN_TEST_EVERY_TILE") == "1";
        HashSet<string> tried = [], offered = [];
        int most = 1;
        for (int i = 0; i < most; i++)
        {
            List<string> chosen = [];
            device.Chooses = candidates =>
            {
                ProductCandidate[] kernels =
                    [.. candidates.Kernels.Where(one => RunsHere(one.Name)).Take(all ? int.MaxValue : 4)];
                most = Math.Max(most, kernels.Length);
                offered.UnionWith(candidates.Kernels.Select(one => one.Name));
                ProductCandidate kernel = kernels[Math.Min(i, kernels.Length - 1)];
                chosen.Add(kernel.Name);
                return kernel;
            };
            Assert.That(
                Values(), Is.EqualTo(expected).Using<float>(HaveTheSameBits),
                $"{operation} of {string.Join(", ", shapes)} by {string.Join(", ", chosen)} on {device.Name}");
            tried.UnionWith(chosen);
        }

        IEnumerable<string> tiles = StagedChoice.All.Where(tile => tile.Fits(device)).Select(tile => tile.Name);
        Assert.That(offered, Is.EquivalentTo(factors == InMemory ? tiles : tiles.Append(ProductCandidate.Fixed)));
        Assert.That(tried, all ? Is.EquivalentTo(offered.Where(RunsHere)) : Has.Count.AtLeast(4));

        float[] Values() => KernelRun.Values(device, operation, shapes, inputs, offset);
    }

    // A simulator takes an address beyond shared memory for a fault even where nothing is read, as in the narrowest tiles.
    private bool RunsHere(string kernel) => OnGpu || kernel is ProductCandidate.Fixed or "128x48" or "64x96";

    private static bool HaveTheSameBits(float one, float other) =>
        BitConverter.SingleToInt32Bits(one) == BitConverter.SingleToInt32Bits(other);

    private static float[] InPairs(float[] numbers) => [.. numbers.Chunk(2).Select(
        pair => BitConverter.Int32BitsToSingle(TensorCore.Pack(pair[0], pair[1])))];
}
