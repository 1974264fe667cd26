using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// What a training step of each method takes as a multiple of a plain step, by turns: whatever disturbs the machine for a while
/// meets all of them.
/// </summary>
internal sealed class MethodBench
{
    private const int Turns = 3, LeastRounds = 5;
    private const double Rate = 1e-3;

    private static readonly (int Depth, int Widen)[] Networks = [(10, 1), (16, 1)];

    /// <summary>The methods, plain first: what to call them, and how each is made.</summary>
    internal static readonly (string Name, Func<Optimizer> Optimizer, WeightAveraging? Average)[] Methods =
    [
        ("plain Adam", Plain, null),
        ("Perturbed OPT, uniform noise", Perturbed, null),
        ("Perturbed OPT, truncated Gaussian", () => Perturbed().WithNoise<TruncatedGaussianNoise>(), null),
        ("Perturbed OPT at ±u, uniform noise", () => Perturbed() with { TwoPoint = true }, null),
        ("SAM", () => new SharpnessAware(Plain(), 0.05), null),
        ("ASAM", () => SharpnessAware.Adaptive(Plain(), 0.5), null),
        ("IVON", () => new Ivon(0.1, 50_000), null),
        ("SWA, averaging at each step", Plain, WeightAveraging.Swa(1)),
        ("EMA", Plain, WeightAveraging.Ema()),
    ];

    private readonly int batch;
    private readonly double seconds;
    private readonly string device;

    /// <summary>
    /// For each network and number of threads the best time of each method's step, in milliseconds, and the median of its
    /// multiples of a plain one.
    /// </summary>
    private readonly List<(string Network, double[] Best, double[] Ratios)> columns = [];

    /// <summary>Measures.</summary>
    /// <param name="threads">How many threads; each number has columns of its own.</param>
    /// <param name="batch">Images a step.</param>
    /// <param name="seconds">How long each method is repeated in each turn.</param>
    /// <param name="pattern">Which networks, * standing for any letters.</param>
    /// <param name="tell">Notified of each turn's times.</param>
    /// <param name="cancellation">Stops after the present step.</param>
    /// <exception cref="UsageException">There is no such network.</exception>
    public MethodBench(
        IEnumerable<int> threads, int batch, double seconds, string pattern, Action<string> tell, CancellationToken cancellation)
    {
        (this.batch, this.seconds) = (batch, seconds);
        (int Depth, int Widen)[] chosen =
            [.. Networks.Where(one => FileSystemName.MatchesSimpleExpression(pattern, NameOf(one), ignoreCase: true))];
        if (chosen.Length == 0)
        {
            throw new UsageException(
                $"--filter {pattern} matches no network: there are {string.Join(" and ", Networks.Select(NameOf))}.");
        }

        device = "";
        foreach (int count in threads)
        {
            using CpuDevice cpu = new(count);
            device = device.Length == 0 ? cpu.Name : $"{device}; {cpu.Name}";
            foreach ((int Depth, int Widen) network in chosen)
            {
                string name = $"{NameOf(network)}, {count} thread{(count == 1 ? "" : "s")}";
                double[] best = [.. Methods.Select(_ => double.PositiveInfinity)];
                List<double>[] ratios = [.. Methods.Select(_ => new List<double>())];
                for (int turn = 1; turn <= Turns; turn++)
                {
                    Turn(cpu, network, best, ratios, cancellation);
                    tell($"{name}, turn {turn} of {Turns}: a plain step {BenchRow.TimeOf(best[0])} ms");
                }

                columns.Add((name, best, [.. ratios.Select(Median)]));
            }
        }
    }

    /// <summary>Shows the table.</summary>
    public void Show(Terminal terminal)
    {
        Table table = Terminal.Table(Headings);
        foreach (string[] row in Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        terminal.Write(table);
    }

    /// <summary>The page.</summary>
    /// <param name="command">The command line.</param>
    public string Markdown(string command) => $"""
        # What a step of each method takes

        - machine: {Machine.Text}
        - device: {device}
        - date: {Machine.Date}
        - command: `{command}`

        Training steps of Wide-ResNets on {batch} images of 32×32 in colour: noise or ascent if any, forward, mean
        cross-entropy, backward, the optimizer's update. The methods take one step each, one after the other, in rounds,
        {seconds} s a method in each of {Turns} turns; for each turn their memory is taken anew. A time is the best of all
        steps; the multiple is the median over the rounds of a method's step over the plain one of the same round. What comes
        once an epoch is in no step: the pass that estimates the running statistics of perturbed or averaged weights anew. SWA
        averages at the ends of epochs, here after every step, so that it is seen at all. Compare by the multiples: best times
        of steps that do the same work differ by several percent.

        | {string.Join(" | ", Headings)} |
        | --- |{string.Concat(Headings.Skip(1).Select(_ => " ---: |"))}
        {string.Join('\n', Rows.Select(row => $"| {string.Join(" | ", row)} |"))}

        """.ReplaceLineEndings("\n");

    private string[] Headings =>
        ["method", .. columns.SelectMany(column => (string[])[$"{column.Network}, ms", "over plain"])];

    private IEnumerable<string[]> Rows => Methods.Select((method, i) => (string[])
    [
        method.Name,
        .. columns.SelectMany(column => (string[])
        [
            BenchRow.TimeOf(column.Best[i]), column.Ratios[i].ToString("F3", CultureInfo.InvariantCulture),
        ]),
    ]);

    /// <summary>
    /// Rounds of all methods, in memory that is taken anew: where it lies is a matter of luck, which turns even out.
    /// </summary>
    private void Turn(
        CpuDevice cpu, (int Depth, int Widen) network, double[] best, List<double>[] ratios, CancellationToken cancellation)
    {
        List<PreparedWork> prepared = [];
        try
        {
            foreach ((_, Func<Optimizer> optimizer, WeightAveraging? average) in Methods)
            {
                cancellation.ThrowIfCancellationRequested();
                prepared.Add(StepWork.WideResNet(network.Depth, network.Widen, batch, optimizer(), average).Prepare(cpu));
                prepared[^1].Run(2);
            }

            long started = Stopwatch.GetTimestamp();
            for (int round = 0;
                round < LeastRounds || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds * Methods.Length; round++)
            {
                cancellation.ThrowIfCancellationRequested();

                // Each round begins with another: what disturbs the machine in a rhythm meets all of them.
                double[] times = new double[prepared.Count];
                for (int i = 0; i < times.Length; i++)
                {
                    int next = (i + round) % times.Length;
                    times[next] = prepared[next].Sample(1);
                }

                for (int i = 0; i < times.Length; i++)
                {
                    best[i] = Math.Min(best[i], times[i]);
                    ratios[i].Add(times[i] / times[0]);
                }
            }
        }
        finally
        {
            prepared.ForEach(one => one.Dispose());
        }
    }

    private static string NameOf((int Depth, int Widen) network) => $"WRN-{network.Depth}-{network.Widen}";

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static Adam Plain() => new(Rate);

    private static PerturbedOptimizer Perturbed() => new(Plain(), eta: 0.01, gamma: 1);
}
