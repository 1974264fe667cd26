using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="HyperExperiment"/>: validation accuracy over η and γ as a heat map, the chosen pair framed.
/// </summary>
internal static class HyperPlot
{
    private const int CellWidth = 130, CellHeight = 78, Around = 340, AboveAndBelow = 160;

    /// <summary>Draws the map.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="plain">The optimizer without perturbation.</param>
    /// <param name="cells">The pairs: all combinations of some η and some γ.</param>
    /// <param name="chosen">The one that was chosen.</param>
    public static Page Draw(string title, ArmRuns plain, IReadOnlyList<ArmRuns> cells, ArmRuns chosen)
    {
        double[] etas = [.. cells.Select(cell => cell.Eta!.Value).Distinct().Order()];
        double[] gammas = [.. cells.Select(cell => cell.Gamma!.Value).Distinct().Order()];
        double[,] values = new double[etas.Length, gammas.Length];
        foreach (ArmRuns cell in cells)
        {
            (int column, int row) = Place(cell);
            values[column, row] = cell.Failed ? double.NaN : 100 * cell.Accuracy;
        }

        double[] reached = [.. values.Cast<double>().Where(double.IsFinite)];
        ColorScale scale = new(new Viridis(), reached.Min(), Math.Max(reached.Max(), reached.Min() + 0.1));
        Panel panel = new(
            Prose.Line($"""
                mean validation accuracy in %;
                without perturbation {(plain.Failed ? "the run failed" : Percent(100 * plain.Accuracy))};
                framed: the chosen pair
                """),
            new Axis("η (larger: smaller perturbations)") { Places = [.. etas.Select(Ticks.Text)] },
            new Axis("γ") { Places = [.. gammas.Select(Ticks.Text)] });
        panel.Cells(values, scale, "%", value => double.IsNaN(value) ? "failed" : Percent(value));
        (int x, int y) = Place(chosen);
        Rectangle frame = panel.Plot.Add.Rectangle(x - 0.485, x + 0.485, y - 0.475, y + 0.475);
        frame.FillColor = Colors.Transparent;
        frame.LineColor = Look.ColorOf(1);
        frame.LineWidth = 5;
        int inner = etas.Length * CellWidth;
        Page page = new(title, Math.Max(inner + Around, 1000), (gammas.Length * CellHeight) + AboveAndBelow);
        page.Add(panel, SKRect.Create((page.Width - inner - Around) / 2f, page.Top, inner + Around, page.Height - page.Top));
        return page;

        (int Column, int Row) Place(ArmRuns cell) =>
            (Array.IndexOf(etas, cell.Eta!.Value), Array.IndexOf(gammas, cell.Gamma!.Value));
    }

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
