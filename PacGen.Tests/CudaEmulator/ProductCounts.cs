using System.Globalization;
using PacGen.Kernels;
using PacGen.Nn;
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

    /// <summary>
    /// Moments of a convolution's output by a pass over it, and gathered as it is stored: of the convolution and of the pass,
    /// lanes' instructions and bytes a number of the output.
    /// </summary>
    [TestCase(Single)]
    [TestCase(Tf32)]
    [TestCase(BFloat16)]
    [TestCase(InMemory)]
    public void OfMoments(string mode)
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        GpuDevice device = (GpuDevice)Device.Open("cuda");
        device.Products = mode == Tf32 ? ProductMode.Tf32 : ProductMode.Single;
        foreach ((string name, Operation single, Shape a, Shape b, double products) in Cases())
        {
            foreach (string tiles in mode == InMemory ? (string[])["auto"] : ["", "auto"])
            {
                Operation convolution = mode is Single or Tf32 ? single : single.InBFloat16(device)!;
                convolution = mode == InMemory ? convolution.ReadingPairs(device, [a, b])! : convolution;
                Shape[] shapes = mode == InMemory ? [PairMap.Places(a), PairMap.Places(b)] : [a, b];
                device.TileSetting = tiles;
                if (single is not Conv2dForward || ProductMoments.Of(convolution, device, shapes) is not { } moments)
                {
                    continue;
                }

                Shape y = single.Infer([a, b]), parts = moments.Infer(shapes);
                using DeviceBuffer memory = device.Allocate(a.Count + b.Count + y.Count + parts.Count + (2 * y[-1]));
                memory.Write(0, KernelRun.Random(new Shape((int)shapes[0].Count), 1));
                memory.Write(a.Count, KernelRun.Random(new Shape((int)shapes[1].Count), 2));
                Region[] inputs = [new(memory, 0, shapes[0].Count), new(memory, a.Count, shapes[1].Count)];
                Region output = new(memory, a.Count + b.Count, y.Count);
                Region left = new(memory, output.Start + y.Count, parts.Count);
                Region both = new(memory, left.Start + parts.Count, 2 * y[-1]);
                Region[] sums = [both.Slice(0, y[-1]), both.Slice(y[-1], y[-1])];
                Expression number = Expression.Argument(0);
                ColumnPass apart = new(ColumnPassKind.Moments, y, number, null, []);
                ColumnPass joined = new(ColumnPassKind.GatheredMoments, y, number, null, []);
                string row = string.Join(" | ", new Launch[]
                {
                    device.Bind(convolution, shapes, inputs, output), moments.Bind(device, shapes, inputs, output, left),
                    apart.Bind(device, [y], [output], sums), joined.Bind(device, [y, parts], [output, left], sums),
                }.Select(launch => Counted(driver, device, launch, y.Count)));
                TestContext.Out.WriteLine($"| {name} | {mode} | {(tiles.Length == 0 ? "before" : "staged")} | {row} |");
            }
        }
    }

    /// <summary>A training step of WRN-16-1, batch 32: launches, instructions of warps and bytes with and without.</summary>
    [Test]
    public void OfAStep([Values] bool gathers)
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        const int Batch = 32;
        GpuDevice device = (GpuDevice)Device.Open("cuda");
        device.GathersMoments = gathers;
        WideResNet model = new(16, 1, 10);
        using ParameterArena arena = new(model, device, 1);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor images = Tensor.Input(new Shape(Batch, 32, 32, 3), "images");
        Tensor labels = Tensor.Input(new Shape(Batch), "labels");
        Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
        Tensor[] outputs =
            [loss, .. loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]), .. context.Next.Values];
        using CompiledGraph graph = CompiledGraph.Compile(device, outputs);
        graph[images].Write(KernelRun.Random(images.Shape, 3));
        graph[labels].Write([.. Enumerable.Range(0, Batch).Select(i => (float)(i % 10))]);
        RunCounts counts = new();
        driver.Counts = counts;
        try
        {
            graph.Run();
            device.Synchronize();
        }
        finally
        {
            driver.Counts = null;
        }

        TestContext.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {(gathers ? "gathered" : "passes")} | {graph.Launches} launches | {counts.Issued / 1e6:F2} million | " +
                $"{counts.LoadSectors * 32 / 1e6:F1} + {counts.StoreSectors * 32 / 1e6:F1} MB |"));
    }

    private static string Counted(EmulatedDriver driver, GpuDevice device, Launch launch, double numbers)
    {
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
            launch.Dispose();
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{counts.Issued * 32 / numbers:F2}, {counts.LoadSectors * 32 / numbers:F2} + " +
                $"{counts.StoreSectors * 32 / numbers:F2}");
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
