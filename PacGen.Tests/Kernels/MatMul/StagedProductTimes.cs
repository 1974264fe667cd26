using System.Diagnostics;
using System.Globalization;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The rate of every tile of staged products on a GPU, for products and for a Wide-ResNet's convolutions: a line of CSV each, to
/// the file that PACGEN_TILE_TIMES names, until PACGEN_TILE_SECONDS are over; and how far values are from those of the kernels
/// of before.
/// </summary>
[Explicit("Takes times.")]
internal sealed class StagedProductTimes
{
    // Those of most worth first, in every mode; the kernels of before have no name.
    private static readonly string[][] Tiles =
    [
        ["", "128x128", "128x96", "128x48", "128x64", "64x96", "64x64"],
        ["256x48", "128x32", "auto", "256x64", "128x16", "256x128"],
    ];

    private readonly Dictionary<long, DeviceBuffer> buffers = [];
    private readonly Dictionary<string, float[]> first = [];
    private readonly Stopwatch clock = Stopwatch.StartNew();

    [Test]
    public void OfTiles()
    {
        string? file = Environment.GetEnvironmentVariable("PACGEN_TILE_TIMES");
        string? gpu = Device.List().FirstOrDefault(one => one is { IsAvailable: true, Kind: DeviceKind.Cuda })?.Id;
        if (file is null || gpu is null)
        {
            Assert.Ignore("PACGEN_TILE_TIMES names no file, or there is no GPU.");
        }

        double budget = double.Parse(
            Environment.GetEnvironmentVariable("PACGEN_TILE_SECONDS") ?? "80", CultureInfo.InvariantCulture);
        string[] modes = ["tf32", "single", "bf16"];
        using StreamWriter rows = new(file) { AutoFlush = true };
        rows.WriteLine("mode,tile,most-parts,case,microseconds,tflops,error");
        GpuDevice device = (GpuDevice)Device.Open(gpu);
        foreach ((string[] tiles, string mode) in Tiles.SelectMany(_ => modes, (tiles, mode) => (tiles, mode)))
        {
            device.Products = mode == "tf32" ? ProductMode.Tf32 : ProductMode.Single;
            foreach (string tile in tiles)
            {
                device.TileSetting = tile;
                foreach ((string name, Operation single, Shape a, Shape b, double operations) in Cases())
                {
                    foreach (int most in tile.Length > 0 && name.EndsWith("weights", StringComparison.Ordinal)
                        ? [int.MaxValue, 132, 66, 33, 16] : (int[])[int.MaxValue])
                    {
                        if (clock.Elapsed.TotalSeconds > budget)
                        {
                            return;
                        }

                        device.ProductSplits = most;
                        (double seconds, double error) = Measure(
                            device, mode + name, mode == "bf16" ? single.InBFloat16(device)! : single, a, b);
                        rows.WriteLine(
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{mode},{tile},{most},{name},{seconds * 1e6:F1},{operations / seconds / 1e12:F1},{error:E1}"));
                    }
                }
            }
        }
    }

    private static IEnumerable<(string Name, Operation Operation, Shape A, Shape B, double Operations)> Cases()
    {
        foreach (int n in (int[])[4096, 2048, 1024, 512])
        {
            yield return ($"A·B {n}", new MatMul(), new Shape(n, n), new Shape(n, n), 2.0 * n * n * n);
        }

        foreach ((int channels, int size) in ((int, int)[])
            [(48, 32), (96, 16), (192, 8), (160, 32), (320, 16), (640, 8), (16, 32), (32, 16), (64, 8)])
        {
            Shape x = new(128, size, size, channels), w = new(3, 3, channels, channels);
            double operations = 2.0 * x.Count * 9 * channels;
            string name = $"{channels} at {size}";
            yield return ($"{name} forward", new Conv2dForward(1, 1), x, w, operations);
            yield return ($"{name} by images", new Conv2dInputGradient(new(1, 1), size, size), x, w, operations);
            yield return ($"{name} by weights", new Conv2dWeightGradient(new(1, 1), 3, 3), x, x, operations);
        }
    }

    private (double Seconds, double Error) Measure(GpuDevice device, string key, Operation operation, Shape a, Shape b)
    {
        Region output = new(Buffer(device, 0, operation.Infer([a, b]).Count), 0, operation.Infer([a, b]).Count);
        using Launch launch = device.Bind(
            operation, [a, b],
            [new(Buffer(device, 1, a.Count), 0, a.Count), new(Buffer(device, 2, b.Count), 0, b.Count)], output);
        launch.Run();
        device.Synchronize();
        double best = Timed(1);
        int times = (int)Math.Clamp(4e-3 / best, 1, 40);
        for (int turn = 0; turn < 3; turn++)
        {
            best = Math.Min(best, Timed(times));
        }

        float[] some = new Region(output.Buffer, 0, Math.Min(1 << 18, output.Count)).ToArray();
        first.TryAdd(key, some);
        float[] expected = first[key];
        double largest = expected.Max(Math.Abs), error = some.Zip(expected, (x, y) => Math.Abs(x - y)).Max() / largest;
        return (best, some.Any(float.IsNaN) ? double.NaN : error);

        double Timed(int count)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                launch.Run();
            }

            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
        }
    }

    // One of each size and use, of numbers that repeat after some thousand.
    private DeviceBuffer Buffer(GpuDevice device, int use, long count)
    {
        long key = (count * 3) + use;
        if (!buffers.TryGetValue(key, out DeviceBuffer? buffer))
        {
            buffer = device.Allocate(count);
            float[] some = KernelRun.Random(new Shape(65521), (ulong)use), all = new float[count];
            for (long i = 0; i < count; i++)
            {
                all[i] = some[i % some.Length];
            }

            buffer.Write(0, all);
            buffers.Add(key, buffer);
        }

        return buffer;
    }
}
