using System.Globalization;
using PacGen.Kernels;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// What products and convolutions take on the emulated device, with the kernels of before and with staged tiles: a row of
/// Markdown each, to the test's output.
/// </summary>
[Explicit("Takes minutes; for docs/gpu-emulation.md.")]
internal sealed class ProductCounts
{
    private const string Single = "fp32", Tf32 = "TF32", BFloat16 = "bf16", InMemory = "bf16 in memory";

    [TestCase(Single)]
    [TestCase(Tf32)]
    [TestCase(BFloat16)]
    [TestCase(InMemory)]
    public void OfTiles(string mode) => Count(mode, Cases());

    [TestCase(Single)]
    [TestCase(Tf32)]
    [TestCase(BFloat16)]
    [TestCase(InMemory)]
    public void OfFewChannels(string mode) => Count(
        mode, FewChannels().Where(one => mode != InMemory || (one.A[-1] % 8 == 0 && one.B[-1] % 8 == 0)));

    private static void Count(
        string mode, IEnumerable<(string Name, Operation Operation, Shape A, Shape B, double Products)> cases)
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        GpuDevice device = (GpuDevice)Device.Open("cuda");
        foreach ((string name, Operation single, Shape a, Shape b, double products) in cases)
        {
            foreach (string tiles in mode == InMemory ? (string[])["auto"] : ["", "auto"])
            {
                device.Products = mode == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
                device.TileSetting = tiles;
                if (mode == InMemory)
                {
                    Count(
                        driver, device, name, mode, tiles, single.InBFloat16(device)!.ReadingPairs(device, [a, b])!,
                        PairMap.Places(a), PairMap.Places(b), products);
                }
                else
                {
                    Count(
                        driver, device, name, mode, tiles, mode == BFloat16 ? single.InBFloat16(device)! : single, a, b,
                        products);
                }
            }
        }
    }

    private static void Count(
        EmulatedDriver driver, GpuDevice device, string name, string mode, string tiles, Operation operation, Shape a, Shape b,
        double products)
    {
        Shape shape = operation.Infer([a, b]);
        using DeviceBuffer left = device.Allocate(a.Count), right = device.Allocate(b.Count), to = device.Allocate(shape.Count);
        left.Write(0, KernelRun.Random(a, 1));
        right.Write(0, KernelRun.Random(b, 2));
        using Launch launch = device.Bind(
            operation, [a, b], [new(left, 0, a.Count), new(right, 0, b.Count)], new(to, 0, shape.Count));
        RunCounts counts = new();
        driver.Counts = counts;
        try
        {
            launch.Run();
            device.Synchronize();
        }
        finally
        {
            driver.Counts = null;
        }

        TestContext.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {mode} | {(tiles.Length == 0 ? "before" : "staged")} | {counts.Issued * 32 / products:F3} | " +
                $"{counts.SharedWavefronts * 1024 / products:F2} | {counts.LoadSectors * 32 / products * 1000:F1} | " +
                $"{counts.StoreSectors * 32.0 / (4 * shape.Count):F2} |"));
    }

    private static IEnumerable<(string Name, Operation Operation, Shape A, Shape B, double Products)> Cases()
    {
        // The rows and columns of large products, with fewer terms: what a multiply-add takes is that of the loop over terms.
        foreach ((int n, int terms) in ((int, int)[])[(2048, 256), (512, 512)])
        {
            yield return (
                $"{n} × {terms} by {terms} × {n}", new MatMul(), new Shape(n, terms), new Shape(terms, n), (double)n * n * terms);
        }

        foreach ((int channels, int size, int images) in ((int, int, int)[])[(48, 32, 64), (192, 8, 128)])
        {
            Shape x = new(images, size, size, channels), w = new(3, 3, channels, channels);
            double products = (double)x.Count * 9 * channels;
            string name = $"{channels} channels at {size} × {size}";
            yield return ($"{name}, forward", new Conv2dForward(1, 1), x, w, products);
            yield return ($"{name}, by weights", new Conv2dWeightGradient(new(1, 1), 3, 3), x, x, products);
        }
    }

    // The convolutions of mnist-cnn, and those of WRN-16-1 that have 3, 16 or 32 channels.
    private static IEnumerable<(string Name, Operation Operation, Shape A, Shape B, double Products)> FewChannels()
    {
        foreach ((int images, int size, int channels, int outputs, int kernel, int padding) in
            ((int, int, int, int, int, int)[])
            [(128, 28, 1, 10, 5, 0), (128, 12, 10, 20, 5, 0), (64, 32, 3, 16, 3, 1), (64, 32, 16, 16, 3, 1),
                (64, 16, 32, 32, 3, 1)])
        {
            Conv2dGeometry geometry = new(1, padding);
            (int height, int width) = geometry.Output(size, size, kernel, kernel);
            Shape x = new(images, size, size, channels), w = new(kernel, kernel, channels, outputs);
            Shape y = new(images, height, width, outputs);
            double products = (double)y.Count * kernel * kernel * channels;
            string name = $"{channels} to {outputs} channels, {kernel} × {kernel}";
            yield return ($"{name}, forward", new Conv2dForward(geometry), x, w, products);
            if (channels > 3)
            {
                yield return ($"{name}, by images", new Conv2dInputGradient(geometry, size, size), y, w, products);
            }

            yield return ($"{name}, by weights", new Conv2dWeightGradient(geometry, kernel, kernel), x, y, products);
        }
    }
}
