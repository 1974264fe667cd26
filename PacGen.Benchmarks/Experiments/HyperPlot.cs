using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.Plottables;
using SkiaSharp;
using NoiseSchedule = PacGen.Core.Perturbation.NoiseSchedule;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="HyperExperiment"/>: validation accuracy over η and γ as a heat map, the chosen pair framed.
/// </summary>
internal static class HyperPlot
{
    private const int CellWidth = 130, CellHeight = 78, Around = 340, AboveAndBelow = 160;

    /// <summary>Draws the map, or one below the other for each course of the noise.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="plain">The optimizer without perturbation.</param>
    /// <param name="cells">The pairs: all combinations of some η, some γ, and some courses of the noise over the epochs.</param>
    /// <param name="chosen">The one that was chosen.</param>
    public static Page Draw(string title, ArmRuns plain, IReadOnlyList<ArmRuns> cells, ArmRuns chosen)
    {
        double[] etas = [.. cells.Select(cell => cell.Eta!.Value).Distinct().Order()];
        double[] gammas = [.. cells.Select(cell => cell.Gamma!.Value).Distinct().Order()];
        double[] reached = [.. cells.Where(cell => !cell.Failed).Select(cell => 100 * cell.Accuracy)];
        ColorScale scale = new(new Viridis(), reached.Min(), Math.Max(reached.Max(), reached.Min() + 0.1));
        IGrouping<NoiseSchedule, ArmRuns>[] maps = [.. cells.GroupBy(cell => cell.Arm.Schedule)];
        int width = Math.Max((etas.Length * CellWidth) + Around, maps.Length > 1 ? 0 : 1000);
        int height = (gammas.Length * CellHeight) + AboveAndBelow;
        Page page = new(title, width, height * maps.Length);
        float left = (page.Width - (etas.Length * CellWidth) - Around) / 2f, each = (page.Height - page.Top) / (float)maps.Length;
        for (int m = 0; m < maps.Length; m++)
        {
            page.Add(Map(maps[m]), SKRect.Create(left, page.Top + (m * each), (etas.Length * CellWidth) + Around, each));
        }

        return page;

        Panel Map(IGrouping<NoiseSchedule, ArmRuns> map)
        {
            double[,] values = new double[etas.Length, gammas.Length];
            foreach (ArmRuns cell in map)
            {
                (int column, int row) = Place(cell);
                values[column, row] = cell.Failed ? double.NaN : 100 * cell.Accuracy;
            }

            bool several = maps.Length > 1, framed = map.Key == chosen.Arm.Schedule;
            Panel panel = new(
                Prose.Line($"""
                    {(several ? $"{map.Key}: " : "")}mean validation accuracy in %;
                    without perturbation {(plain.Failed ? "the run failed" : Percent(100 * plain.Accuracy))}{(framed
                        ? "; framed: the chosen pair" : "")}
                    """),
                new Axis("η (larger: smaller perturbations)") { Places = [.. etas.Select(Ticks.Text)] },
                new Axis("γ") { Places = [.. gammas.Select(Ticks.Text)] });
            panel.Cells(values, scale, "%", value => double.IsNaN(value) ? "failed" : Percent(value));
            if (framed)
            {
                (int x, int y) = Place(chosen);
                Rectangle frame = panel.Plot.Add.Rectangle(x - 0.485, x + 0.485, y - 0.475, y + 0.475);
                frame.FillColor = Colors.Transparent;
                frame.LineColor = Look.ColorOf(1);
                frame.LineWidth = 5;
            }

            return panel;
        }

        (int Column, int Row) Place(ArmRuns cell) =>
            (Array.IndexOf(etas, cell.Eta!.Value), Array.IndexOf(gammas, cell.Gamma!.Value));
    }

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
