using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels.Devices;

namespace PacGen.Benchmarks.Suites;

/// <summary><c>bench</c>: times the kernels.</summary>
internal sealed class BenchVerb
{
    private static readonly Type[] Suites = [typeof(MatrixProducts), typeof(Convolutions), typeof(FusedMaps), typeof(PerturbedUpdates), typeof(TrainingSteps)];

    private readonly Host host;
    private readonly Option<bool> quick = Options.Flag("--quick", "One table in under two minutes: best times as shares of the FMA ceiling and of the copy bandwidth measured in the same run");
    private readonly Option<int?> threads = Options.Count("--threads", "Threads of --quick; without it one a core");
    private readonly Option<string?> filter = Options.Path(
        "--filter", $"Which benchmarks of BenchmarkDotNet, such as *Convolutions*; without it all. The suites are {string.Join(", ", Suites.Select(suite => suite.Name))}", "pattern");

    public BenchVerb(Host host)
    {
        this.host = host;
        Command = new Command("bench", "Times the kernels: with BenchmarkDotNet, or quickly as shares of what the machine can do.") { quick, threads, filter };
        Command.SetAction(Run);
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(quick))
        {
            if (parsed.GetValue(filter) is not null)
            {
                throw new UsageException("--filter is for BenchmarkDotNet: leave --quick or --filter out.");
            }

            if (parsed.GetValue(threads) is not { } count)
            {
                QuickBench.Run(new Terminal(host), Device.Cpu, host.Stop.Token);
                return 0;
            }

            using CpuDevice device = new(count);
            QuickBench.Run(new Terminal(host), device, host.Stop.Token);
            return 0;
        }

        if (parsed.GetValue(threads) is not null)
        {
            throw new UsageException("--threads is for --quick: BenchmarkDotNet's suites run on all cores.");
        }

        string pattern = parsed.GetValue(filter) ?? "*";

        // In this process: BenchmarkDotNet's own builds look for a project named like the assembly, and this one is not.
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .AddFilter(new GlobFilter([pattern]));
        BenchmarkRunInfo[] chosen = [.. Suites
            .Select(suite => BenchmarkConverter.TypeToBenchmarks(suite, config))
            .Where(info => info.BenchmarksCases.Length > 0)];
        if (chosen.Length == 0)
        {
            throw new UsageException($"--filter {pattern} matches no benchmark: try *{Suites[0].Name}*.");
        }

        return BenchmarkRunner.Run(chosen).All(summary => !summary.HasCriticalValidationErrors) ? 0 : 1;
    }
}
