using System.CommandLine;
using System.Text;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary><c>bench</c>: times the kernels.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Option<string> products = DeviceOptions.Products();
    private readonly Option<string> precision = DeviceOptions.Precision("the products, convolutions and steps of --device");
    private readonly Option<string> convolutions = DeviceOptions.Convolutions();
    private readonly Option<string> tiles = DeviceOptions.Tiles();
    private readonly Option<int?> threads = Options.Count(
        "--threads", "Threads of --quick, --methods and --device cpu; without it one a core, --methods also 1");
    private readonly Option<string?> output = Options.Path(
        "--output", "With --device or --methods: the file for the tables, in Markdown");
    private readonly Option<bool> quick = Options.Flag(
        "--quick",
        Prose.Line("""
            One table in under two minutes: best times as shares of the FMA ceiling and of the copy bandwidth measured in the same
            run
            """));

    private readonly Option<string?> device = Options.Path(
        "--device",
        Prose.Line("""
            Measures a device, cpu, gpu, cuda, cuda:N, opencl or opencl:N: copying, passes over 10^6 to 10^8 parameters as shares
            of it, matrix products, convolutions, training steps of every model, scoring
            """),
        "device");

    private readonly Option<bool> methods = Options.Flag(
        "--methods",
        Prose.Line("""
            What a step of each way of training takes as multiples of a plain one, by turns on the CPU: Wide-ResNets perturbed,
            under SAM, with averaged weights and so on
            """));

    private readonly Option<int> batch = Options.Count("--batch-size", "Images a step of --methods", 1, 128);
    private readonly Option<double> seconds = Options.Number(
        "--seconds", "How long --device repeats each measurement, and --methods in each turn",
        new Interval(0, 60, FromOpen: true, ToOpen: false), 0.5);

    private readonly Option<string?> filter = Options.Path(
        "--filter",
        Prose.Line($"""
            Which benchmarks of BenchmarkDotNet, such as *Convolutions*, or with --device which rows, such as *mnist-cnn*, or with
            --methods which network, such as *16-1*; without it all. The suites are {Suites.Names}
            """),
        "pattern");

    private readonly Option<string?> profile = Options.Path(
        "--profile",
        Prose.Line("""
            Where a training step's time goes, kernel by kernel, each waited for: the steps whose names the pattern matches, such
            as *WRN-16-1*, on the CPU or --device
            """),
        "pattern");

    private readonly Option<bool> startup = Options.Flag(
        "--startup",
        Prose.Line("""
            How long a program waits: from its start to the first finished step, and its first epoch over its third, under the
            runtime's default settings (tiered compilation on) and under this program's
            """));

    // What a process that --startup starts does.
    private readonly Option<string?> started = Options.Path("--started", "A step of --startup, in this process", "name");

    private readonly Option<string?> peer = Options.Path(
        "--peer",
        Prose.Line("""
            With --device: the file of PyTorch's steps on this machine, as Peers/pytorch/steps.py prints them, to be shown beside
            PacGen's
            """));

    public BenchVerb(Host host)
        : base(host, new Command(
            "bench", "Times the kernels: with BenchmarkDotNet, or quickly as shares of what the machine can do."))
    {
        started.Hidden = true;
        Add(
            quick, device, methods, batch, filter, products, precision, convolutions, tiles, threads, seconds, peer, output,
            profile, startup, started);
    }

    protected override int Run(ParseResult parsed)
    {
        if (parsed.GetValue(methods))
        {
            Option[] others = [quick, device, profile, startup, products, precision, convolutions, tiles, peer];
            return Array.Find(others, parsed.IsGiven) is { } other
                ? throw new UsageException($"--methods is a table of its own, on the CPU: leave {other.Name} out.")
                : Compare(parsed);
        }

        parsed.Needs(false, "--methods", batch);
        if (parsed.GetValue(device) is { } name)
        {
            return parsed.GetValue(quick)
                ? throw new UsageException("--quick is the CPU's table, --device a device's: leave one of them out.")
                : Measure(parsed, name);
        }

        if (parsed.GetValue(started) is { } step)
        {
            StartupBench.RunHere(Host.Output, step);
            return 0;
        }

        if (parsed.GetValue(startup))
        {
            StartupBench.Run(TerminalOf(parsed), Host.Stop.Token);
            return 0;
        }

        if (parsed.GetValue(profile) is { } pattern)
        {
            using CpuDevice? some = parsed.GetValue(threads) is { } number ? new CpuDevice(number) : null;
            StepProfile.Run(TerminalOf(parsed), some ?? Device.Cpu, StepProfile.OnCpu, pattern, Host.Stop.Token);
            return 0;
        }

        parsed.Needs(false, "--device", products, precision, convolutions, tiles, peer);
        parsed.Needs(false, "--device or --methods", seconds, output);
        if (!parsed.GetValue(quick))
        {
            return parsed.GetValue(threads) is null
                ? Suites.Run(parsed.GetValue(filter) ?? "*", Host.Stop)
                : throw new UsageException(
                    "--threads is for --quick, --methods and --device cpu: BenchmarkDotNet's suites run on all cores.");
        }

        if (parsed.GetValue(filter) is not null)
        {
            throw new UsageException("--filter is for BenchmarkDotNet: leave --quick or --filter out.");
        }

        using CpuDevice? own = parsed.GetValue(threads) is { } count ? new CpuDevice(count) : null;
        QuickBench.Run(TerminalOf(parsed), own ?? Device.Cpu, Host.Stop.Token);
        return 0;
    }

    private int Compare(ParseResult parsed)
    {
        string? page = PageOf(parsed);
        Terminal terminal = TerminalOf(parsed);
        int[] counts = parsed.GetValue(threads) is { } count ? [count] : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
        MethodBench bench = new(
            counts, parsed.GetValue(batch), parsed.GetValue(seconds), parsed.GetValue(filter) ?? "*", text => terminal.Line(text),
            Host.Stop.Token);
        bench.Show(terminal);
        if (page is not null)
        {
            string text = bench.Markdown(Line(parsed));
            OutputFile.Write(page, "--output", stream => stream.Write(Encoding.UTF8.GetBytes(text)));
            terminal.Line($"table → {page}");
        }

        return 0;
    }

    private string? PageOf(ParseResult parsed)
    {
        string? page = parsed.GetValue(output);
        if (page is not null)
        {
            OutputFile.Check(page, "--output", "a page of tables", OutputKind.Any, ".md", ".txt");
        }

        return page;
    }

    private int Measure(ParseResult parsed, string name)
    {
        string? page = PageOf(parsed);
        PeerSteps? theirs = parsed.GetValue(peer) is { } file ? PeerSteps.Read(file) : null;
        Device opened = Device.Open(name);
        if (opened is GpuDevice { Kind: DeviceKind.Simulator })
        {
            throw new UsageException(
                "the simulator is a debugger for GPU kernels, whose times mean nothing: choose another --device.");
        }

        DeviceOptions.Choose(opened, parsed.GetValue(products)!);
        DeviceOptions.Tile(opened, parsed.GetValue(tiles), LaunchedRank.Error);
        using OpenedDevice measured = DeviceOptions.WithThreads(opened, parsed.GetValue(threads));
        DeviceOptions.Convolve(measured.Device, parsed.GetValue(convolutions));
        Terminal terminal = TerminalOf(parsed);
        terminal.Line(measured.Device.Name);
        Precision multiplied = DeviceOptions.PrecisionOf(parsed.GetValue(precision)!);
        if (parsed.GetValue(profile) is { } profiled)
        {
            IEnumerable<Work> steps = StepCase.All.Select(step => step.Work(false) with { Precision = multiplied });
            StepProfile.Run(terminal, measured.Device, steps, profiled, Host.Stop.Token);
            return 0;
        }

        double repeat = parsed.GetValue(seconds);
        DeviceBench bench = new(
            measured.Device, multiplied, repeat, parsed.GetValue(filter) ?? "*", text => terminal.Line(text), Host.Stop.Token);
        bench.Run();
        if (bench.Copies.Count + bench.Passes.Count + bench.Products.Count + bench.Steps.Count + bench.Scores.Count == 0)
        {
            throw new UsageException($"--filter {parsed.GetValue(filter)} matches no row: try *perturb*.");
        }

        BenchReport report = new(bench, measured.Device, theirs);
        report.Show(terminal);
        if (page is not null)
        {
            string id = name.Trim().ToLowerInvariant();
            IReadOnlyList<DeviceDescription> all = Device.List();
            DeviceDescription? description = all.FirstOrDefault(one => one.Id == id)
                ?? all.FirstOrDefault(
                    one => one.IsAvailable && measured.Device.Name.StartsWith(one.Name, StringComparison.Ordinal));
            string text = report.Markdown(measured.Device, description, repeat, Line(parsed));
            OutputFile.Write(page, "--output", stream => stream.Write(Encoding.UTF8.GetBytes(text)));
            terminal.Line($"tables → {page}");
        }

        return bench.Failed ? 1 : 0;
    }
}
