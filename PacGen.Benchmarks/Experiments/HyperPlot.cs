using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using SkiaSharp;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="HyperExperiment"/>: validation accuracy over η and γ as a heat map, the chosen pair framed.
/// </summary>
internal static class HyperPlot
{
    private const int TitleHeight = 84, Left = 130, Bottom = 80, Right = 130, CellWidth = 130, CellHeight = 78;

    /// <summary>Draws the map.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="plain">The optimizer without perturbation.</param>
    /// <param name="cells">The pairs: all combinations of some η and some γ.</param>
    /// <param name="chosen">The one that was chosen.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Draw(string title, HyperCell plain, IReadOnlyList<HyperCell> cells, HyperCell chosen)
    {
        double[] etas = [.. cells.Select(cell => cell.Eta!.Value).Distinct().Order()];
        double[] gammas = [.. cells.Select(cell => cell.Gamma!.Value).Distinct().Order()];
        double[] values = [.. cells.Where(cell => !cell.Failed).Select(cell => 100 * cell.Accuracy)];
        ColorScale scale = new(new Viridis(), values.Min(), Math.Max(values.Max(), values.Min() + 0.1));
        int inner = etas.Length * CellWidth, width = Math.Max(Left + inner + Right, 1000);
        int height = TitleHeight + (gammas.Length * CellHeight) + Bottom;
        float left = Left + ((width - Left - Right - inner) / 2f);
        using Picture picture = new(width, height, width);
        SKCanvas canvas = picture.Canvas;
        SurfacePlot.Text(canvas, title, width / 2f, 24, 17, Alignment.MiddleCenter, bold: true);
        SurfacePlot.Text(
            canvas,
            Prose.Line($"""
                mean validation accuracy in %;
                {(plain.Failed ? "without perturbation the run failed" : $"without perturbation {Percent(plain.Accuracy)}")};
                framed: the chosen pair
                """),
            width / 2f, 54, 14, Alignment.MiddleCenter);
        using SKPaint fill = new();
        using SKPaint frame = new()
        {
            Style = SKPaintStyle.Stroke,
            StrokeWidth = 5,
            Color = new SKColor(0xD5, 0x5E, 0x00),
            IsAntialias = true,
        };
        foreach (HyperCell cell in cells)
        {
            SKRect area = Area(cell);
            fill.Color = cell.Failed ? new SKColor(0xDD, 0xDD, 0xDD) : scale.Of(100 * cell.Accuracy);
            canvas.DrawRect(area, fill);

            // Black on the bright colours, white on the dark ones.
            bool bright = cell.Failed || (0.299 * fill.Color.Red) + (0.587 * fill.Color.Green) + (0.114 * fill.Color.Blue) > 140;
            SurfacePlot.Text(canvas, cell.Failed ? "failed" : Percent(cell.Accuracy), area.MidX, area.MidY, 16,
                Alignment.MiddleCenter, color: bright ? SKColors.Black : SKColors.White);
        }

        SKRect best = Area(chosen);
        best.Inflate(-2, -2);
        canvas.DrawRect(best, frame);
        float bottom = TitleHeight + (gammas.Length * CellHeight);
        for (int i = 0; i < etas.Length; i++)
        {
            SurfacePlot.Text(canvas, Number(etas[i]), left + ((i + 0.5f) * CellWidth), bottom + 18, 14, Alignment.MiddleCenter);
        }

        for (int i = 0; i < gammas.Length; i++)
        {
            SurfacePlot.Text(canvas, Number(gammas[i]), left - 12, bottom - ((i + 0.5f) * CellHeight), 14, Alignment.MiddleRight);
        }

        SurfacePlot.Text(canvas, "η (larger: smaller perturbations)", left + (inner / 2f), bottom + 50, 15,
            Alignment.MiddleCenter, bold: true);
        SurfacePlot.Text(canvas, "γ", left - 84, (TitleHeight + bottom) / 2, 16, Alignment.MiddleCenter, bold: true);
        SurfacePlot.DrawColorBar(
            canvas, new SKRect(left + inner + 36, TitleHeight + 28, left + inner + 56, bottom - 10), scale, "%", 13);
        return picture.Encode();

        SKRect Area(HyperCell cell)
        {
            int column = Array.IndexOf(etas, cell.Eta!.Value), row = gammas.Length - 1 - Array.IndexOf(gammas, cell.Gamma!.Value);
            return SKRect.Create(left + (column * CellWidth), TitleHeight + (row * CellHeight), CellWidth, CellHeight);
        }
    }

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture);

    private static string Number(double value) =>
        value.ToString(value is >= 1e-4 and < 1e6 or 0 ? "0.######" : "G4", CultureInfo.InvariantCulture);
}
