using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Figures.Landscape;
using PacGen.Benchmarks.Reporting;
using Spectre.Console;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 1: the loss surface of a 5-layer MLP with two weights, coloured by Ψ, above the approximate bound of (13) with η = 39, and
/// what its sharp global optimum and its flat one predict.
/// </summary>
internal sealed class Figure1 : Figure
{
    /// <summary>Half the side of the square of (w₁, w₂).</summary>
    public const double Range = 10;

    /// <summary>A seed at which the sharp global optimum and the flat one both exist.</summary>
    public const ulong DefaultSeed = 38;

    private const string PictureFile = "figure-1.png", GridFile = "figure-1.csv", OptimaFile = "figure-1-optima.csv", SamplesFile = "figure-1-samples.csv";
    private const int DefaultPoints = 241, SurveyPoints = 161;

    private readonly Option<ulong> seed = Options.Seed("centres and samples", DefaultSeed);
    private readonly Option<int?> points = Options.Count("--points", "Points of the grid in each direction", 21, DefaultPoints);
    private readonly Option<int?> survey = Options.Count("--survey", "Also says for how many of the seeds 1 to this a sharp global and a flat optimum exist; without it, doesn't");
    private readonly Option<int?> threads = Options.Count("--threads", "Threads; without it one a core. They change no number");

    public Figure1(Host host)
        : base(
            host, 1, "The loss surface of a 5-layer MLP with two weights, coloured by Ψ, with a bound on its floor; a sharp optimum and a flat one.",
            PictureFile, GridFile, OptimaFile, SamplesFile)
    {
        Command.Add(seed);
        Command.Add(points);
        Command.Add(survey);
        Command.Add(threads);
    }

    /// <inheritdoc/>
    protected override int Draw(ParseResult parsed, int width, Terminal terminal, Action<string, Action<Stream>> write)
    {
        Stopwatch clock = Stopwatch.StartNew();
        WorkReport report = new(terminal);
        ParallelOptions work = new()
        {
            MaxDegreeOfParallelism = parsed.GetValue(threads) ?? Environment.ProcessorCount,
            CancellationToken = Host.Stop.Token,
        };
        SharedMlp network = new(new MixtureSample(parsed.GetValue(seed)));
        int lines = parsed.GetValue(points)!.Value;
        LossSurface surface = report.Show("scoring the surface", lines, done => LossSurface.Score(network, Range, lines, work, done));
        Optima optima = Optima.Find(network, Range, surface.Loss);
        (string Name, PointScore Score)[] marked = Marked(optima);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {parsed.GetValue(seed)}: {network.Sample.Count} samples, {network.Sample.Label.Sum()} of label 1; {optima.Minima.Count} local minima in |w₁|, |w₂| < {Range}"));
        terminal.Write(Table(optima, marked, network));
        if (optima.Flat is null)
        {
            terminal.Line(optima.GlobalInside
                ? string.Create(CultureInfo.InvariantCulture, $"No flatter optimum of smaller Ψ has a loss within {Optima.LossMargin} nats of the global one: take another seed, such as {DefaultSeed}.")
                : $"The loss falls on beyond the square, so no global optimum is shown: take another seed, such as {DefaultSeed}.");
        }

        string title = $"Figure 1: a 5-layer sigmoid MLP with two weights on {network.Sample.Count} samples (seed {parsed.GetValue(seed)})";
        byte[] picture = LandscapePicture.Draw(title, surface, network.Sample, marked, width);
        write(PictureFile, stream => stream.Write(picture));
        write(GridFile, stream => Csv(stream, Grid(surface)));
        write(OptimaFile, stream => Csv(stream, OptimaRows(optima, marked, network)));
        write(SamplesFile, stream => Csv(stream, SampleRows(network.Sample, marked)));
        if (parsed.GetValue(survey) is { } seeds)
        {
            Survey(terminal, report, seeds, work);
        }

        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:F1} s in all"));
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
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns($"seeds 1 to {seeds}", "how many");
        table.Columns[1].Alignment = Justify.Right;
        Row("two local minima or more", found.Count(one => one.Minima.Count >= 2));
        Row("three or more", found.Count(one => one.Minima.Count >= 3));
        Row("the global optimum is inside the square", found.Count(one => one.GlobalInside));
        Row(string.Create(CultureInfo.InvariantCulture, $"and a flatter one of smaller Ψ has a loss within {Optima.LossMargin} nats: both exist"), both.Length);
        Row("and the flat one's bound is smaller too", found.Count(one => one.Flat is { } flat && flat.Bound < one.Sharp!.Bound));
        Row("and the global one's Ψ is larger by 1 or more", found.Count(one => one.Flat is { } flat && flat.Psi + 1 <= one.Sharp!.Psi));
        terminal.Write(table);
        terminal.Line($"Both exist at seeds {(both.Length == 0 ? "none" : string.Join(", ", both))}.");

        void Row(string what, int count) => table.AddRow(what, count.ToString(CultureInfo.InvariantCulture));
    }

    // The sharp and the flat optimum; where there aren't two such, the two lowest.
    private static (string Name, PointScore Score)[] Marked(Optima optima)
    {
        string[] names = optima.Flat is not null ? ["sharp global", "flat"] : [optima.GlobalInside ? "global" : "lowest local", "second"];
        IEnumerable<PointScore> scores = optima.Flat is { } flat ? [optima.Sharp!, flat] : optima.Minima.Take(2);
        return [.. names.Zip(scores)];
    }

    private static Table Table(Optima optima, (string Name, PointScore Score)[] marked, SharedMlp network)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("local minimum", "w₁", "w₂", "loss, nats", "λmax", "ρ", "Ψ", "bound (13), η = 39", "wrong labels");
        foreach (TableColumn column in table.Columns.Skip(1))
        {
            column.Alignment = Justify.Right;
        }

        foreach (PointScore one in optima.Minima)
        {
            table.AddRow(
                Name(one, marked),
                Fixed(one.W1, 4),
                Fixed(one.W2, 4),
                Fixed(one.Loss.Value, 4),
                Fixed(one.Loss.Eigenvalues.Largest, 3),
                Fixed(one.Rho, 3),
                Fixed(one.Psi, 3),
                Fixed(one.Bound, 4),
                Fixed(network.Wrong(one.W1, one.W2), 0));
        }

        return table;
    }

    private static string Fixed(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static string Name(PointScore one, (string Name, PointScore Score)[] marked) =>
        marked.FirstOrDefault(mark => ReferenceEquals(mark.Score, one)).Name ?? "";

    // Every third line: a ninth of the points.
    private static IEnumerable<string> Grid(LossSurface surface)
    {
        yield return "w1,w2,loss,psi,bound";
        for (int i = 0; i < surface.Points; i += 3)
        {
            for (int j = 0; j < surface.Points; j += 3)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{surface.Coordinate(i):0.####},{surface.Coordinate(j):0.####},{surface.Loss[i, j]:G7},{surface.Psi[i, j]:G7},{surface.Bound[i, j]:G7}");
            }
        }
    }

    private static IEnumerable<string> OptimaRows(Optima optima, (string Name, PointScore Score)[] marked, SharedMlp network)
    {
        yield return "name,w1,w2,loss,d11,d12,d22,lambda_max,rho,sigma1,sigma2,psi,bound,wrong_labels";
        foreach (PointScore one in optima.Minima)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{Name(one, marked)},{one.W1:R},{one.W2:R},{one.Loss.Value:R},{one.Loss.D11:R},{one.Loss.D12:R},{one.Loss.D22:R},{one.Loss.Eigenvalues.Largest:R},{one.Rho:R},{one.Sigma1:R},{one.Sigma2:R},{one.Psi:R},{one.Bound:R},{network.Wrong(one.W1, one.W2)}");
        }
    }

    private static IEnumerable<string> SampleRows(MixtureSample sample, (string Name, PointScore Score)[] marked)
    {
        yield return $"x1,x2,gaussian,label{string.Concat(marked.Select(mark => $",p_{mark.Name.Replace(' ', '_')}"))}";
        for (int i = 0; i < sample.Count; i++)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{sample.X[i]:R},{sample.Y[i]:R},{sample.Component[i]},{sample.Label[i]}")
                + string.Concat(marked.Select(mark => string.Create(
                    CultureInfo.InvariantCulture, $",{1 / (1 + Math.Exp(-SharedMlp.Logit(mark.Score.W1, mark.Score.W2, sample.X[i], sample.Y[i]))):R}")));
        }
    }
}
