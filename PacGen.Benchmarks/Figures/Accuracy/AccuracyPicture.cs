using PacGen.Benchmarks.Plots;
using PacGen.Benchmarks.Runs;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>
/// The two panels of Figure 7: training and test accuracy by epoch, the mean over seeds with their range as a band.
/// </summary>
internal static class AccuracyPicture
{
    private const int Width = 1600, Height = 760, TitleHeight = 46;

    // Okabe and Ito's, distinguished by colour-blind eyes too.
    private static readonly Color[] Palette =
        [Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"),
            Color.FromHex("#E69F00"), Color.FromHex("#666666")];

    private static readonly MarkerShape[] Markers =
        [MarkerShape.FilledCircle, MarkerShape.OpenSquare, MarkerShape.FilledTriangleUp, MarkerShape.OpenDiamond,
            MarkerShape.OpenCircle, MarkerShape.FilledSquare];

    /// <summary>Draws the figure.</summary>
    /// <param name="title">What all of it shows.</param>
    /// <param name="arms">The ways of training, the plain one first.</param>
    /// <param name="findings">Their runs: at least one seed.</param>
    /// <param name="pixels">The picture's width in pixels.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Draw(string title, IReadOnlyList<RunArm> arms, AccuracyFindings findings, int pixels)
    {
        using Picture picture = new(Width, Height, pixels);
        SurfacePlot.Text(picture.Canvas, title, Width / 2f, TitleHeight / 2f, 19, Alignment.MiddleCenter, bold: true);
        (string Name, RunEpoch[][] Runs)[] curves = [.. arms.Select(arm => (arm.Name, findings.Of(arm)))];
        using Plot train = Panel("training accuracy", curves, epoch => 100 * epoch.TrainAccuracy);
        using Plot test = Panel("test accuracy", curves, epoch => 100 * epoch.TestAccuracy);

        // One scale for both, so that the gap between them can be seen.
        double[] all = [.. curves.SelectMany(curve => curve.Runs).SelectMany(run => run).SelectMany(
            epoch => new[] { 100 * epoch.TrainAccuracy, 100 * epoch.TestAccuracy })];
        double margin = Math.Max(0.05 * (all.Max() - all.Min()), 0.5);
        foreach (Plot panel in new[] { train, test })
        {
            panel.Axes.SetLimitsY(Math.Max(0, all.Min() - margin), Math.Min(100, all.Max() + margin));
        }

        picture.Add(train, new SKRect(0, TitleHeight, Width / 2, Height));
        picture.Add(test, new SKRect(Width / 2, TitleHeight, Width, Height));
        return picture.Encode();
    }

    private static Plot Panel(string title, (string Name, RunEpoch[][] Runs)[] curves, Func<RunEpoch, double> value)
    {
        Plot plot = new();
        for (int c = 0; c < curves.Length; c++)
        {
            RunEpoch[][] runs = curves[c].Runs;
            double[] x = [.. runs[0].Select(epoch => (double)epoch.Epoch)];
            double[][] y = [.. x.Select((_, e) => runs.Select(run => value(run[e])).ToArray())];
            Color color = Palette[c % Palette.Length];
            if (runs.Length > 1 && x.Length > 1)
            {
                FillY band = plot.Add.FillY(x, [.. y.Select(values => values.Min())], [.. y.Select(values => values.Max())]);
                band.FillColor = color.WithAlpha(0.2);
                band.LineWidth = 0;
                band.MarkerSize = 0;
            }

            Scatter mean = plot.Add.Scatter(x, y.Select(values => values.Average()).ToArray(), color);
            mean.LineWidth = 2.5f;
            mean.MarkerShape = Markers[c % Markers.Length];
            mean.MarkerSize = x.Length > 40 ? 0 : 8;
            mean.LegendText = curves[c].Name;
        }

        int seeds = curves[0].Runs.Length;
        plot.Title(seeds > 1 ? $"{title}, mean and range of {seeds} seeds" : title, 16);
        plot.XLabel("epoch", 14);
        plot.YLabel("accuracy, %", 14);
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Bottom.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        BottomLegend.Show(plot, 28, 14);
        return plot;
    }
}
