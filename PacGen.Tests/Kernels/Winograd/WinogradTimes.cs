using System.Diagnostics;
using System.Globalization;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The times of a Wide-ResNet's convolutions on a GPU, direct and by Winograd, and of Winograd's parts: a line of CSV each, to
/// the file that PACGEN_WINOGRAD_TIMES names.
/// </summary>
[Explicit("Takes times.")]
internal sealed class WinogradTimes
{
    private const int Mebibyte = (1 << 20) / sizeof(float);

    private static readonly (int Channels, int Size)[] Shapes = [(160, 32), (320, 16), (640, 8), (96, 16), (192, 8), (48, 32)];

    private readonly Dictionary<long, DeviceBuffer> buffers = [];

    [Test]
    public void OfConvolutions()
    {
        string? file = Environment.GetEnvironmentVariable("PACGEN_WINOGRAD_TIMES");
        string? gpu = Device.List().FirstOrDefault(one => one is { IsAvailable: true, Kind: DeviceKind.Cuda })?.Id;
        if (file is null || gpu is null)
        {
            Assert.Ignore("PACGEN_WINOGRAD_TIMES names no file, or there is no GPU.");
        }

        using StreamWriter rows = new(file) { AutoFlush = true };
        rows.WriteLine("tiles,mode,MiB,case,microseconds,direct TFLOP/s");
        GpuDevice device = (GpuDevice)Device.Open(gpu);
        foreach (string tiles in (string[])["", "auto"])
        {
            device.TileSetting = tiles;
            Convolutions(ConvolutionMode.Winograd4, 128);
            Convolutions(ConvolutionMode.Direct, 0);
            foreach ((int channels, int size) in Shapes)
            {
                Parts<WinogradMaps4.Images, WinogradMaps4.Weights, WinogradMaps4.Sums>(4, channels, size);
            }

            Convolutions(ConvolutionMode.Winograd4, 32);
            Convolutions(ConvolutionMode.Winograd4, 1024);
            Convolutions(ConvolutionMode.Winograd2, 128);
        }

        void Convolutions(ConvolutionMode mode, int mebibytes)
        {
            device.Convolutions = mode;
            device.WinogradFloats = Math.Max(1, mebibytes) * (long)Mebibyte;
            foreach ((int channels, int size) in Shapes)
            {
                Shape x = new(128, size, size, channels), w = new(3, 3, channels, channels);
                foreach ((string pass, Operation operation, Shape second) in ((string, Operation, Shape)[])
                    [("forward", new Conv2dForward(1, 1), w), ("by images", new Conv2dInputGradient(new(1, 1), size, size), w),
                        ("by weights", new Conv2dWeightGradient(new(1, 1), 3, 3), x)])
                {
                    using Launch launch = device.Bind(
                        operation, [x, second], [Of(0, x.Count), Of(1, second.Count)],
                        Of(2, operation.Infer([x, second]).Count));
                    Write($"{mode},{mebibytes}", $"{channels} at {size} {pass}", launch, 2.0 * x.Count * 9 * channels);
                }
            }
        }

        void Parts<TImages, TWeights, TSums>(int side, int channels, int size)
            where TImages : struct, IWinogradMap
            where TWeights : struct, IWinogradMap
            where TSums : struct, IWinogradMap
        {
            Windows windows = new(128, size, size, channels, size, size, 3, 3, 1, 1, 1, 1);
            device.WinogradFloats = 1024L * Mebibyte;
            WinogradPlan plan = new(device, side, windows, channels);
            int tiles = plan.Tiles, terms = plan.Numbers * channels;
            long outputs = 128L * size * size * channels;
            Region numbers = Of(3, plan.ImageNumbers), sums = Of(4, plan.Sums), matrices = Of(5, plan.Weights);
            WinogradNumbers factors = new(channels, channels * channels);
            string name = $"{channels} at {size} tiles of {side}";
            using Launch images = new WinogradTransform<TImages, WinogradPlaces, WinogradNumbers>(
                device, Of(0, outputs), new(windows, side, 0, tiles), numbers, new(terms, channels), tiles, channels);
            using Launch weights = new WinogradTransform<TWeights, WinogradTurnedWeights, WinogradNumbers>(
                device, Of(1, 9L * channels * channels), new(channels, channels), matrices, factors, channels, channels);
            using Launch product = Product.BindTo(
                device, Precision.Single, numbers, new MatrixSource<AlongTerms, Wide>(tiles, terms), matrices,
                new MatrixSource<AlongOuter, Wide>(channels, terms), sums,
                new ProductTarget(tiles, channels, terms, true) { SplitTerms = channels, Splits = plan.Numbers });
            using Launch back = new WinogradTransform<TSums, WinogradNumbers, WinogradOutputs>(
                device, sums, new(channels, tiles * channels), Of(2, outputs), new(windows, channels, side, 0), tiles, channels);
            double direct = 2.0 * outputs * 9 * channels;
            Write("part,0", $"{name} images", images, direct);
            Write("part,0", $"{name} turned weights", weights, direct);
            Write("part,0", $"{name} products", product, direct);
            Write("part,0", $"{name} sums", back, direct);
        }

        Region Of(int role, long count)
        {
            if (!buffers.TryGetValue(role, out DeviceBuffer? buffer) || buffer.Count < count)
            {
                buffer?.Dispose();
                buffers[role] = buffer = device.Allocate(count);
                buffer.Write(0, [.. Enumerable.Range(0, (int)Math.Min(count, 1 << 25)).Select(i => (i * 0.37f % 1) - 0.5f)]);
            }

            return new Region(buffer, 0, count);
        }

        void Write(string settings, string what, Launch launch, double operations)
        {
            double seconds = Seconds(device, launch);
            rows.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{device.TileSetting},{settings},{what},{seconds * 1e6:F1},{operations / seconds / 1e12:F1}"));
        }
    }

    [TearDown]
    public void Free()
    {
        foreach (DeviceBuffer buffer in buffers.Values)
        {
            buffer.Dispose();
        }
    }

    private static double Seconds(GpuDevice device, Launch launch)
    {
        launch.Run();
        device.Synchronize();
        double best = Timed(1);
        int times = (int)Math.Clamp(4e-3 / best, 1, 40);
        for (int turn = 0; turn < 3; turn++)
        {
            best = Math.Min(best, Timed(times));
        }

        return best;

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
}
