using PacGen.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>The panels of Figure 1.</summary>
internal static class LandscapePicture
{
    // The loss at which the surface is cut off, in nats.
    private const double LossTop = 1.0;

    private const int Width = 1600, Height = 1330, TopHeight = 740, MapsLeft = 1040;
    private static readonly Color[] LabelColors = [Look.ColorOf(0), Look.ColorOf(4)];

    // Green and red, as in the paper, but distinguishable for colour-blind readers too.
    private static readonly Color[] MarkColors = [Look.ColorOf(2), Look.ColorOf(1)];
    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp];
    private static readonly MarkerShape[] Rims = [MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp];

    /// <summary>Draws the figure.</summary>
    /// <param name="title">What all of it shows.</param>
    /// <param name="surface">The landscape.</param>
    /// <param name="sample">The samples.</param>
    /// <param name="marked">The optima whose predictions are shown, at most two: the sharp one, then the flat one.</param>
    public static Page Draw(
        string title, LossSurface surface, MixtureSample sample, IReadOnlyList<(string Name, PointScore Score)> marked)
    {
        Page page = new(title, Width, Height);
        ColorScale psi = new(new Viridis(), Least(surface.Psi, surface), Quantile(surface.Psi, surface, 0.985));
        ColorScale bound = new(Darkening(), Least(surface.Bound, surface), Quantile(surface.Bound, surface, 1));
        page.Paint((canvas, textScale) => Space(canvas, page.Top, textScale, surface, psi, bound, marked));
        const float MapHeight = TopHeight / 2f, Third = Width / 3f;
        page.Add(Map("(a) from above: Ψ, with contours of the loss", surface, surface.Psi, psi, "Ψ", marked),
            SKRect.Create(MapsLeft, page.Top, Width - MapsLeft, MapHeight));
        page.Add(Map("(a) from above: the approximate bound (13), η = 39", surface, surface.Bound, bound, "bound", marked),
            SKRect.Create(MapsLeft, page.Top + MapHeight, Width - MapsLeft, MapHeight));
        float bottom = page.Top + TopHeight + 10;
        page.Add(Samples(sample), new SKRect(0, bottom, Third, Height));
        for (int k = 0; k < marked.Count; k++)
        {
            page.Add(
                Predicted($"({"cd"[k]}) predicted by the {marked[k].Name} optimum", sample, marked[k].Score, MarkColors[k]),
                new SKRect((k + 1) * Third, bottom, (k + 2) * Third, Height));
        }

        return page;
    }

    private static void Space(SKCanvas canvas, float top, float textScale, LossSurface surface, ColorScale psi, ColorScale bound,
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
            Marks = [.. marked.Select(
                (mark, k) => (mark.Score.W1, mark.Score.W2, mark.Score.Loss.Value, MarkColors[k].ToSKColor()))],
            TextSize = (Look.Name + 1) * textScale,
        };
        plot.Draw(canvas, new SKRect(0, top + 30, 900, top + TopHeight));
        Look.Write(canvas, $"(a) loss surface up to {LossTop:F1} nats: colour Ψ, floor the bound", 450, top + 16,
            Look.Heading * textScale, Alignment.MiddleCenter, bold: true, width: 880);
        float size = Look.Name * textScale;
        SurfacePlot.DrawColorBar(canvas, new SKRect(900, top + 90, 922, top + 350), psi, "Ψ (surface)", size);
        SurfacePlot.DrawColorBar(canvas, new SKRect(900, top + 430, 922, top + 690), bound, "bound (floor)", size);
        for (int k = 0; k < marked.Count; k++)
        {
            PointScore score = marked[k].Score;
            float y = top + 50 + (22 * k * textScale);
            using SKPaint dot = new() { Color = MarkColors[k].ToSKColor(), IsAntialias = true };
            canvas.DrawCircle(30, y, 6, dot);
            Look.Write(canvas, $"{marked[k].Name}: loss {score.Loss.Value:F3}, Ψ {score.Psi:F2}, bound {score.Bound:F3}", 44, y,
                (Look.Name + 1) * textScale, Alignment.MiddleLeft, bold: true, color: MarkColors[k]);
        }
    }

    private static Panel Map(string title, LossSurface surface, double[,] values, ColorScale scale, string name,
        IReadOnlyList<(string Name, PointScore Score)> marked)
    {
        int n = surface.Points;
        double outer = surface.Range + (surface.Range / (n - 1));
        Panel panel = Square(title, "w", surface.Range);
        panel.Map(values, scale, new CoordinateRect(-outer, outer, -outer, outer), name);
        Coordinates3d[,] losses = new Coordinates3d[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                losses[j, i] = new Coordinates3d(surface.Coordinate(i), surface.Coordinate(j), surface.Loss[i, j]);
            }
        }

        ContourLines contours = panel.Plot.Add.ContourLines(losses, 2);
        contours.ContourLineLevels = [0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 1.0];
        contours.Update(losses);
        contours.LineColor = Colors.Black.WithAlpha(0.55);
        contours.LineWidth = 0.8f;
        contours.LabelStyle.IsVisible = false;
        for (int k = 0; k < marked.Count; k++)
        {
            Spots(panel, [marked[k].Score.W1], [marked[k].Score.W2], k, MarkColors[k], 1.5f);
        }

        return panel;
    }

    private static Panel Samples(MixtureSample sample)
    {
        Panel panel = Square($"(b) the {sample.Count} samples", "x", Reach(sample));
        Points(panel, sample, i => sample.Label[i]);
        return panel;
    }

    private static Panel Predicted(string title, MixtureSample sample, PointScore score, Color mark)
    {
        const int Cells = 220;
        double reach = Reach(sample);
        double[,] probability = new double[Cells, Cells];
        for (int i = 0; i < Cells; i++)
        {
            for (int j = 0; j < Cells; j++)
            {
                probability[i, j] = 1 / (1 + Math.Exp(-SharedMlp.Logit(score.W1, score.W2, At(i), At(j))));
            }
        }

        Panel panel = Square(title, "x", reach);
        panel.Plot.Axes.Title.Label.ForeColor = mark;
        CustomInterpolated between = new(
            [LabelColors[0].MixedWith(Colors.White, 0.45), Colors.White, LabelColors[1].MixedWith(Colors.White, 0.45)]);
        panel.Map(probability, new ColorScale(between, 0, 1), new CoordinateRect(-reach, reach, -reach, reach),
            "probability of label 1");
        Points(panel, sample, i => SharedMlp.Logit(score.W1, score.W2, sample.X[i], sample.Y[i]) > 0 ? 1 : 0);
        return panel;

        double At(int cell) => reach * (((2.0 * cell) + 1) / Cells - 1);
    }

    private static double Reach(MixtureSample sample) => Math.Ceiling(sample.X.Concat(sample.Y).Max(Math.Abs) + 0.3);

    // The samples coloured by a label, shaped by where they come from; with a ring where that is not their own label.
    private static void Points(Panel panel, MixtureSample sample, Func<int, int> label)
    {
        for (int l = 0; l < 2; l++)
        {
            for (int component = 0; component < 3; component++)
            {
                int[] chosen =
                    [.. Enumerable.Range(0, sample.Count).Where(i => label(i) == l && sample.Component[i] == component)];
                Spots(panel, X(chosen), Y(chosen), component, LabelColors[l], 0.8f);
                int[] mistaken = [.. chosen.Where(i => sample.Label[i] != l)];
                panel.Plot.Add.Markers(X(mistaken), Y(mistaken), MarkerShape.OpenCircle, 13, Colors.Black).MarkerStyle.LineWidth =
                    1.5f;
            }
        }

        bool predictions = Enumerable.Range(0, sample.Count).Any(i => label(i) != sample.Label[i]);
        panel.LegendItems.AddRange(
        [
            .. LabelColors.Select(
                (color, l) => Item($"{(predictions ? "predicted " : "")}label {l}", MarkerShape.FilledDiamond, color)),
            .. predictions
                ? (LegendItem[])[Item("wrong", MarkerShape.OpenCircle, Colors.Black)]
                : [.. Shapes.Select((shape, k) => Item($"Gaussian {k}", shape, Colors.Gray))],
        ]);

        double[] X(int[] of) => [.. of.Select(i => sample.X[i])];

        double[] Y(int[] of) => [.. of.Select(i => sample.Y[i])];
    }

    // Marks with a white rim.
    private static void Spots(Panel panel, double[] x, double[] y, int shape, Color color, float rim)
    {
        panel.Plot.Add.Markers(x, y, Shapes[shape], 10, color);
        panel.Plot.Add.Markers(x, y, Rims[shape], 10, Colors.White).MarkerStyle.LineWidth = rim;
    }

    private static LegendItem Item(string text, MarkerShape shape, Color color) => new()
    {
        LabelText = text,
        MarkerStyle =
            new MarkerStyle(shape, 10, color) { LineColor = color, LineWidth = shape == MarkerShape.OpenCircle ? 1.5f : 0 },
    };

    private static Panel Square(string title, string name, double range)
    {
        Axis across = new($"{name}₁") { Ends = (-range, range) };
        Panel panel = new(title, across, across with { Name = $"{name}₂" });
        panel.Plot.HideGrid();
        return panel;
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
