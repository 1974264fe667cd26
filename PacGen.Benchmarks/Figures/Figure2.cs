using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Plots;
using PacGen.Benchmarks.Reporting;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;
using Spectre.Console;
using Color = ScottPlot.Color;

namespace PacGen.Benchmarks.Figures;

/// <summary>Figure 2: the sharpness metric ℳ (9) in one dimension; at a fixed perturbation level it grows with the curvature.</summary>
internal sealed class Figure2 : Figure
{
    private const string PictureFile = "figure-2.png", NumbersFile = "figure-2.csv";
    private const int Width = 1600, Height = 1080, TitleHeight = 46, TopHeight = 540;
    private const double Reach = 1.6;

    // Okabe and Ito's, told apart by colour-blind eyes too.
    private static readonly Color LossColor = Color.FromHex("#0072B2"), MeanColor = Color.FromHex("#D55E00"), MetricColor = Color.FromHex("#009E73");
    private static readonly double[] Shown = [0.5, 2, 8];

    private readonly Option<double?> sigma = Options.Number(
        "--sigma", "σ of the perturbation u ~ U(−σ, σ)", new Interval(0, Reach, true, false), 0.5);

    public Figure2(Host host)
        : base(host, 2, "The sharpness metric M (9) in one dimension: at a fixed perturbation, more curvature makes it larger.", PictureFile, NumbersFile) =>
        Command.Add(sigma);

    /// <inheritdoc/>
    protected override int Draw(ParseResult parsed, int width, Terminal terminal, Action<string, Action<Stream>> write)
    {
        double level = parsed.GetValue(sigma)!.Value;

        // 0.05 to 50, 20 a decade.
        GaussianWell[] wells = [.. Enumerable.Range(0, 61).Select(k => new GaussianWell(0.05 * Math.Pow(10, k / 20.0)))];
        GaussianWell[] shown = [.. Shown.Select(curvature => new GaussianWell(curvature))];
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("curvature", "loss at w", "E loss at w + u", "increase", "ρ", "M (9)");
        foreach (GaussianWell well in shown)
        {
            table.AddRow(Fixed(well.Curvature), Fixed(well.Loss(0)), Fixed(well.Expected(level)), Fixed(well.Expected(level) - well.Loss(0)), Fixed(well.Rho(level)), Fixed(well.Sharpness(level)));
        }

        terminal.Line($"u ~ U(−{level.ToString(CultureInfo.InvariantCulture)}, {level.ToString(CultureInfo.InvariantCulture)}) around the minimum w = 0");
        terminal.Write(table);
        byte[] picture = Paint(shown, wells, level, width);
        write(PictureFile, stream => stream.Write(picture));
        write(NumbersFile, stream => Csv(stream,
        [
            "curvature,sigma,loss,expected_loss,increase,rho,sharpness",
            .. wells.Select(well => string.Create(
                CultureInfo.InvariantCulture,
                $"{well.Curvature:G6},{level:G6},{well.Loss(0):G6},{well.Expected(level):G12},{well.Expected(level) - well.Loss(0):G12},{well.Rho(level):G12},{well.Sharpness(level):G12}")),
        ]));
        return 0;
    }

    private static string Fixed(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static byte[] Paint(GaussianWell[] shown, GaussianWell[] wells, double level, int pixels)
    {
        using Picture picture = new(Width, Height, pixels);
        SurfacePlot.Text(
            picture.Canvas,
            $"Figure 2: with u ~ U(−σ, σ), σ = {level.ToString(CultureInfo.InvariantCulture)}, more curvature makes the sharpness metric M larger",
            Width / 2f, TitleHeight / 2f, 19, Alignment.MiddleCenter, bold: true);
        for (int k = 0; k < shown.Length; k++)
        {
            using Plot panel = One(shown[k], level);
            picture.Add(panel, new SKRect(k * Width / shown.Length, TitleHeight, (k + 1) * Width / shown.Length, TitleHeight + TopHeight));
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
        plot.Title(string.Create(CultureInfo.InvariantCulture, $"curvature {well.Curvature:0.###}: M = {well.Sharpness(level):0.0000}, increase {mean - least:0.0000}"), 15);
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
        Curve("its quadratic part, curvature · σ²/6", well => well.Curvature * level * level / 6, Colors.Gray, LinePattern.Dotted);
        Curve("exact increase, (E of the loss at w + u) − (loss at w)", well => well.Expected(level) - well.Loss(0), MeanColor, LinePattern.Solid);
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
                    ticks.AddMajor(Math.Log10(value), value.ToString("0.######", CultureInfo.InvariantCulture));
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
