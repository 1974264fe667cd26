using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Devices;

/// <summary>The options that say where to run.</summary>
internal sealed class DeviceOptions : OptionGroup
{
    private const int MostThreads = 1024;
    private const string BFloat16 = "bf16";

    private static readonly (string Name, ProductMode Mode)[] Modes =
        [("single", ProductMode.Single), ("tf32", ProductMode.Tf32), ("cublas", ProductMode.CuBlas),
            ("cublas-tf32", ProductMode.CuBlasTf32)];

    private static readonly (string Name, ConvolutionMode Mode)[] Ways =
        [("fastest", ConvolutionMode.Fastest), ("direct", ConvolutionMode.Direct), ("winograd2", ConvolutionMode.Winograd2),
            ("winograd4", ConvolutionMode.Winograd4)];

    private static readonly (string Name, ProductTiles Tiles)[] TileChoices =
        [("fixed", ProductTiles.Fixed), ("reckoned", ProductTiles.Reckoned), ("measured", ProductTiles.Measured)];

    private readonly Option<string> products = Products();
    private readonly Option<string> convolutions = Convolutions();
    private readonly Option<string> tiles = Tiles();
    private readonly Option<int?> threads = Options.Count(
        "--threads", "Threads of the CPU, whose results don't depend on it; without it one a core");
    private readonly Option<string?> device = Options.Path(
        "--device",
        Prose.Line($"""
        Where to run: cpu, gpu, cuda, cuda:N, opencl, opencl:N, simulator or best (a GPU where there is one, else the CPU); see
        pacgen devices. Without it what {Device.EnvironmentVariable} says, else best
        """),
        "device");

    public override string Title => "Device";

    public override IReadOnlyList<Option> All => [device, products, convolutions, tiles, threads];

    /// <summary>The option of how products are computed.</summary>
    public static Option<string> Products() => Options.Choice(
        "--products",
        Prose.Line("""
        How an NVIDIA GPU multiplies matrices and convolves: PacGen's kernels in single precision or, with 10 bits behind the
        point, in TF32; or matrices by cuBLAS, if it is installed, in either
        """),
        Modes[0].Name,
        [.. Modes.Select(one => one.Name)]);

    /// <summary>The option of how convolutions are computed.</summary>
    public static Option<string> Convolutions() => Options.Choice(
        "--convolutions",
        Prose.Line("""
        How to convolve with 3 × 3 taps and stride 1, on the CPU also 2: the fastest way for the shape; direct, as sums of
        products; or by Winograd with tiles of 2 × 2 or 4 × 4 outputs, on a GPU in single precision alone. Without it the fastest
        way on the CPU, direct on a GPU
        """),
        null,
        [.. Ways.Select(one => one.Name)]);

    /// <summary>The option of which kernels products have.</summary>
    public static Option<string> Tiles() => Options.Choice(
        "--tiles",
        Prose.Line("""
        Which kernels an NVIDIA GPU multiplies and convolves with: the same for all; staged tiles, reckoned from the shape; or
        those of the same results that are measured to be the fastest, once for each shape and GPU. Without it fixed
        """),
        null,
        [.. TileChoices.Select(one => one.Name)]);

    /// <summary>The option of what products multiply.</summary>
    /// <param name="what">Which products, for the help.</param>
    public static Option<string> Precision(string what) => Options.Choice(
        "--precision",
        Prose.Line($"""
        Which numbers {what} multiply: those of single precision, or rounded to bf16 and summed in single precision (mixed
        precision), on an NVIDIA GPU by its tensor cores. All else stays in single precision
        """),
        "single", "single", BFloat16);

    /// <summary>What an option of <see cref="Precision"/> says.</summary>
    public static Precision PrecisionOf(string name) =>
        name == BFloat16 ? PacGen.Kernels.Precision.BFloat16 : PacGen.Kernels.Precision.Single;

    /// <summary>Lets a device compute products as an option of <see cref="Products"/> says.</summary>
    /// <exception cref="DeviceException">It can't.</exception>
    /// <exception cref="UsageException">It is the CPU, which has one way alone.</exception>
    public static void Choose(Device device, string products)
    {
        ProductMode mode = Modes.First(one => one.Name == products).Mode;
        if (device is GpuDevice gpu)
        {
            gpu.Products = mode;
        }
        else if (mode != ProductMode.Single)
        {
            throw new UsageException(Prose.Line($"""
                --products {products} is for an NVIDIA GPU, but the device is {device.Name}: leave --products out, or add --device
                cuda.
                """));
        }
    }

    /// <summary>Lets a device convolve as an option of <see cref="Convolutions"/> says; null for its default.</summary>
    /// <exception cref="UsageException">It is a GPU that was asked for another precision than this way is for.</exception>
    public static void Convolve(Device device, string? convolutions)
    {
        if (convolutions is null)
        {
            return;
        }

        ConvolutionMode mode = Ways.First(one => one.Name == convolutions).Mode;
        if (device is CpuDevice cpu)
        {
            cpu.Convolutions = mode;
        }
        else if (device is GpuDevice gpu)
        {
            gpu.Convolutions = mode is ConvolutionMode.Direct or ConvolutionMode.Fastest || gpu.Products == ProductMode.Single
                ? mode : throw new UsageException(Prose.Line($"""
                --convolutions {convolutions} is for single precision on a GPU, but {device.Name} was asked for another: leave
                --products out.
                """));
        }
    }

    /// <summary>Lets a device have the kernels that an option of <see cref="Tiles"/> says; null for its default.</summary>
    /// <param name="device">The device.</param>
    /// <param name="tiles">The option.</param>
    /// <param name="error">What is told that kernels are being compiled or timed.</param>
    /// <exception cref="DeviceException">It has no staged tiles.</exception>
    /// <exception cref="UsageException">It is the CPU.</exception>
    public static void Tile(Device device, string? tiles, TextWriter error)
    {
        if (device is GpuDevice gpu)
        {
            gpu.Notices = error.WriteLine;
            if (tiles is not null)
            {
                gpu.Tiles = TileChoices.First(one => one.Name == tiles).Tiles;
            }
        }
        else if (tiles is not null and not "fixed")
        {
            throw new UsageException(Prose.Line($"""
                --tiles {tiles} is for an NVIDIA GPU, but the device is {device.Name}: leave --tiles out, or add --device cuda.
                """));
        }
    }

    /// <summary>Opens the device that a command line asks for.</summary>
    /// <exception cref="DeviceException">It is not there, or can't multiply as asked.</exception>
    /// <exception cref="UsageException">
    /// Threads are given for something else than the CPU, or a way to multiply for the CPU.
    /// </exception>
    public OpenedDevice Open(ParseResult parsed)
    {
        Device opened = Device.Open(parsed.GetValue(device) ?? "best");
        Choose(opened, parsed.GetValue(products)!);
        Tile(opened, parsed.GetValue(tiles), LaunchedRank.Error);
        OpenedDevice one = WithThreads(opened, parsed.GetValue(threads));
        Convolve(one.Device, parsed.GetValue(convolutions));
        return one;
    }

    /// <summary>As <see cref="Open"/>, for one of some jobs: the CPU has one thread where the command line doesn't say.</summary>
    public OpenedDevice OpenOne(ParseResult parsed)
    {
        OpenedDevice opened = Open(parsed);
        return opened.Device is CpuDevice cpu && parsed.GetValue(threads) is null
            ? new OpenedDevice(new CpuDevice(1) { Convolutions = cpu.Convolutions }, true) : opened;
    }

    /// <summary>The device, or the CPU with so many threads in its place.</summary>
    /// <exception cref="UsageException">Threads are given for something else than the CPU.</exception>
    public static OpenedDevice WithThreads(Device opened, int? count) => (opened, count) switch
    {
        (_, null) => new OpenedDevice(opened, false),
        (not CpuDevice, _) => throw new UsageException(
            $"--threads is for the CPU, but the device is {opened.Name}: leave --threads out, or add --device cpu."),
        (_, > MostThreads) => throw new UsageException($"--threads is {count}, but must be from 1 to {MostThreads}."),
        (_, { } some) => new OpenedDevice(new CpuDevice(some), true),
    };
}
