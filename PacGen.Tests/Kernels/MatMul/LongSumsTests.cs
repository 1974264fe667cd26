using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Few outputs that are long sums, on a simulator whose warps have 32 lanes and on CUDA devices: values near the CPU's, the same
/// bits each time.
/// </summary>
[TestFixtureSource(nameof(Ids))]
[NonParallelizable]
internal sealed class LongSumsTests(string id)
{
    private const double Tolerance = 1e-5;

    private static IEnumerable<string> Ids => new[] { "simulator of warps" }.Concat(Device.List().Where(
        one => one is { IsAvailable: true, Kind: DeviceKind.Cuda }).Select(one => one.Id));

    private bool OnGpu => id.StartsWith("cuda", StringComparison.Ordinal);

    // One and several tiles of 16 and of 32 columns, whole and cut; offset 1 for narrow loads and stores.
    [TestCase(32, 256, 16, 0)]
    [TestCase(33, 301, 10, 0)]
    [TestCase(36, 259, 20, 0)]
    [TestCase(64, 288, 32, 0)]
    [TestCase(5, 400, 17, 1)]
    [TestCase(1, 1000, 1, 0)]
    [TestCase(34, 260, 50, 0)]
    public void Matrices(int rows, int terms, int columns, int offset) =>
        Check(new MatMul(true), new Shape(terms, rows), new Shape(terms, columns), offset);

    [TestCase(1, 10, 5, 0, 1)]
    [TestCase(3, 16, 3, 1, 1)]
    [TestCase(4, 20, 3, 1, 2)]
    [TestCase(16, 8, 1, 0, 1)]
    public void GradientsByWeights(int channels, int outputs, int kernel, int padding, int stride)
    {
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
        if (!OnGpu)
        {
            Assert.Ignore("The simulator would take minutes.");
        }

        Conv2dGeometry geometry = new(stride, padding);
        (int height, int width) = geometry.Output(side, side, kernel, kernel);
        Check(
            new Conv2dWeightGradient(geometry, kernel, kernel), new Shape(images, side, side, channels),
            new Shape(images, height, width, outputs), 0);
    }

    private void Check(Operation operation, Shape a, Shape b, int offset)
    {
        // Its own simulator, which has run no other kernel.
        using GpuDevice? simulator = OnGpu ? null : WarpSimulator.Create(2);
        GpuDevice device = simulator ?? (GpuDevice)Device.Open(id);
        if (!device.HasTensorCores)
        {
            Assert.Ignore($"{device.Name} has no copies that no thread waits for.");
        }

        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        int before = device.LongSumColumns;
        try
        {
            device.LongSumColumns = 64;
            float[] values = KernelRun.Values(device, operation, [a, b], [x, y], offset);
            Assert.That(
                device.Kernels.Any(kernel => kernel.DeclaringType!.Name.StartsWith("LongSums", StringComparison.Ordinal)));
            Assert.That(KernelRun.Values(device, operation, [a, b], [x, y], offset), Is.EqualTo(values));
            using CpuDevice cpu = new(1);
            float[] expected = KernelRun.Values(cpu, operation, [a, b], [x, y], 0);
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
            device.LongSumColumns = before;
        }
    }
}
