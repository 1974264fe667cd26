using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Few outputs that are long sums, in each precision, on a simulator whose warps have 32 lanes and on CUDA devices: values near
/// the CPU's of numbers that are rounded alike, the same bits each time, and of bfloat16 in memory too.
/// </summary>
[TestFixtureSource(nameof(Fixtures))]
[NonParallelizable]
internal sealed class LongSumsTests(string id, string precision)
{
    private const double Tolerance = 1e-5;
    private const string Single = "single", Tf32 = "TF32", Bf16 = "bf16";

    private static IEnumerable<object[]> Fixtures =>
        from id in WarpDevices.Ids
        from precision in (string[])[Single, Tf32, Bf16]
        select (object[])[id, precision];

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    // One and several tiles of 16 and of 32 columns, whole and cut; offset 1 for narrow loads and stores.
    [TestCase(32, 256, 16, 0)]
    [TestCase(33, 301, 10, 0)]
    [TestCase(36, 259, 20, 0)]
    [TestCase(64, 288, 32, 0)]
    [TestCase(5, 400, 17, 1)]
    [TestCase(1, 1000, 1, 0)]
    [TestCase(34, 260, 50, 0)]
    [TestCase(40, 270, 24, 0)]
    public void Matrices(int rows, int terms, int columns, int offset)
    {
        if (columns >= 20 || rows is 1 or 32)
        {
            OnTensorCoresOfAGpu();
        }

        Check(new MatMul(true), new Shape(terms, rows), new Shape(terms, columns), offset);
    }

    [TestCase(1, 10, 5, 0, 1)]
    [TestCase(3, 16, 3, 1, 1)]
    [TestCase(4, 20, 3, 1, 2)]
    [TestCase(16, 8, 1, 0, 1)]
    [TestCase(8, 24, 3, 1, 1)]
    public void GradientsByWeights(int channels, int outputs, int kernel, int padding, int stride)
    {
        if (outputs is 8 or >= 20)
        {
            OnTensorCoresOfAGpu();
        }

        Conv2dGeometry geometry = new(stride, padding);
        Shape x = new(5, 16, 15, channels);
        (int height, int width) = geometry.Output(16, 15, kernel, kernel);
        Check(new Conv2dWeightGradient(geometry, kernel, kernel), x, new Shape(5, height, width, outputs), 0);
    }

    // The shapes of mnist-cnn at a batch of 1,024 and of WRN-16-1 at 128.
    [TestCase(1024, 28, 1, 10, 5, 0, 1)]
    [TestCase(1024, 12, 10, 20, 5, 0, 1)]
    [TestCase(128, 32, 3, 16, 3, 1, 1)]
    [TestCase(128, 32, 16, 16, 3, 1, 1)]
    [TestCase(128, 32, 16, 32, 3, 1, 1)]
    [TestCase(128, 32, 32, 32, 3, 1, 2)]
    [TestCase(128, 16, 32, 32, 3, 1, 1)]
    [TestCase(128, 32, 16, 32, 1, 0, 2)]
    [TestCase(128, 8, 64, 64, 3, 1, 1)]
    public void LargerGradients(int images, int side, int channels, int outputs, int kernel, int padding, int stride)
    {
        if (!OnGpu || (precision != Single && images > 128))
        {
            Assert.Ignore("It would take minutes.");
        }

        Conv2dGeometry geometry = new(stride, padding);
        (int height, int width) = geometry.Output(side, side, kernel, kernel);
        Check(
            new Conv2dWeightGradient(geometry, kernel, kernel), new Shape(images, side, side, channels),
            new Shape(images, height, width, outputs), 0);
    }

    // Two tiles of columns take the simulator's tensor cores ten seconds and more; what is left has one, or offsets.
    private void OnTensorCoresOfAGpu()
    {
        if (!OnGpu && precision != Single)
        {
            Assert.Ignore("The simulator would take minutes.");
        }
    }

    private float Rounded(float number) => precision switch
    {
        Tf32 => BitConverter.Int32BitsToSingle(TensorCore.RoundForProduct(number) & ~0x1FFF),
        Bf16 => BFloat16.Round(number),
        _ => number,
    };

    private static float[] InPairs(float[] numbers) => [.. numbers.Chunk(2).Select(
        pair => BitConverter.Int32BitsToSingle(TensorCore.Pack(pair[0], pair[1])))];

    private void Check(Operation operation, Shape a, Shape b, int offset)
    {
        // Its own simulator, which has run no other kernel.
        WarpDevices.LeaveOut(id);
        using GpuDevice? simulator = WarpDevices.IsSimulator(id) ? WarpSimulator.Create(2) : null;
        GpuDevice device = simulator ?? (GpuDevice)Device.Open(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no copies that no thread waits for.");
        }

        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        (int columnsBefore, ProductMode productsBefore, bool storesBefore) =
            (device.LongSumColumns, device.Products, device.StoresBFloat16);
        try
        {
            device.LongSumColumns = 64;
            device.StoresBFloat16 = true;
            device.Products = precision == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
            Operation product = precision == Bf16 ? operation.InBFloat16(device)! : operation;
            float[] values = KernelRun.Values(device, product, [a, b], [x, y], offset);
            Assert.That(Kernels(device), Has.Some.StartsWith(
                precision == Single ? "SingleLongSums" : "TensorLongSums"));
            Assert.That(KernelRun.Values(device, product, [a, b], [x, y], offset), Is.EqualTo(values));
            if (offset == 0 && product.ReadingPairs(device, [a, b]) is { } paired)
            {
                Assert.That(
                    KernelRun.Values(device, paired, [PairMap.Places(a), PairMap.Places(b)], [InPairs(x), InPairs(y)], 0),
                    Is.EqualTo(values), "of bfloat16 in memory");
                Assert.That(Kernels(device), Has.Some.StartsWith("PairLongSums"));
            }

            using CpuDevice cpu = new(1);
            float[] expected = KernelRun.Values(
                cpu, operation, [a, b], [[.. x.Select(Rounded)], [.. y.Select(Rounded)]], 0);
            double scale = expected.Max(Math.Abs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.That(
                    values[i], Is.EqualTo(expected[i]).Within(Tolerance * scale),
                    $"{operation} of {a} and {b} on {device.Name}, element {i}");
            }
        }
        finally
        {
            (device.LongSumColumns, device.Products, device.StoresBFloat16) = (columnsBefore, productsBefore, storesBefore);
        }
    }

    // What the device's kernels of long sums multiply by.
    private static IEnumerable<string> Kernels(GpuDevice device) =>
        from kernel in device.Kernels
        where kernel.DeclaringType!.Name.StartsWith("LongSums", StringComparison.Ordinal)
        select kernel.DeclaringType!.GenericTypeArguments[2].Name;
}
