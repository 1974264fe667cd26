using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace PacGen.Benchmarks.Suites;

/// <summary>The suites of BenchmarkDotNet.</summary>
internal static class Suites
{
    private static readonly Type[] All =
        [typeof(MatrixProducts), typeof(Convolutions), typeof(FusedMaps), typeof(PerturbedUpdates), typeof(TrainingSteps),
            typeof(OptimizerSteps)];

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", All.Select(suite => suite.Name));

    /// <summary>Runs the benchmarks of a pattern.</summary>
    /// <param name="pattern">Which, * standing for any letters.</param>
    /// <param name="stop">A signal ends them at once: they look at no token.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">There is none.</exception>
    public static int Run(string pattern, StopRequest stop)
    {
        // In this process: BenchmarkDotNet's own builds look for a project named like the assembly, and this one is not.
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .AddFilter(new GlobFilter([pattern]));
        BenchmarkRunInfo[] chosen = [.. All
            .Select(suite => BenchmarkConverter.TypeToBenchmarks(suite, config))
            .Where(info => info.BenchmarksCases.Length > 0)];
        return chosen.Length == 0
            ? throw new UsageException($"--filter {pattern} matches no benchmark: try *{All[0].Name}*.")
            : stop.Build(() => BenchmarkRunner.Run(chosen)).All(summary => !summary.HasCriticalValidationErrors) ? 0 : 1;
    }
}
