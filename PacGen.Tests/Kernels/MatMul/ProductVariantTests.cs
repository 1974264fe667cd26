using System.Diagnostics;
using System.Globalization;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Kernels of products that are on trial: their values at odd shapes on every device that has them, and, where
/// <c>PACGEN_TURNS</c> names a file to write, their times by turns.
/// </summary>
[TestFixtureSource(nameof(Ids))]
[NonParallelizable]
internal sealed class ProductVariantTests(string id)
{
    private static readonly string[] Single = ["ahead 128", "ahead 64", "ahead 128x32"];
    private static readonly string[] Tf32 = ["pipeline 128", "pipeline 128x256", "ahead 128"];
    private static readonly Lazy<GpuDevice> Simulator = new(() => WarpSimulator.Create(4));
    private const int Most = 75;
    private readonly Stopwatch clock = new();
    private GpuDevice device = null!;

    private static IEnumerable<string> Ids => ["simulator of warps", .. Device.List().Where(
        one => one is { IsAvailable: true, Kind: DeviceKind.Cuda }).Select(one => one.Id)];

    [OneTimeSetUp]
    public void Open() => device = IsSimulator ? Simulator.Value : (GpuDevice)Device.Open(id);

    private bool IsSimulator => id.StartsWith("simulator", StringComparison.Ordinal);

    [TearDown]
    public void ChooseAsBefore()
    {
        device.Variant = null;
        device.Products = ProductMode.Single;
    }

    [TestCaseSource(nameof(Single))]
    public void SingleFollowsTheCpu(string kernel) => Follow(ProductMode.Single, kernel, 2e-6);

    [TestCaseSource(nameof(Tf32))]
    public void Tf32FollowsTheCpu(string kernel) => Follow(ProductMode.Tf32, kernel, 1e-5);

    private void Follow(ProductMode mode, string kernel, double tolerance)
    {
        if (IsSimulator)
        {
            if (kernel != "pipeline 128")
            {
                Assert.Ignore("The simulator has groups of 128 threads.");
            }

            Compare(mode, new ProductVariant(kernel, 1), new MatMul(), new(68, 12), new(12, 72), tolerance);
            return;
        }

        foreach (int splits in (int[])[1, 3])
        {
            foreach ((int m, int k, int n) in ((int, int, int)[])
                [(1, 1, 1), (5, 3, 7), (36, 40, 44), (129, 17, 257), (200, 100, 300), (131, 333, 65), (257, 64, 516),
                    (66, 36, 67)])
            {
                foreach (bool ta in (bool[])[false, true])
                {
                    foreach (bool tb in (bool[])[false, true])
                    {
                        if ((ta || tb) && m is not (36 or 131 or 200))
                        {
                            continue;
                        }

                        Compare(
                            mode, new ProductVariant(kernel, k >= 48 ? splits : 1), new MatMul(ta, tb),
                            ta ? new(k, m) : new(m, k), tb ? new(n, k) : new(k, n), tolerance);
                    }
                }
            }

            foreach ((int stride, int c, int oc) in ((int, int, int)[])[(1, 3, 5), (1, 16, 20), (2, 12, 8), (1, 64, 130)])
            {
                Shape x = new(3, 9, 11, c), w = new(3, 3, c, oc);
                Conv2dGeometry geometry = new(stride, 1);
                Shape y = new Conv2dForward(geometry).Infer([x, w]);
                ProductVariant variant = new(kernel, c >= 12 ? splits : 1);
                Compare(mode, variant, new Conv2dForward(geometry), x, w, tolerance);
                Compare(mode, variant, new Conv2dInputGradient(geometry, 9, 11), y, w, tolerance);
                Compare(mode, variant, new Conv2dWeightGradient(geometry, 3, 3), x, y, tolerance);
            }
        }
    }

    private void Compare(ProductMode mode, ProductVariant variant, Operation operation, Shape a, Shape b, double tolerance)
    {
        float[] x = KernelRun.Random(a, 1), y = KernelRun.Random(b, 2);
        (device.Products, device.Variant) = (mode, variant);
        float[] values = KernelRun.Values(device, operation, [a, b], [x, y], 0);
        if (mode == ProductMode.Tf32)
        {
            (x, y) = (Rounded(x), Rounded(y));
        }

        using CpuDevice cpu = new(1);
        float[] expected = KernelRun.Values(cpu, operation, [a, b], [x, y], 0);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(
                values[i], Is.EqualTo(expected[i]).Within(tolerance * scale),
                $"{variant}, {operation} of {a} and {b}, element {i}");
        }
    }

    [Test]
    public void ByTurns()
    {
        string? file = Environment.GetEnvironmentVariable("PACGEN_TURNS");
        if (string.IsNullOrEmpty(file))
        {
            Assert.Ignore("PACGEN_TURNS names no file.");
        }

        clock.Restart();
        using StreamWriter report = new(file!) { AutoFlush = true };
        report.WriteLine("case\tmode\tvariant\tms\tTFLOP/s\terror to the first");
        foreach (int n in (int[])[4096, 2048, 1024, 8192])
        {
            Turns(report, ProductMode.Single, $"A·B {n}", new MatMul(), new(n, n), new(n, n), 2.0 * n * n * n,
                [new("128"), new("ahead 128")]);
        }

        Turns(report, ProductMode.Single, "A·B 512", new MatMul(), new(512, 512), new(512, 512), 2.0 * 512 * 512 * 512,
            [new("64"), new("ahead 64"), new("ahead 64", 2), new("ahead 64", 4), new("ahead 64", 8), new("ahead 128", 4),
                new("ahead 128", 8), new("ahead 128", 16)]);
        foreach (int n in (int[])[4096, 2048, 1024, 8192])
        {
            Turns(report, ProductMode.Tf32, $"A·B {n}", new MatMul(), new(n, n), new(n, n), 2.0 * n * n * n,
                [new("128"), new("pipeline 128"), new("pipeline 128x256"), new("ahead 128")]);
        }

        Turns(report, ProductMode.Tf32, "A·B 512", new MatMul(), new(512, 512), new(512, 512), 2.0 * 512 * 512 * 512,
            [new("64"), new("pipeline 128"), new("pipeline 128", 4), new("pipeline 128", 8), new("ahead 64", 4)]);
        foreach ((bool ta, bool tb) in ((bool, bool)[])[(true, false), (false, true), (true, true)])
        {
            const int N = 4096;
            foreach ((ProductMode mode, ProductVariant[] variants) in ((ProductMode, ProductVariant[])[])
                [(ProductMode.Single, [new("128"), new("ahead 128")]),
                    (ProductMode.Tf32, [new("pipeline 128"), new("pipeline 128x256")])])
            {
                Turns(report, mode, $"A{(ta ? "ᵀ" : "")}·B{(tb ? "ᵀ" : "")} {N}", new MatMul(ta, tb), new(N, N), new(N, N),
                    2.0 * N * N * N, variants);
            }
        }

        foreach ((int c, int size) in ((int, int)[])[(48, 32), (96, 16), (192, 8), (160, 32), (640, 8), (16, 32)])
        {
            Shape x = new(128, size, size, c), w = new(3, 3, c, c);
            Conv2dGeometry geometry = new(1, 1);
            double flops = 2.0 * 128 * size * size * 9 * c * c;
            foreach ((string name, Operation operation, Shape a, Shape b) in ((string, Operation, Shape, Shape)[])
                [("forward", new Conv2dForward(geometry), x, w),
                    ("by images", new Conv2dInputGradient(geometry, size, size), x, w),
                    ("by weights", new Conv2dWeightGradient(geometry, 3, 3), x, x)])
            {
                bool weights = name == "by weights";
                Turns(report, ProductMode.Single, $"3x3 {c} at {size}, {name}", operation, a, b, flops,
                    c == 16 ? [new("128x32"), new("ahead 128x32"), new("ahead 64")]
                    : [new("128"), new("64"), new("ahead 128"), new("ahead 64"), .. weights ? (ProductVariant[])
                        [new("ahead 128", 8), new("ahead 128", 16), new("ahead 64", 16)] : []]);
                Turns(report, ProductMode.Tf32, $"3x3 {c} at {size}, {name}", operation, a, b, flops,
                    c == 16 ? [new("128x32"), new("ahead 128x32"), new("pipeline 128")]
                    : [new("128"), new("64"), new("pipeline 128"), new("ahead 64"), .. c > 128 ? (ProductVariant[])
                        [new("pipeline 128x256")] : [], .. weights ? (ProductVariant[])
                        [new("pipeline 128", 8), new("pipeline 128", 16), new("pipeline 128", 32)] : []]);
            }
        }
    }

    private void Turns(
        StreamWriter report, ProductMode mode, string name, Operation operation, Shape a, Shape b, double flops,
        ProductVariant[] variants)
    {
        const int Rounds = 4;
        if (clock.Elapsed.TotalSeconds > Most)
        {
            return;
        }

        Shape shape = operation.Infer([a, b]);
        using DeviceBuffer x = device.Allocate(a.Count), y = device.Allocate(b.Count), output = device.Allocate(shape.Count);
        x.Write(0, KernelRun.Random(a, 1));
        y.Write(0, KernelRun.Random(b, 2));
        device.Products = mode;
        List<(ProductVariant Variant, Launch Launch, double Best, double Error)> all = [];
        float[]? first = null;
        foreach (ProductVariant variant in variants)
        {
            try
            {
                device.Variant = variant;
                Launch launch = device.Bind(
                    operation, [a, b], [new(x, 0, a.Count), new(y, 0, b.Count)], new(output, 0, shape.Count));
                launch.Run();
                float[] values = new Region(output, 0, Math.Min(shape.Count, 1 << 20)).ToArray();
                first ??= values;
                double scale = first.Max(Math.Abs);
                double error = values.Zip(first, (one, other) => Math.Abs(one - other)).Max() / scale;
                all.Add((variant, launch, double.MaxValue, error));
            }
            catch (Exception failure) when (failure is not AssertionException)
            {
                report.WriteLine($"{name}\t{mode}\t{variant}\t{failure.GetBaseException().Message.ReplaceLineEndings(" ")}");
            }
        }

        int times = Math.Clamp((int)(0.01 / (flops / 3e13)), 3, 500);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < all.Count; i++)
            {
                device.Synchronize();
                long start = Stopwatch.GetTimestamp();
                for (int run = 0; run < times; run++)
                {
                    all[i].Launch.Run();
                }

                device.Synchronize();
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / times;
                all[i] = all[i] with { Best = Math.Min(all[i].Best, seconds) };
            }
        }

        foreach ((ProductVariant variant, Launch launch, double best, double error) in all)
        {
            report.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}\t{mode}\t{variant.Kernel}{(variant.Splits is { } splits ? $" /{splits}" : "")}\t{best * 1e3:F4}\t" +
                    $"{flops / best / 1e12:F1}\t{error:E1}"));
            launch.Dispose();
        }
    }

    private static float[] Rounded(float[] numbers) =>
        [.. numbers.Select(number => BitConverter.Int32BitsToSingle(TensorCore.Round(number)))];
}
