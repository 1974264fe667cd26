using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Measuring;

/// <summary>The measures of a network as tables, as JSON and as CSV.</summary>
/// <param name="rows">What became of each measure.</param>
/// <param name="layers">Whether parts by layer are shown.</param>
internal sealed class MeasureReport(IReadOnlyList<MeasuredRow> rows, bool layers)
{
    private static readonly string[] Columns =
    [
        "measure", "layer", "value", "low", "high", "uncertainty", "seconds", "losses", "gradients", "products",
        "cost_in_gradients", "smaller_is_better", "assumes", "obstacle",
    ];

    /// <summary>All measures that there are, with what they assume.</summary>
    public static void List(Terminal terminal)
    {
        Table table = Terminal.Table("measure", "what it is", "better", "assumes");
        foreach (Measure measure in Measures.All)
        {
            table.AddRow(
                Markup.Escape(measure.Name), Markup.Escape(measure.Description), Better(measure), Markup.Escape(measure.Assumes));
        }

        table.Columns[0].NoWrap();
        foreach (TableColumn column in table.Columns)
        {
            column.LeftAligned();
        }

        terminal.Write(table);
    }

    /// <summary>Shows values, what could not be taken and why, and what the values assume.</summary>
    public void Show(Terminal terminal)
    {
        Table table = Terminal.Table("measure", "value", "seconds", "gradients", "better", "the quantity lies");
        table.Columns[0].NoWrap();
        table.Columns[5].LeftAligned();
        foreach (MeasuredRow row in rows)
        {
            if (row.Found is { } found)
            {
                table.AddRow(
                    Markup.Escape(row.Measure.Name), Number(found.Value), $"{row.Seconds:F1}", Passes(found.Cost.InGradients),
                    Better(row.Measure), Markup.Escape(Place(found.Uncertainty)));
            }
        }

        terminal.Write(table);
        terminal.Line(Prose.Line("""
            Gradients: passes over the images measured on, a loss counting a third and a Hessian-vector product two. What several
            measures share is in the cost of each, and in the seconds of the first.
            """));
        if (layers)
        {
            ShowLayers(terminal);
        }

        foreach (MeasuredRow row in rows.Where(row => row.Obstacle is not null))
        {
            terminal.Line($"{row.Measure.Name}: not taken. {row.Obstacle}");
        }

        foreach (IGrouping<string, MeasuredRow> group in rows.Where(row => row.Found is not null).GroupBy(
            row => row.Measure.Assumes))
        {
            terminal.Line($"Assumes {group.Key}: {string.Join(", ", group.Select(row => row.Measure.Name))}");
        }
    }

    /// <summary>The measures as an array.</summary>
    public JsonArray Json() => new([.. rows.Select(row => new JsonObject
    {
        ["name"] = row.Measure.Name,
        ["description"] = row.Measure.Description,
        ["smallerIsBetter"] = row.Measure.SmallerIsBetter,
        ["assumes"] = row.Measure.Assumes,
        ["obstacle"] = row.Obstacle,
        ["value"] = Finite(row.Found?.Value),
        ["low"] = Finite(row.Found?.Uncertainty.Low),
        ["high"] = Finite(row.Found?.Uncertainty.High),
        ["uncertainty"] = row.Found?.Uncertainty.Meaning,
        ["seconds"] = Math.Round(row.Seconds, 3),
        ["losses"] = row.Found?.Cost.Losses,
        ["gradients"] = row.Found?.Cost.Gradients,
        ["products"] = row.Found?.Cost.Products,
        ["costInGradients"] = row.Found?.Cost.InGradients,
        ["layers"] = new JsonArray([.. Layers(row).Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["value"] = Finite(layer.Value),
        })]),
    })]);

    /// <summary>The first line of <see cref="Csv"/>.</summary>
    public static string Head => string.Join(',', Columns);

    /// <summary>The measures as lines of CSV: a row each, and one for each part by layer that is shown.</summary>
    public IEnumerable<string> Csv()
    {
        yield return Head;
        foreach (MeasuredRow row in rows)
        {
            Measurement? found = row.Found;
            yield return CsvText.Line(
                row.Measure.Name, "", CsvText.Exact(found?.Value), CsvText.Exact(found?.Uncertainty.Low),
                CsvText.Exact(found?.Uncertainty.High),
                found?.Uncertainty.Meaning ?? "", Invariant($"{row.Seconds:F3}"), CsvText.Exact(found?.Cost.Losses),
                CsvText.Exact(found?.Cost.Gradients), CsvText.Exact(found?.Cost.Products),
                CsvText.Exact(found?.Cost.InGradients),
                row.Measure.SmallerIsBetter is { } smaller ? smaller ? "yes" : "no" : "", row.Measure.Assumes, row.Obstacle
                    ?? "");
            foreach (LayerValue layer in Layers(row))
            {
                yield return CsvText.Line(
                    [row.Measure.Name, layer.Name, CsvText.Exact(layer.Value), .. Enumerable.Repeat("", Columns.Length - 3)]);
            }
        }
    }

    /// <summary>All of it as parts of a page, with plots.</summary>
    /// <param name="spectrum">The Hessian's spectral density, where it was asked for.</param>
    public IReadOnlyList<PageBlock> Page(SpectralDensity? spectrum) =>
    [
        ReportFile.Pictures(
            "Measures and their costs",
            [
                .. spectrum is null ? [] : (IEnumerable<(Plots.Panel, int)>)[(DensityPicture.Of(spectrum), 360)],
                .. MeasurePlots.Of(rows),
            ]),
        .. Terminal.Record(Show),
    ];

    private void ShowLayers(Terminal terminal)
    {
        foreach (IGrouping<string, MeasuredRow> group in rows.Where(row => row.Found?.Layers.Count > 0).GroupBy(
            row => string.Join('\n', row.Found!.Layers.Select(layer => layer.Name))))
        {
            // As many columns as a line holds.
            foreach (MeasuredRow[] some in group.Chunk(4))
            {
                Table table = Terminal.Table(some.Select(row => row.Measure.Name).Prepend("layer"));
                foreach (int i in Enumerable.Range(0, some[0].Found!.Layers.Count))
                {
                    table.AddRow(some.Select(row => Number(row.Found!.Layers[i].Value)).Prepend(
                        Markup.Escape(some[0].Found!.Layers[i].Name)).ToArray());
                }

                terminal.Write(table);
            }
        }
    }

    private IEnumerable<LayerValue> Layers(MeasuredRow row) => layers ? row.Found?.Layers ?? [] : [];

    private static string Better(Measure measure) => measure.SmallerIsBetter is { } smaller ? smaller ? "smaller" : "larger" : "";

    private static string Passes(double count) => count == 0 ? "" : Invariant($"{count:G4}");

    /// <summary>Where the quantity lies, where that is more than rounding.</summary>
    private static string Place(Uncertainty uncertainty) => (uncertainty.Low, uncertainty.High) switch
    {
        var (low, high) when low == high => "",
        var (low, _) when double.IsNaN(low) => uncertainty.Meaning,
        (double.NegativeInfinity, var high) => $"below {Number(high)}: {uncertainty.Meaning}",
        (var low, double.PositiveInfinity) => $"above {Number(low)}: {uncertainty.Meaning}",
        var (low, high) => $"{Number(low)} to {Number(high)}: {uncertainty.Meaning}",
    };

    private static string Number(double value) => Invariant($"{value:G5}");

    // JSON has no infinity.
    private static double? Finite(double? value) => value is { } one && double.IsFinite(one) ? one : null;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
