using System.CommandLine;
using System.Diagnostics;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Figures.Landscape;
using PacGen.Benchmarks.Reporting;
using Spectre.Console;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 1: the loss surface of a 5-layer MLP with two weights, coloured by Ψ, above the approximate bound of (13) with η = 39,
/// and what its sharp global optimum and its flat one predict.
/// </summary>
internal sealed class Figure1 : Figure
{
    /// <summary>Half the side of the square of (w₁, w₂).</summary>
    public const double Range = 10;

    /// <summary>A seed at which the sharp global optimum and the flat one both exist.</summary>
    public const ulong DefaultSeed = 38;

    private const string PictureFile = "figure-1.png", GridFile = "figure-1.csv";
    private const string OptimaFile = "figure-1-optima.csv", SamplesFile = "figure-1-samples.csv";
    private const int DefaultPoints = 241, SurveyPoints = 161;

    private readonly Option<ulong> seed = Options.Seed("centres and samples", DefaultSeed);
    private readonly Option<int> points = Options.Count("--points", "Points of the grid in each direction", 21, DefaultPoints);
    private readonly Option<int?> survey = Options.Count(
        "--survey", "Also says for how many of the seeds 1 to this a sharp global and a flat optimum exist; without it, doesn't");
    private readonly Option<int?> threads = Options.Count("--threads", "Threads; without it one a core. They change no number");

    public Figure1(Host host)
        : base(
            host, 1, Prose.Line("""
                The loss surface of a 5-layer MLP with two weights, coloured by Ψ, with a bound on its floor; a sharp optimum and
                a flat one.
                """),
            PictureFile, GridFile, OptimaFile, SamplesFile) => Add(seed, points, survey, threads);

    protected override int Draw(ParseResult parsed, Terminal terminal, Results results)
    {
        Stopwatch clock = Stopwatch.StartNew();
        WorkReport report = new(terminal);
        ParallelOptions work = new()
        {
            MaxDegreeOfParallelism = parsed.GetValue(threads) ?? Environment.ProcessorCount,
            CancellationToken = Host.Stop.Token,
        };
        SharedMlp network = new(new MixtureSample(parsed.GetValue(seed)));
        int lines = parsed.GetValue(points);
        LossSurface surface = report.Show(
            "scoring the surface", lines, done => LossSurface.Score(network, Range, lines, work, done));
        Optima optima = Optima.Find(network, Range, surface.Loss);
        (string Name, PointScore Score)[] marked = Marked(optima);
        terminal.Line(Prose.Line($"""
            seed {parsed.GetValue(seed)}: {network.Sample.Count} samples, {network.Sample.Label.Sum()} of label 1;
            {optima.Minima.Count} local minima in |w₁|, |w₂| < {Range}
            """));
        terminal.Write(Table(optima, marked, network));
        if (optima.Flat is null)
        {
            terminal.Line(optima.GlobalInside
                ? Prose.Line($"""
                    No flatter optimum of smaller Ψ has a loss within {Optima.LossMargin} nats of the global one: take another
                    seed, such as {DefaultSeed}.
                    """)
                : Prose.Line($"""
                    The loss falls on beyond the square, so no global optimum is shown: take another seed, such as {DefaultSeed}.
                    """));
        }

        string title =
            $"Figure 1: a 5-layer sigmoid MLP with two weights on {network.Sample.Count} samples (seed {parsed.GetValue(seed)})";
        results.Write(PictureFile, LandscapePicture.Draw(title, surface, network.Sample, marked));
        results.Write(GridFile, LandscapeRows.Grid(surface));
        results.Write(OptimaFile, LandscapeRows.Optima(optima, marked, network));
        results.Write(SamplesFile, LandscapeRows.Samples(network.Sample, marked));
        if (parsed.GetValue(survey) is { } seeds)
        {
            Survey(terminal, report, seeds, work);
        }

        terminal.Line($"{clock.Elapsed.TotalSeconds:F1} s in all");
        return 0;
    }

    private static void Survey(Terminal terminal, WorkReport report, int seeds, ParallelOptions work)
    {
        Optima[] found = report.Show("looking at other seeds", seeds, done =>
        {
            Optima[] all = new Optima[seeds];
            Parallel.For(0, seeds, work, s =>
            {
                SharedMlp network = new(new MixtureSample((ulong)s + 1));
                all[s] = Optima.Find(network, Range, LossSurface.Losses(network, Range, SurveyPoints));
                done();
            });
            return all;
        });
        int[] both = [.. Enumerable.Range(1, seeds).Where(s => found[s - 1].Flat is not null)];
        Table table = Terminal.Table($"seeds 1 to {seeds}", "how many");
        Row("two local minima or more", found.Count(one => one.Minima.Count >= 2));
        Row("three or more", found.Count(one => one.Minima.Count >= 3));
        Row("the global optimum is inside the square", found.Count(one => one.GlobalInside));
        Row($"and a flatter one of smaller Ψ has a loss within {Optima.LossMargin} nats: both exist", both.Length);
        Row("and the flat one's bound is smaller too", found.Count(one => one.Flat is { } flat && flat.Bound < one.Sharp!.Bound));
        Row("and the global one's Ψ is larger by 1 or more", found.Count(
            one => one.Flat is { } flat && flat.Psi + 1 <= one.Sharp!.Psi));
        terminal.Write(table);
        terminal.Line($"Both exist at seeds {(both.Length == 0 ? "none" : string.Join(", ", both))}.");

        void Row(string what, int count) => table.AddRow(what, $"{count}");
    }

    // The sharp and the flat optimum; where there aren't two such, the two lowest.
    private static (string Name, PointScore Score)[] Marked(Optima optima)
    {
        string[] names = optima.Flat is not null
            ? ["sharp global", "flat"]
            : [optima.GlobalInside ? "global" : "lowest local", "second"];
        IEnumerable<PointScore> scores = optima.Flat is { } flat ? [optima.Sharp!, flat] : optima.Minima.Take(2);
        return [.. names.Zip(scores)];
    }

    private static Table Table(Optima optima, (string Name, PointScore Score)[] marked, SharedMlp network)
    {
        Table table = Terminal.Table(
            "local minimum", "w₁", "w₂", "loss, nats", "λmax", "ρ", "Ψ", "bound (13), η = 39", "wrong labels");
        foreach (PointScore one in optima.Minima)
        {
            table.AddRow(
                LandscapeRows.Name(one, marked),
                $"{one.W1:F4}",
                $"{one.W2:F4}",
                $"{one.Loss.Value:F4}",
                $"{one.Loss.Eigenvalues.Largest:F3}",
                $"{one.Rho:F3}",
                $"{one.Psi:F3}",
                $"{one.Bound:F4}",
                $"{network.Wrong(one.W1, one.W2):F0}");
        }

        return table;
    }
}
