using PacGen.Benchmarks.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>The panels of Figure 1.</summary>
internal static class LandscapePicture
{
    private const int Width = 1600, Height = 1330, TitleHeight = 46, TopHeight = 740, BottomTop = TitleHeight + TopHeight + 10;

    // Okabe and Ito's colours; green and red of the marks as in the paper.
    private static readonly Color[] LabelColors = [Color.FromHex("#0072B2"), Color.FromHex("#E69F00")];
    private static readonly Color[] MarkColors = [Color.FromHex("#00B050"), Color.FromHex("#E3001B")];
    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp];
    private static readonly MarkerShape[] Rims = [MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp];

    /// <summary>The loss at which the surface is cut off, in nats.</summary>
    private const double LossTop = 1.0;

    /// <summary>Draws the figure.</summary>
    /// <param name="title">What all of it shows.</param>
    /// <param name="surface">The landscape.</param>
    /// <param name="sample">The samples.</param>
    /// <param name="marked">The optima whose predictions are shown, at most two: the sharp one, then the flat one.</param>
    /// <param name="pixels">The picture's width in pixels.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Draw(string title, LossSurface surface, MixtureSample sample,
        IReadOnlyList<(string Name, PointScore Score)> marked, int pixels)
    {
        using Picture picture = new(Width, Height, pixels);
        SurfacePlot.Text(picture.Canvas, title, Width / 2f, TitleHeight / 2f, 19, Alignment.MiddleCenter, bold: true);
        ColorScale psi = new(new Viridis(), Least(surface.Psi, surface), Quantile(surface.Psi, surface, 0.985));
        ColorScale bound = new(Darkening(), Least(surface.Bound, surface), Quantile(surface.Bound, surface, 1));
        Space(picture, surface, psi, bound, marked);
        using (Plot map = Map("(a) from above: Ψ, with contours of the loss", surface, surface.Psi, psi, "Ψ", marked))
        {
            picture.Add(map, new SKRect(1050, TitleHeight, Width - 10, TitleHeight + (TopHeight / 2)));
        }

        using (Plot map = Map(
            "(a) from above: the approximate bound (13), η = 39", surface, surface.Bound, bound, "bound", marked))
        {
            picture.Add(map, new SKRect(1050, TitleHeight + (TopHeight / 2), Width - 10, TitleHeight + TopHeight));
        }

        const int Third = Width / 3;
        using (Plot samples = Samples(sample))
        {
            picture.Add(samples, new SKRect(0, BottomTop, Third, Height));
        }

        for (int k = 0; k < marked.Count; k++)
        {
            using Plot predicted = Predicted(
                $"({"cd"[k]}) predicted by the {marked[k].Name} optimum", sample, marked[k].Score, MarkColors[k]);
            picture.Add(predicted, new SKRect((k + 1) * Third, BottomTop, (k + 2) * Third, Height));
        }

        return picture.Encode();
    }

    private static void Space(Picture picture, LossSurface surface, ColorScale psi, ColorScale bound,
        IReadOnlyList<(string Name, PointScore Score)> marked)
    {
        double[] lines = [.. Enumerable.Range(0, surface.Points).Select(surface.Coordinate)];
        double least = Math.Floor(surface.Loss.Cast<double>().Min() * 10) / 10;
        SurfacePlot plot = new()
        {
            X = lines,
            Y = lines,
            Z = surface.Loss,
            SurfaceValue = surface.Psi,
            FloorValue = surface.Bound,
            SurfaceColors = psi,
            FloorColors = bound,
            ZRange = (least, LossTop),
            Labels = ("w₁", "w₂", "empirical loss, nats"),
            View = (-40, 42),
            Marks = [.. marked.Select((mark, k) => (mark.Score.W1, mark.Score.W2, mark.Score.Loss.Value, new SKColor(
                MarkColors[k].R, MarkColors[k].G, MarkColors[k].B)))],
        };
        plot.Draw(picture.Canvas, new SKRect(0, TitleHeight + 30, 900, TitleHeight + TopHeight));
        SurfacePlot.Text(picture.Canvas, $"(a) loss surface up to {LossTop:F1} nats: colour Ψ, floor the bound", 450,
            TitleHeight + 16, 16, Alignment.MiddleCenter, bold: true);
        SurfacePlot.DrawColorBar(
            picture.Canvas, new SKRect(900, TitleHeight + 90, 922, TitleHeight + 350), psi, "Ψ (surface)", 13);
        SurfacePlot.DrawColorBar(
            picture.Canvas, new SKRect(900, TitleHeight + 430, 922, TitleHeight + 690), bound, "bound (floor)", 13);
        for (int k = 0; k < marked.Count; k++)
        {
            PointScore score = marked[k].Score;
            SKColor ink = new(MarkColors[k].R, MarkColors[k].G, MarkColors[k].B);
            using SKPaint dot = new() { Color = ink, IsAntialias = true };
            picture.Canvas.DrawCircle(30, TitleHeight + 50 + (22 * k), 6, dot);
            SurfacePlot.Text(
                picture.Canvas,
                $"{marked[k].Name}: loss {score.Loss.Value:F3}, Ψ {score.Psi:F2}, bound {score.Bound:F3}",
                44, TitleHeight + 50 + (22 * k), 14, Alignment.MiddleLeft, bold: true, color: ink);
        }
    }

    private static Plot Map(string title, LossSurface surface, double[,] values, ColorScale scale, string name,
        IReadOnlyList<(string Name, PointScore Score)> marked)
    {
        int n = surface.Points;
        double half = surface.Range / (n - 1);
        Plot plot = new();
        double[,] rows = new double[n, n];
        Coordinates3d[,] losses = new Coordinates3d[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                rows[n - 1 - j, i] = values[i, j];
                losses[j, i] = new Coordinates3d(surface.Coordinate(i), surface.Coordinate(j), surface.Loss[i, j]);
            }
        }

        Heatmap map = plot.Add.Heatmap(rows);
        map.Colormap = scale.Map;
        map.ManualRange = new ScottPlot.Range(scale.Least, scale.Largest);
        map.Position = new CoordinateRect(
            -surface.Range - half, surface.Range + half, -surface.Range - half, surface.Range + half);
        ContourLines contours = plot.Add.ContourLines(losses, 2);
        contours.ContourLineLevels = [0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 1.0];
        contours.Update(losses);
        contours.LineColor = Colors.Black.WithAlpha(0.55);
        contours.LineWidth = 0.8f;
        contours.LabelStyle.IsVisible = false;
        for (int k = 0; k < marked.Count; k++)
        {
            Marker(plot, marked[k].Score.W1, marked[k].Score.W2, MarkColors[k]);
        }

        ScottPlot.Panels.ColorBar bar = plot.Add.ColorBar(map);
        bar.Label = name;
        bar.LabelStyle.FontSize = 13;
        Frame(plot, title, "w₁", "w₂", surface.Range, surface.Range);
        return plot;
    }

    private static Plot Samples(MixtureSample sample)
    {
        Plot plot = new();
        Points(plot, sample, i => sample.Label[i], _ => false);
        double reach = Reach(sample);
        Frame(plot, $"(b) the {sample.Count} samples", "x₁", "x₂", reach, reach);
        return plot;
    }

    private static Plot Predicted(string title, MixtureSample sample, PointScore score, Color mark)
    {
        const int Cells = 220;
        Plot plot = new();
        double reach = Reach(sample);
        double[,] probability = new double[Cells, Cells];
        for (int r = 0; r < Cells; r++)
        {
            for (int c = 0; c < Cells; c++)
            {
                double x = reach * (((2.0 * c) + 1) / Cells - 1), y = reach * (1 - (((2.0 * r) + 1) / Cells));
                probability[r, c] = 1 / (1 + Math.Exp(-SharedMlp.Logit(score.W1, score.W2, x, y)));
            }
        }

        Heatmap map = plot.Add.Heatmap(probability);
        map.Colormap = new CustomInterpolated(
            [LabelColors[0].MixedWith(Colors.White, 0.45), Colors.White, LabelColors[1].MixedWith(Colors.White, 0.45)]);
        map.ManualRange = new ScottPlot.Range(0, 1);
        map.Position = new CoordinateRect(-reach, reach, -reach, reach);
        ScottPlot.Panels.ColorBar bar = plot.Add.ColorBar(map);
        bar.Label = "probability of label 1";
        bar.LabelStyle.FontSize = 13;
        int[] predicted = [.. Enumerable.Range(0, sample.Count).Select(
            i => SharedMlp.Logit(score.W1, score.W2, sample.X[i], sample.Y[i]) > 0 ? 1 : 0)];
        Points(plot, sample, i => predicted[i], i => predicted[i] != sample.Label[i]);
        Frame(plot, title, "x₁", "x₂", reach, reach);
        plot.Axes.Title.Label.ForeColor = mark;
        return plot;
    }

    private static double Reach(MixtureSample sample) => Math.Ceiling(sample.X.Concat(sample.Y).Max(Math.Abs) + 0.3);

    private static void Points(Plot plot, MixtureSample sample, Func<int, int> label, Func<int, bool> wrong)
    {
        for (int l = 0; l < 2; l++)
        {
            for (int component = 0; component < 3; component++)
            {
                int[] chosen =
                    [.. Enumerable.Range(0, sample.Count).Where(i => label(i) == l && sample.Component[i] == component)];
                if (chosen.Length == 0)
                {
                    continue;
                }

                double[] x = [.. chosen.Select(i => sample.X[i])], y = [.. chosen.Select(i => sample.Y[i])];
                plot.Add.Markers(x, y, Shapes[component], 10, LabelColors[l]);
                Markers rim = plot.Add.Markers(x, y, Rims[component], 10, Colors.White);
                rim.MarkerStyle.LineWidth = 0.8f;
                int[] mistaken = [.. chosen.Where(wrong)];
                if (mistaken.Length > 0)
                {
                    Markers ring = plot.Add.Markers(mistaken.Select(i => sample.X[i]).ToArray(),
                        mistaken.Select(i => sample.Y[i]).ToArray(), MarkerShape.OpenCircle, 13, Colors.Black);
                    ring.MarkerStyle.LineWidth = 1.5f;
                }
            }
        }

        bool predictions = Enumerable.Range(0, sample.Count).Any(wrong);
        plot.Legend.ManualItems.AddRange(
        [
            .. LabelColors.Select(
                (color, l) => Item($"{(predictions ? "predicted " : "")}label {l}", MarkerShape.FilledDiamond, color)),
            .. predictions
                ? (LegendItem[])[Item("wrong", MarkerShape.OpenCircle, Colors.Black)]
                : [.. Shapes.Select((shape, k) => Item($"Gaussian {k}", shape, Colors.Gray))],
        ]);
        BottomLegend.Show(plot, 14);
    }

    private static LegendItem Item(string text, MarkerShape shape, Color color) => new()
    {
        LabelText = text,
        MarkerStyle =
            new MarkerStyle(shape, 10, color) { LineColor = color, LineWidth = shape == MarkerShape.OpenCircle ? 1.5f : 0 },
    };

    private static void Frame(Plot plot, string title, string x, string y, double rangeX, double rangeY)
    {
        plot.Title(title, 15);
        plot.XLabel(x, 14);
        plot.YLabel(y, 14);
        plot.HideGrid();
        plot.Axes.SetLimits(-rangeX, rangeX, -rangeY, rangeY);
    }

    private static void Marker(Plot plot, double x, double y, Color color)
    {
        plot.Add.Marker(x, y, MarkerShape.FilledCircle, 11, color);
        plot.Add.Marker(x, y, MarkerShape.OpenCircle, 11, Colors.White).MarkerStyle.LineWidth = 1.5f;
    }

    // Magma from light to dark, without its blackest end.
    private static CustomInterpolated Darkening() =>
        new([.. Enumerable.Range(0, 256).Select(i => new Magma().GetColor(1 - (i / 255.0 * 0.85)))]);

    // The values where the surface is shown.
    private static IEnumerable<double> Shown(double[,] values, LossSurface surface)
    {
        for (int i = 0; i < surface.Points; i++)
        {
            for (int j = 0; j < surface.Points; j++)
            {
                if (surface.Loss[i, j] <= LossTop)
                {
                    yield return values[i, j];
                }
            }
        }
    }

    private static double Least(double[,] values, LossSurface surface) => Shown(values, surface).DefaultIfEmpty(0).Min();

    private static double Quantile(double[,] values, LossSurface surface, double share)
    {
        double[] sorted = [.. Shown(values, surface).DefaultIfEmpty(1).Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
