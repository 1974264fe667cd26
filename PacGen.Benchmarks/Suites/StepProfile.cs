using System.Globalization;
using System.IO.Enumeration;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>Where the time of training steps goes: each kernel of loss and gradients with its shortest time.</summary>
internal static class StepProfile
{
    /// <summary>The steps that are timed on the CPU.</summary>
    public static IEnumerable<Work> OnCpu =>
    [
        StepWork.Mlp(32), StepWork.LargeMlp(64), StepWork.LargeMlp(128), StepWork.MnistCnn(1), StepWork.MnistCnn(16),
        StepWork.MnistCnn(64), StepWork.MnistCnn(256), StepWork.WideResNet(16, 1, 4), StepWork.WideResNet(16, 1, 128),
        StepWork.WideResNet(16, 3, 64), StepWork.WideResNet(58, 3, 16), StepWork.Encoder(256, 4, 4, 32, 64),
    ];

    /// <summary>Shows a table for each step that is chosen.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="device">The device.</param>
    /// <param name="all">The steps.</param>
    /// <param name="pattern">Which of them, * standing for any letters.</param>
    /// <param name="cancellation">Stops before the next step.</param>
    /// <exception cref="UsageException">There is none.</exception>
    public static void Run(
        Terminal terminal, Device device, IEnumerable<Work> all, string pattern, CancellationToken cancellation)
    {
        Work[] chosen =
            [.. all.Where(work => FileSystemName.MatchesSimpleExpression(pattern, work.Name, ignoreCase: true))];
        if (chosen.Length == 0)
        {
            throw new UsageException($"--profile {pattern} matches no step: try *mnist*.");
        }

        foreach (Work work in chosen)
        {
            cancellation.ThrowIfCancellationRequested();
            using PreparedWork prepared = work.Prepare(device);
            double step = prepared.Best(1);
            IReadOnlyList<LaunchTime> launches = prepared.Profile!();
            double sum = launches.Sum(launch => launch.Milliseconds);
            Table table = Terminal.Table("kernel", "times", "ms", "share");
            foreach (var group in launches.GroupBy(launch => launch.Name).OrderByDescending(
                group => group.Sum(launch => launch.Milliseconds)))
            {
                double time = group.Sum(launch => launch.Milliseconds);
                table.AddRow(
                    Markup.Escape(group.Key), group.Count().ToString(CultureInfo.InvariantCulture), BenchRow.TimeOf(time),
                    (time / sum).ToString("P1", CultureInfo.InvariantCulture));
            }

            terminal.Line(
                $"{work.Name}: {BenchRow.TimeOf(step)} ms; loss and gradients one by one {BenchRow.TimeOf(sum)} ms in " +
                $"{launches.Count} launches");
            terminal.Write(table);
        }
    }
}
