using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Training;

/// <summary>The means over seeds of what runs ended with, each with Student's 95 % interval.</summary>
/// <param name="runs">The runs that came to their end, at least one.</param>
internal sealed class SeedMeans(IReadOnlyList<SeedRun> runs)
{
    private readonly EpochResult[] last = [.. runs.Select(run => run.Epochs[^1])];

    /// <summary>What the interval is, and what it is not.</summary>
    public static string Remark => Prose.Line("""
        The interval is Student's for the mean, with probability 0.95 where the values of the seeds are about normal: it speaks of
        other seeds, not of other images.
        """);

    /// <summary>The headings of <see cref="Rows"/>.</summary>
    public IReadOnlyList<string> Headings =>
        [$"after the last epoch, {last.Length} seed{(last.Length == 1 ? "" : "s")}", "mean", "95 % interval", "least", "largest"];

    /// <summary>A row for each number: its name, mean, interval, least and largest value.</summary>
    public IReadOnlyList<string[]> Rows =>
    [
        .. Each().Select(one => (string[])
        [
            one.Column.Name, one.Column.Text(one.Mean.Mean),
            last.Length < 2 ? "–" : $"{one.Column.Text(one.Low)} to {one.Column.Text(one.High)}",
            one.Column.Text(one.Mean.Values.Min()), one.Column.Text(one.Mean.Values.Max()),
        ]),
    ];

    /// <summary>The rows as a table.</summary>
    public Table Table()
    {
        Table table = Terminal.Table(Headings);
        foreach (string[] row in Rows)
        {
            table.AddRow(row);
        }

        return table;
    }

    /// <summary>The means by name, with the values that they are of.</summary>
    public JsonObject Json()
    {
        JsonObject means = [];
        foreach ((EpochColumn column, StudentMean mean, double low, double high) in Each())
        {
            means[column.Key] = new JsonObject
            {
                ["mean"] = mean.Mean,
                ["low"] = last.Length < 2 ? null : low,
                ["high"] = last.Length < 2 ? null : high,
                ["deviation"] = last.Length < 2 ? null : mean.Deviation,
                ["values"] = new JsonArray([.. mean.Values.Select(value => JsonValue.Create(value))]),
            };
        }

        return means;
    }

    /// <summary>The epochs of all runs, a line each.</summary>
    public static IEnumerable<string> Csv(IReadOnlyList<SeedRun> runs)
    {
        IReadOnlyList<EpochColumn> columns = EpochColumn.In([.. runs.SelectMany(run => run.Epochs)]);
        yield return CsvText.Line(["seed", "epoch", .. columns.Select(column => column.Heading)]);
        foreach (SeedRun run in runs)
        {
            foreach (EpochResult epoch in run.Epochs)
            {
                yield return CsvText.Line(
                [
                    run.Seed.ToString(CultureInfo.InvariantCulture), $"{epoch.Epoch}",
                    .. columns.Select(column => CsvText.Exact(column.Of(epoch))),
                ]);
            }
        }
    }

    private IEnumerable<(EpochColumn Column, StudentMean Mean, double Low, double High)> Each() =>
        from column in EpochColumn.In(last)
        let mean = new StudentMean([.. runs.Select(run => column.OfRun(run.Epochs))])
        select (column, mean, column.Possible(mean.Mean - mean.HalfWidth), column.Possible(mean.Mean + mean.HalfWidth));
}
