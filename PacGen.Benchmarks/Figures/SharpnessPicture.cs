using PacGen.Plots;
using ScottPlot;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Benchmarks.Figures;

/// <summary>Figure 2's picture: wells of some curvatures, and the metric against the curvature.</summary>
internal static class SharpnessPicture
{
    /// <summary>Half the width of a panel.</summary>
    public const double Reach = 1.6;

    private const int Width = 1600, Height = 1080, TopHeight = 540;
    private static readonly Color Loss = Look.ColorOf(0), Mean = Look.ColorOf(1), Metric = Look.ColorOf(2);

    /// <summary>Draws the figure.</summary>
    /// <param name="shown">The wells that have a panel each.</param>
    /// <param name="wells">Those of the curves.</param>
    /// <param name="level">σ.</param>
    public static Page Draw(GaussianWell[] shown, GaussianWell[] wells, double level)
    {
        Page page = new(
            $"Figure 2: with u ~ U(−σ, σ), σ = {level}, more curvature makes the sharpness metric ℳ larger", Width, Height);
        float width = (float)Width / shown.Length;
        for (int k = 0; k < shown.Length; k++)
        {
            page.Add(One(shown[k], level), SKRect.Create(k * width, page.Top, width, TopHeight));
        }

        page.Add(Curves(shown, wells, level), new SKRect(0, page.Top + TopHeight, Width, Height));
        return page;
    }

    private static Panel One(GaussianWell well, double level)
    {
        double[] w = [.. Enumerable.Range(0, 321).Select(i => Reach * ((i / 160.0) - 1))];
        double least = well.Loss(0), mean = well.Expected(level), bound = least + well.Sharpness(level);
        Panel panel = new(
            $"curvature {well.Curvature:0.###}: ℳ = {well.Sharpness(level):0.0000}, increase {mean - least:0.0000}",
            new Axis("weight") { Ends = (-Reach, Reach) }, new Axis("loss") { Ends = (0, 1) });
        HorizontalSpan range = panel.Plot.Add.HorizontalSpan(-level, level, Loss.WithAlpha(0.13));
        range.LineStyle.Width = 0;
        range.LegendText = "w ± σ";
        panel.Add(new Curve("loss", w, [.. w.Select(well.Loss)]) { Color = Loss, Width = 2.5f });
        Level(least, Loss, LinePattern.Dotted, "loss at w");
        Level(mean, Mean, LinePattern.Solid, "𝔼 of the loss at w + u");
        Level(bound, Metric, LinePattern.Dashed, "(loss at w) + ℳ");
        panel.Add(new Curve("ℳ", [0, 0], [least, bound]) { Color = Metric, Width = 4 });
        return panel;

        void Level(double y, Color color, LinePattern pattern, string name) =>
            panel.Add(new Curve(name, [-Reach, Reach], [y, y]) { Color = color, Pattern = pattern, Width = 1.8f });
    }

    private static Panel Curves(GaussianWell[] shown, GaussianWell[] wells, double level)
    {
        Panel panel = new("the metric, and what it bounds, against the curvature",
            new Axis("curvature of the loss at w (logarithmic)", true), new Axis("increase of the loss (logarithmic)", true));
        Add("ℳ (9)", well => well.Sharpness(level), Metric, LinePattern.Dashed);
        Add("its quadratic part, curvature · σ²/6", well => well.Curvature * level * level / 6, Look.ColorOf(5),
            LinePattern.Dotted);
        Add("exact increase, (𝔼 of the loss at w + u) − (loss at w)", well => well.Expected(level) - well.Loss(0), Mean,
            LinePattern.Solid);
        panel.Plot.Axes.Margins(0.01, 0.06);
        return panel;

        void Add(string name, Func<GaussianWell, double> value, Color color, LinePattern pattern)
        {
            Curve curve = new(name, [.. wells.Select(well => well.Curvature)], [.. wells.Select(value)])
            {
                Color = color, Pattern = pattern, Width = 2.5f,
            };
            panel.Add(curve);
            panel.Add(curve with
            {
                Name = "", X = [.. shown.Select(well => well.Curvature)], Y = [.. shown.Select(value)], Width = 0,
                Marker = MarkerShape.FilledCircle, MarkerSize = 9,
            });
        }
    }
}
