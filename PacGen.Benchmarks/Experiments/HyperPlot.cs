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
    private const int CellWidth = 130, CellHeight = 78, Around = 340, AboveAndBelow = 160, Narrowest = 1000, Widest = 2000;

    /// <summary>Draws the map, or one for each course of the noise.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="plain">The optimizer without perturbation.</param>
    /// <param name="cells">The pairs: all combinations of some η, some γ, and some courses of the noise over the epochs.</param>
    /// <param name="chosen">The one that was chosen.</param>
    public static Page Draw(string title, ArmRuns plain, IReadOnlyList<ArmRuns> cells, ArmRuns chosen)
    {
        double[] etas = [.. cells.Select(cell => cell.Eta!.Value).Distinct().Order()];
        double[] gammas = [.. cells.Select(cell => cell.Gamma!.Value).Distinct().Order()];
        IGrouping<NoiseSchedule, ArmRuns>[] maps = [.. cells.GroupBy(cell => cell.Arm.Schedule)];
        bool several = maps.Length > 1;
        int width = (etas.Length * CellWidth) + Around, height = (gammas.Length * CellHeight) + AboveAndBelow;
        int columns = Math.Clamp(Widest / width, 1, maps.Length), rows = (maps.Length + columns - 1) / columns;
        double[] reached = [.. cells.Where(cell => !cell.Failed).Select(cell => 100 * cell.Accuracy)];
        ColorScale scale = Scale(plain, reached);
        string without = $"without perturbation {(plain.Failed ? "the run failed" : Percent(100 * plain.Accuracy))}";
        Page page = new(
            several ? $"{title}; {without}" : title, Math.Max(columns * width, several ? 0 : Narrowest), height * rows);
        float left = (page.Width - (columns * width)) / 2f, each = (page.Height - page.Top) / (float)rows;
        for (int m = 0; m < maps.Length; m++)
        {
            page.Add(
                Map(maps[m]), SKRect.Create(left + (m % columns * width), page.Top + (m / columns * each), width, each));
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

            bool framed = map.Key == chosen.Arm.Schedule;
            Panel panel = new(
                (several ? map.Key.ToString() : $"mean validation accuracy in %; {without}")
                    + (framed ? "; framed: the chosen pair" : ""),
                new Axis("η (larger: smaller perturbations)") { Places = [.. etas.Select(Ticks.Text)] },
                new Axis("γ") { Places = [.. gammas.Select(Ticks.Text)] });
            panel.Cells(
                values, scale, scale.Least > reached.Min() ? "% (darkest: this or less)" : "%",
                value => double.IsNaN(value) ? "failed" : Percent(value));
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

    // As far below the plain run as the best pair is above it: pairs that learnt nothing would leave the others one colour.
    private static ColorScale Scale(ArmRuns plain, double[] reached)
    {
        double least = reached.Min(), best = Math.Max(reached.Max(), least + 0.1);
        double usual = plain.Failed ? least : Math.Min(100 * plain.Accuracy, best);
        return new ColorScale(new Viridis(), Math.Max(least, usual - Math.Max(best - usual, 1)), best);
    }

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
