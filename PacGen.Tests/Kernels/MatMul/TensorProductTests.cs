using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Products on tensor cores, in TF32 and in bfloat16: on a simulator whose warps have 32 lanes, which does the tensor cores'
/// instructions in .NET, and on CUDA devices. As two such factors multiply exactly, the values are those of single precision for
/// numbers that were rounded before.
/// </summary>
[TestFixtureSource(nameof(Fixtures))]
[NonParallelizable]
internal sealed class TensorProductTests(string id, string factors)
{
    private const double Tolerance = 1e-5;
    private const string Tf32 = "TF32", BFloat16 = "bfloat16";
    private GpuDevice device = null!;
    private ProductMode before;

    private static IEnumerable<object[]> Fixtures => WarpDevices.Ids.SelectMany(
        one => new object[][] { [one, Tf32], [one, BFloat16] });

    [OneTimeSetUp]
    public void ChooseMode()
    {
        device = WarpDevices.IsSimulator(id) ? WarpSimulator.Device : (GpuDevice)Device.Open(id);
        before = device.Products;
        WarpDevices.LeaveOut(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no tensor cores.");
        }

        device.Products = factors == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
    }

    [OneTimeTearDown]
    public void ChooseAsBefore() => device.Products = before;

    [Test]
    public void TheNameSaysIt() =>
        Assert.That(device.Name, factors == Tf32 ? Does.EndWith(", products in TF32") : Does.Not.Contain("products"));

    // Tiles of 64 × 64 and of 128 × 32, one and several, whole and cut; offset 1 for narrow loads and stores.
    [TestCase(70, 20, 68, false, false, 0)]
    [TestCase(40, 12, 36, true, false, 0)]
    [TestCase(40, 12, 36, false, true, 0)]
    [TestCase(64, 8, 64, true, true, 0)]
    [TestCase(33, 7, 37, true, true, 1)]
    [TestCase(130, 9, 20, false, false, 0)]
    [TestCase(130, 12, 8, true, true, 1)]
    [TestCase(1, 1, 1, false, false, 0)]
    public void Matrices(int rows, int terms, int columns, bool transposeA, bool transposeB, int offset) => Check(
        new MatMul(transposeA, transposeB),
        offset,
        transposeA ? new Shape(terms, rows) : new Shape(rows, terms),
        transposeB ? new Shape(columns, terms) : new Shape(terms, columns));

    /// <summary>A group of four warps, which copies stages of 16 terms ahead; on CUDA larger matrices do.</summary>
    [TestCase(false, false)]
    [TestCase(true, true)]
    [Explicit("The simulator takes minutes.")]
    public void Stages(bool transposeA, bool transposeB)
    {
        GpuDevice small = device;
        using GpuDevice warps = WarpSimulator.Create(4);
        warps.Products = device.Products;
        device = warps;
        try
        {
            Matrices(3, 20, 34, transposeA, transposeB, 0);
        }
        finally
        {
            device = small;
        }
    }

    /// <summary>The same bits with an expression computed as a warp stores as from the product and a map.</summary>
    [TestCase(34)]
    [TestCase(36)]
    [Explicit("The simulator takes minutes.")]
    public void StagesWithAnEpilogue(int columns)
    {
        using GpuDevice warps = WarpSimulator.Create(4);
        GpuDevice gpu = id.StartsWith("cuda", StringComparison.Ordinal) ? device : warps;
        gpu.Products = device.Products;
        Shape[] shapes = [new(3, 20), new(20, columns), new(columns), new(3, columns)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        Expression sum = Expression.Binary<AddFunction>(), residual = sum.Substitute([sum, Expression.Argument(2)]);
        ProductOperation product = factors == Tf32 ? new MatMul() : (ProductOperation)new MatMul().InBFloat16(gpu)!;
        float[] sums = KernelRun.Values(gpu, product, shapes[..2], inputs[..2], 0);
        float[] expected = KernelRun.Values(gpu, new FusedMap(residual), [shapes[3], .. shapes[2..]], [sums, .. inputs[2..]], 0);
        Assert.That(
            KernelRun.Values(gpu, new FusedProduct(product, residual, shapes[3]), shapes, inputs, 0), Is.EqualTo(expected));
    }

    // On a GPU: several tiles of 128 × 128, cut on every side, parts of the terms, narrow loads and stores.
    [TestCase(131, 333, 65, 0)]
    [TestCase(257, 64, 516, 0)]
    [TestCase(200, 100, 300, 0)]
    [TestCase(129, 17, 257, 0)]
    [TestCase(66, 1036, 68, 0)]
    [TestCase(66, 36, 67, 1)]
    public void LargerMatrices(int rows, int terms, int columns, int offset)
    {
        if (!id.StartsWith("cuda", StringComparison.Ordinal))
        {
            Assert.Ignore("The simulator would take minutes.");
        }

        Matrices(rows, terms, columns, false, false, offset);
        Matrices(rows, terms, columns, true, false, offset);
        Matrices(rows, terms, columns, false, true, offset);
        Matrices(rows, terms, columns, true, true, offset);
    }

    [TestCase(16, 20)]
    [TestCase(64, 130)]
    [TestCase(13, 70)]
    public void LargerConvolutions(int channels, int outputs)
    {
        if (!id.StartsWith("cuda", StringComparison.Ordinal))
        {
            Assert.Ignore("The simulator would take minutes.");
        }

        Conv2dGeometry geometry = new(1, 1);
        Shape x = new(3, 9, 11, channels), w = new(3, 3, channels, outputs), y = new(3, 9, 11, outputs);
        Check(new Conv2dForward(geometry), 0, x, w);
        Check(new Conv2dInputGradient(geometry, 9, 11), 0, y, w);
        Check(new Conv2dWeightGradient(geometry, 3, 3), 0, x, y);
    }

    [TestCase(4, 4, 0)]
    [TestCase(3, 5, 1)]
    public void Convolutions(int channels, int outputs, int offset)
    {
        Shape w = new(3, 3, channels, outputs), x = new(2, 4, 5, channels);
        Check(new Conv2dForward(2, 1), offset, x, w);
        Check(new Conv2dInputGradient(new Conv2dGeometry(1, 1), 4, 5), offset, new Shape(2, 4, 5, outputs), w);
        Check(new Conv2dWeightGradient(new Conv2dGeometry(1, 1), 3, 3), offset, x, new Shape(2, 4, 5, outputs));
    }

    private void Check(Operation single, int offset, Shape a, Shape b)
    {
        Operation operation = factors == Tf32 ? single : single.InBFloat16(device)!;
        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        float[] values = KernelRun.Values(device, operation, [a, b], [x, y], offset);
        using CpuDevice cpu = new(1);
        float[] expected = KernelRun.Values(cpu, single, [a, b], [Rounded(x), Rounded(y)], 0);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(
                values[i], Is.EqualTo(expected[i]).Within(Tolerance * scale),
                $"{operation} of {a} and {b} on {device.Name}, element {i}");
        }

        // Numbers of more bits show that rounding takes place.
        Assert.That(
            values, Is.Not.EqualTo(KernelRun.Values(cpu, single, [a, b], [x, y], 0)).AsCollection.Within(Tolerance * scale));
    }

    private float[] Rounded(float[] numbers) =>
        [.. numbers.Select(number => factors == Tf32 ? BitConverter.Int32BitsToSingle(TensorCore.Round(number))
            : PacGen.Core.Lanes.BFloat16.Round(number))];
}
