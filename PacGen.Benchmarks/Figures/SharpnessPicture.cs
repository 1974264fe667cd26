using PacGen.Benchmarks.Plots;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace PacGen.Benchmarks.Figures;

/// <summary>Figure 2's picture: wells of some curvatures, and the metric against the curvature.</summary>
internal static class SharpnessPicture
{
    /// <summary>Half the width of a panel.</summary>
    public const double Reach = 1.6;

    private const int Width = 1600, Height = 1080, TitleHeight = 46, TopHeight = 540;

    // Okabe and Ito's, distinguished by colour-blind eyes too.
    private static readonly Color LossColor = Color.FromHex("#0072B2"), MeanColor = Color.FromHex("#D55E00");
    private static readonly Color MetricColor = Color.FromHex("#009E73");

    /// <summary>Draws the figure.</summary>
    /// <param name="shown">The wells that have a panel each.</param>
    /// <param name="wells">Those of the curves.</param>
    /// <param name="level">σ.</param>
    /// <param name="pixels">The picture's width in pixels.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Draw(GaussianWell[] shown, GaussianWell[] wells, double level, int pixels)
    {
        using Picture picture = new(Width, Height, pixels);
        SurfacePlot.Text(
            picture.Canvas,
            $"Figure 2: with u ~ U(−σ, σ), σ = {level}, more curvature makes the sharpness metric M larger",
            Width / 2f, TitleHeight / 2f, 19, Alignment.MiddleCenter, bold: true);
        for (int k = 0; k < shown.Length; k++)
        {
            using Plot panel = One(shown[k], level);
            picture.Add(panel, new SKRect(
                k * Width / shown.Length, TitleHeight, (k + 1) * Width / shown.Length, TitleHeight + TopHeight));
        }

        using Plot curves = Curves(shown, wells, level);
        picture.Add(curves, new SKRect(0, TitleHeight + TopHeight, Width, Height));
        return picture.Encode();
    }

    private static Plot One(GaussianWell well, double level)
    {
        Plot plot = new();
        double[] w = [.. Enumerable.Range(0, 321).Select(i => Reach * ((i / 160.0) - 1))];
        double least = well.Loss(0), mean = well.Expected(level), bound = least + well.Sharpness(level);
        HorizontalSpan range = plot.Add.HorizontalSpan(-level, level, LossColor.WithAlpha(0.13));
        range.LineStyle.Width = 0;
        range.LegendText = "w ± σ";
        Scatter curve = plot.Add.ScatterLine(w, w.Select(well.Loss).ToArray(), LossColor);
        curve.LineWidth = 2.5f;
        curve.LegendText = "loss";
        Level(least, LossColor, LinePattern.Dotted, "loss at w");
        Level(mean, MeanColor, LinePattern.Solid, "E of the loss at w + u");
        Level(bound, MetricColor, LinePattern.Dashed, "(loss at w) + M");
        Scatter height = plot.Add.ScatterLine(new double[] { 0, 0 }, new double[] { least, bound }, MetricColor);
        height.LineWidth = 4;
        height.LegendText = "M";
        plot.Title($"curvature {well.Curvature:0.###}: M = {well.Sharpness(level):0.0000}, increase {mean - least:0.0000}", 15);
        plot.XLabel("weight", 13);
        plot.YLabel("loss", 13);
        plot.Axes.SetLimits(-Reach, Reach, 0, 1);
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        BottomLegend.Show(plot, 24);
        return plot;

        void Level(double y, Color color, LinePattern pattern, string name)
        {
            Scatter line = plot.Add.ScatterLine(new double[] { -Reach, Reach }, new double[] { y, y }, color);
            line.LinePattern = pattern;
            line.LineWidth = 1.8f;
            line.LegendText = name;
        }
    }

    private static Plot Curves(GaussianWell[] shown, GaussianWell[] wells, double level)
    {
        Plot plot = new();
        Curve("M (9)", well => well.Sharpness(level), MetricColor, LinePattern.Dashed);
        Curve(
            "its quadratic part, curvature · σ²/6", well => well.Curvature * level * level / 6, Colors.Gray, LinePattern.Dotted);
        Curve("exact increase, (E of the loss at w + u) − (loss at w)", well => well.Expected(level) - well.Loss(0), MeanColor,
            LinePattern.Solid);
        plot.Title("the metric, and what it bounds, against the curvature", 15);
        plot.XLabel("curvature of the loss at w (logarithmic)", 13);
        plot.YLabel("increase of the loss (logarithmic)", 13);
        plot.Axes.Bottom.TickGenerator = Decades(-2, 2);
        plot.Axes.Left.TickGenerator = Decades(-6, 4);
        plot.Axes.Margins(0.01, 0.06);
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        BottomLegend.Show(plot, 24);
        return plot;

        void Curve(string name, Func<GaussianWell, double> value, Color color, LinePattern pattern)
        {
            Scatter curve = plot.Add.ScatterLine(X(wells), Y(wells), color);
            curve.LineWidth = 2.5f;
            curve.LinePattern = pattern;
            curve.LegendText = name;
            plot.Add.Markers(X(shown), Y(shown), MarkerShape.FilledCircle, 9, color);

            double[] X(GaussianWell[] of) => [.. of.Select(well => Math.Log10(well.Curvature))];

            double[] Y(GaussianWell[] of) => [.. of.Select(well => Math.Log10(value(well)))];
        }
    }

    private static NumericManual Decades(int from, int to)
    {
        NumericManual ticks = new();
        for (int power = from; power <= to; power++)
        {
            for (int digit = 1; digit <= 9; digit++)
            {
                double value = digit * Math.Pow(10, power);
                if (digit is 1 or 2 or 5)
                {
                    ticks.AddMajor(Math.Log10(value), $"{value:0.######}");
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
