using PacGen.Nn;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace PacGen.Benchmarks.Plots;

/// <summary>
/// The curves of one or more runs by epoch: loss, accuracy, generalization gap, and Ψ where every run was scored.
/// </summary>
internal static class TrainingPlot
{
    /// <summary>The picture's size in pixels.</summary>
    public const int Width = 1200, Height = 800;

    // Okabe and Ito's, distinguished by colour-blind eyes too.
    private static readonly Color[] Palette =
        [Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7")];

    /// <summary>Draws the curves.</summary>
    /// <param name="path">The file that they are for: its extension names the format.</param>
    /// <param name="title">What all of it shows.</param>
    /// <param name="runs">The runs, each with its name and its epochs: at least one.</param>
    /// <returns>The file's bytes.</returns>
    public static byte[] Draw(
        string path, string title, params IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        PlotFont.Use();
        bool scored = runs.All(run => run.Epochs.Any(epoch => epoch.Score is not null));
        List<Plot> panels =
        [
            Panel("Loss", "cross-entropy (logarithmic)", runs, true, ("train", epoch => epoch.TrainLoss, true),
                ("test", epoch => epoch.TestLoss, false)),
            Panel("Accuracy", "share of images, %", runs, false, ("train", epoch => 100 * epoch.TrainAccuracy, true),
                ("test", epoch => 100 * epoch.TestAccuracy, false)),
            Panel("Generalization gap", "test loss − train loss", runs, false, ("", epoch => epoch.Gap, false)),
        ];
        if (scored)
        {
            panels.Add(Panel(
                "pacGen score Ψ", "Ψ (smaller is better)", runs, false, ("", epoch => epoch.Score?.Psi ?? double.NaN, false)));
        }

        // One title above the panels; a strip of the picture is kept for it.
        const int TitleHeight = 40;
        Multiplot all = new() { Layout = scored ? new Grid(2, 2) : new Columns() };
        all.Subplots.RemoveAt(0);
        panels.ForEach(all.Subplots.Add);
        byte[] picture = PictureFile.Encode(path, Width, Height, canvas =>
        {
            // Panels are laid out from the canvas's origin, whatever rectangle they are given.
            canvas.Translate(0, TitleHeight);
            all.Render(canvas, new PixelRect(0, Width, Height - TitleHeight, 0));
            canvas.ResetMatrix();
            using Paint paint = Paint.NewDisposablePaint();
            LabelStyle heading = new() { Text = title, FontSize = 18, Bold = true, FontName = PlotFont.Family,
                Alignment = Alignment.MiddleCenter };
            heading.Render(canvas, new Pixel(Width / 2f, TitleHeight / 2f), paint);
        });
        panels.ForEach(panel => panel.Dispose());
        return picture;
    }

    private static Plot Panel(
        string title,
        string axis,
        IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs,
        bool logarithmic,
        params (string Name, Func<EpochResult, double> Value, bool Dashed)[] series)
    {
        Plot plot = new();
        plot.Title(title, 15);
        plot.XLabel("epoch", 13);
        plot.YLabel(axis, 13);
        for (int r = 0; r < runs.Count; r++)
        {
            foreach ((string name, Func<EpochResult, double> value, bool dashed) in series)
            {
                (double X, double Y)[] points = [.. runs[r].Epochs
                    .Select(epoch => ((double)epoch.Epoch, logarithmic ? Math.Log10(value(epoch)) : value(epoch)))
                    .Where(point => double.IsFinite(point.Item2))];
                Scatter curve = plot.Add.Scatter(
                    points.Select(point => point.X).ToArray(), points.Select(point => point.Y).ToArray());
                curve.Color = Palette[r % Palette.Length];
                curve.LineWidth = 2;
                curve.MarkerSize = points.Length > 1 ? 0 : 10;
                curve.MarkerShape = dashed ? MarkerShape.OpenCircle : MarkerShape.FilledCircle;
                curve.LinePattern = dashed ? LinePattern.Dashed : LinePattern.Solid;
                curve.LegendText = $"{runs[r].Name}{(name.Length > 0 && runs[r].Name.Length > 0 ? ", " : "")}{name}";
            }
        }

        if (logarithmic)
        {
            double[] values = [.. runs.SelectMany(run => run.Epochs).SelectMany(epoch =>
                series.Select(one => one.Value(epoch))).Where(value => value > 0 && double.IsFinite(value))];
            if (values.Length > 0)
            {
                plot.Axes.SetLimitsY(Math.Log10(values.Min() / 1.2), Math.Log10(values.Max() * 1.2));
                plot.Axes.Left.TickGenerator = LogarithmicTicks(values.Min(), values.Max());
            }
        }

        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");

        if (runs.Count > 1 || series.Length > 1)
        {
            BottomLegend.Show(plot, 28, 11);
        }

        return plot;
    }

    // 1, 2 and 5 times powers of ten; more within one decade, fewer over many.
    private static NumericManual LogarithmicTicks(double least, double largest)
    {
        double decades = Math.Log10(largest / least);
        int[] digits = decades < 0.7 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 3 ? [1, 2, 5] : [1];
        NumericManual ticks = new();
        for (int power = (int)Math.Floor(Math.Log10(least)) - 1; power <= Math.Ceiling(Math.Log10(largest)); power++)
        {
            for (int digit = 1; digit <= 9; digit++)
            {
                double value = digit * Math.Pow(10, power);
                if (digits.Contains(digit))
                {
                    ticks.AddMajor(Math.Log10(value), $"{value:G4}");
                }
                else
                {
                    ticks.AddMinor(Math.Log10(value));
                }
            }
        }

        return ticks;
    }
}
