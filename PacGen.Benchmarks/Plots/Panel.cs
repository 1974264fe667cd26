using ScottPlot;
using ScottPlot.Panels;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>One pair of axes with what is drawn between them, its title above and its legend below.</summary>
internal sealed class Panel : IDisposable
{
    // Room for the numbers and the name, so that panels above each other begin at one line.
    private const float LeftWidth = 70;

    // About what ScottPlot leaves at the right.
    private const float RightMargin = 18;

    private const int MostRectangles = 1000;

    private readonly Axis x, y;
    private int curves;

    /// <param name="title">What it shows.</param>
    /// <param name="x">The axis at the bottom.</param>
    /// <param name="y">The axis at the left.</param>
    public Panel(string title, Axis x, Axis y)
    {
        PlotFont.Use();
        (this.x, this.y) = (x, y);
        Plot = new Plot();
        Plot.HideLegend();
        Plot.Title(title, Look.Heading);
        Plot.XLabel(x.Name, Look.Name);
        Plot.YLabel(y.Name, Look.Name);
        Plot.Axes.Left.MinimumSize = LeftWidth;
        ((ScottPlot.AxisPanels.AxisBase)Plot.Axes.Left).PaddingBetweenTickAndAxisLabels = new PixelPadding(8, 3);
        Plot.Grid.MajorLineColor = Look.Faint;
        Set(Plot.Axes.Bottom, x, Plot.Axes.SetLimitsX);
        Set(Plot.Axes.Left, y, Plot.Axes.SetLimitsY);

        static void Set(IAxis on, Axis axis, Action<double, double> limit)
        {
            on.TickGenerator = Ticks.Of(axis);
            on.TickLabelStyle.FontSize = Look.Small;
            if (axis.Ends is { } ends)
            {
                limit(axis.Of(ends.Least), axis.Of(ends.Largest));
            }
            else if (axis.Places is { } places)
            {
                limit(-0.5, places.Count - 0.5);
                on.MajorTickStyle.Length = 0;
            }
        }
    }

    /// <summary>What ScottPlot draws, for what only one picture has.</summary>
    public Plot Plot { get; }

    /// <summary>The entries of the legend beside those of the curves and bars that have names.</summary>
    public List<LegendItem> LegendItems => Plot.Legend.ManualItems;

    /// <summary>Draws a curve and its band.</summary>
    public void Add(Curve curve)
    {
        Color color = curve.Color ?? Look.ColorOf(curves);
        curves++;
        if (curve.Band is { } band && curve.X.Count > 1)
        {
            int[] whole = [.. Enumerable.Range(0, curve.X.Count).Where(
                i => Has(curve.X[i], band.Low[i]) && Has(curve.X[i], band.High[i]))];
            FillY area = Plot.Add.FillY(
                [.. whole.Select(i => x.Of(curve.X[i]))], [.. whole.Select(i => y.Of(band.Low[i]))],
                [.. whole.Select(i => y.Of(band.High[i]))]);
            area.FillColor = color.WithAlpha(0.2);
            area.LineWidth = area.MarkerSize = 0;
            Plot.MoveToBack(area);
        }

        int[] shown = [.. Enumerable.Range(0, curve.X.Count).Where(i => Has(curve.X[i], curve.Y[i]))];
        Scatter line = Plot.Add.Scatter(
            shown.Select(i => x.Of(curve.X[i])).ToArray(), shown.Select(i => y.Of(curve.Y[i])).ToArray(), color);
        line.LineWidth = curve.Width;
        line.LinePattern = curve.Pattern;
        line.MarkerShape = curve.Marker ?? (shown.Length == 1 ? MarkerShape.FilledCircle : MarkerShape.None);
        line.MarkerSize = curve.MarkerSize;
        int every = ((shown.Length - 1) / curve.MostMarks) + 1;
        if (every > 1 && curve.Marker is { } mark)
        {
            line.MarkerShape = MarkerShape.None;
            int[] some = [.. shown.Where((_, i) => (i + 1) % every == 0)];
            Scatter marks = Plot.Add.Scatter(
                some.Select(i => x.Of(curve.X[i])).ToArray(), some.Select(i => y.Of(curve.Y[i])).ToArray(), color);
            marks.LineWidth = 0;
            marks.MarkerShape = mark;
            marks.MarkerSize = curve.MarkerSize;
        }

        if (curve.Name.Length > 0)
        {
            LegendItems.Add(new LegendItem
            {
                LabelText = curve.Name, LineColor = color, LineWidth = curve.Width, LinePattern = curve.Pattern,
                MarkerShape = curve.Marker ?? line.MarkerShape, MarkerColor = color, MarkerSize = curve.MarkerSize,
            });
        }
    }

    /// <summary>Draws bars side by side, a group at each place of the axis.</summary>
    /// <param name="name">Their name in the legend; "" for none.</param>
    /// <param name="values">A value for each place; NaN for none.</param>
    /// <param name="number">Which of the bars at a place these are, from 0.</param>
    /// <param name="of">How many there are at a place.</param>
    /// <param name="errors">How far a whisker reaches to either side of each value; no whiskers without it.</param>
    /// <param name="horizontal">Whether the places are along the left axis.</param>
    /// <param name="color">Their colour; without it that of their number.</param>
    public void Bars(string name, IReadOnlyList<double> values, int number = 0, int of = 1,
        IReadOnlyList<double>? errors = null, bool horizontal = false, Color? color = null)
    {
        double width = 0.8 / of;
        int[] shown = [.. Enumerable.Range(0, values.Count).Where(i => double.IsFinite(values[i]))];
        BarPlot bars = Plot.Add.Bars(shown.Select(i => new Bar
        {
            Position = i + ((number + 0.5) * width) - 0.4, Value = values[i], Size = 0.92 * width, Error = errors?[i] ?? 0,
            ErrorSize = 0.3 * width, FillColor = color ?? Look.ColorOf(number), LineWidth = errors is null ? 0 : 1,
        }).ToArray());
        bars.Horizontal = horizontal;
        bars.LegendText = name;
    }

    /// <summary>
    /// Draws a mark at each place of the left axis, with a line from the lower to the upper end of its interval.
    /// </summary>
    /// <param name="values">A value for each place; NaN for none.</param>
    /// <param name="ends">The ends of each interval; NaN where there is none.</param>
    public void Marks(IReadOnlyList<double> values, IReadOnlyList<(double Low, double High)> ends)
    {
        Color color = Look.ColorOf(0);
        for (int i = 0; i < values.Count; i++)
        {
            if (ends[i].High > ends[i].Low)
            {
                Add(new Curve("", [ends[i].Low, ends[i].High], [i, i]) { Color = color, Width = 3 });
            }
        }

        Add(new Curve("", values, [.. values.Select((_, i) => (double)i)])
        {
            Color = color, Width = 0, Marker = MarkerShape.FilledCircle,
        });
    }

    /// <summary>Draws values as colours.</summary>
    /// <param name="values">The values at [x, y], both rising; NaN is grey.</param>
    /// <param name="scale">The colours.</param>
    /// <param name="area">The area that they fill.</param>
    /// <param name="name">What the colours mean, beside the bar that tells them.</param>
    public void Map(double[,] values, ColorScale scale, CoordinateRect area, string name)
    {
        // ScottPlot draws nothing of a single row or column: it is given twice.
        int columns = Math.Max(values.GetLength(0), 2), rows = Math.Max(values.GetLength(1), 2);
        double[,] fromTop = new double[rows, columns];
        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < rows; j++)
            {
                fromTop[rows - 1 - j, i] = values[Math.Min(i, values.GetLength(0) - 1), Math.Min(j, values.GetLength(1) - 1)];
            }
        }

        Heatmap map = Plot.Add.Heatmap(fromTop);
        map.Colormap = scale.Map;
        map.ManualRange = new ScottPlot.Range(scale.Least, scale.Largest);
        map.NaNCellColor = ColorScale.Missing;
        map.Rectangle = area;
        if (values.Length <= MostRectangles)
        {
            // An image of so few pixels would be blurred by who shows a PDF or SVG file.
            map.RenderStrategy = new Heatmap.RenderStrategies.Rectangles();
        }

        ColorBar bar = Plot.Add.ColorBar(map);
        bar.Width = 20;
        bar.Label = name;
        bar.LabelStyle.FontSize = Look.Name;
        bar.Axis.TickGenerator = Ticks.Of(new Axis(name));
        bar.Axis.TickLabelStyle.FontSize = Look.Small;
        ((ScottPlot.AxisPanels.AxisBase)bar.Axis).PaddingBetweenTickAndAxisLabels = new PixelPadding(8, 3);
        Plot.HideGrid();
    }

    /// <summary>Draws a table of values as coloured cells between axes that have places, each with its text.</summary>
    /// <param name="values">The values at [x, y]; NaN is grey.</param>
    /// <param name="scale">The colours.</param>
    /// <param name="name">What the colours mean.</param>
    /// <param name="text">What stands in a cell.</param>
    public void Cells(double[,] values, ColorScale scale, string name, Func<double, string> text)
    {
        int columns = values.GetLength(0), rows = values.GetLength(1);
        Map(values, scale, new CoordinateRect(-0.5, columns - 0.5, -0.5, rows - 0.5), name);
        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < rows; j++)
            {
                Text label = Plot.Add.Text(text(values[i, j]), i, j);
                label.LabelAlignment = Alignment.MiddleCenter;
                label.LabelFontSize = Look.Name + 2;
                label.LabelFontColor = scale.IsBright(values[i, j]) ? Colors.Black : Colors.White;
            }
        }
    }

    /// <summary>Whether its legend is drawn with it, where there is one; false where a page draws it.</summary>
    public bool HasLegend { get; set; } = true;

    /// <summary>Whether its legend has all that another panel's has, in the same colours; both have one.</summary>
    public bool HasLegendOf(Panel other)
    {
        return Entries(other) is { Length: > 0 } others && !others.Except(Entries(this)).Any();

        static (string, Color)[] Entries(Panel panel) => [.. panel.Plot.Legend.GetItems().Select(
            item => (item.LabelText, item.LineWidth > 0 ? item.LineColor : item.MarkerColor))];
    }

    /// <summary>The height of its legend in a width.</summary>
    public float LegendHeight(float width)
    {
        using Paint paint = Paint.NewDisposablePaint();
        return new LegendBelow(Plot.Legend, width).Measure(paint);
    }

    /// <summary>Draws its legend alone.</summary>
    public void DrawLegend(SKCanvas canvas, SKRect area)
    {
        using Paint paint = Paint.NewDisposablePaint();
        new LegendBelow(Plot.Legend, area.Width).Render(
            canvas, paint, new PixelRect(area.Left, area.Right, area.Bottom, area.Top));
    }

    /// <summary>Draws all of it into a rectangle.</summary>
    public void Draw(SKCanvas canvas, SKRect area)
    {
        if (HasLegend && Plot.Legend.GetItems().Length > 0 && !Plot.Axes.GetPanels().OfType<LegendBelow>().Any())
        {
            Plot.Axes.AddPanel(new LegendBelow(Plot.Legend, area.Width));
        }

        // The title is centred above the axes, whose right margin it may fill.
        Look.Fit(Plot.Axes.Title.Label, area.Width - LeftWidth - (2 * RightMargin));

        // Frames, ticks and the grid are not smoothed: of a line thinner than a pixel of the picture, nothing might be seen.
        float thinnest = Math.Max(1, 1 / canvas.TotalMatrix.ScaleX);
        Plot.Grid.MajorLineWidth = thinnest;
        foreach (IAxis axis in Plot.Axes.GetAxes())
        {
            axis.FrameLineStyle.Width = axis.MajorTickStyle.Width = axis.MinorTickStyle.Width = thinnest;
        }

        // ScottPlot lays a plot out from the canvas's origin.
        canvas.Save();
        canvas.Translate(area.Left, area.Top);
        Plot.RenderManager.ClearCanvasBeforeEachRender = false;
        Plot.Render(canvas, (int)area.Width, (int)area.Height);
        canvas.Restore();
    }

    public void Dispose() => Plot.Dispose();

    private bool Has(double atX, double atY) => double.IsFinite(x.Of(atX)) && double.IsFinite(y.Of(atY));

    /// <summary>The legend in one or more rows below the axes, where it covers no curve, as wide as the panel.</summary>
    private sealed class LegendBelow : LegendPanel
    {
        private const float Around = 20;

        private readonly PixelSize room;

        public LegendBelow(Legend legend, float width)
            : base(legend)
        {
            Edge = Edge.Bottom;
            room = new PixelSize(width - Around, float.PositiveInfinity);
            legend.FontSize = Look.Small;
            legend.Orientation = Orientation.Horizontal;
            legend.OutlineWidth = 0;
            legend.BackgroundColor = legend.ShadowColor = Colors.Transparent;
            legend.TightHorizontalWrapping = true;

            // A mark is nearer to its own name than to the one before; a line shows two dashes.
            legend.SymbolWidth = legend.GetItems().Any(item => item.LineWidth > 0 || item.FillStyle.HasValue) ? 30 : 12;
            legend.SymbolPadding = 6;
            legend.InterItemPadding = new PixelPadding(20, 20, 3, 3);
            legend.Padding = new PixelPadding(4, 4, 2, 6);
        }

        public override float Measure(Paint paint) => Legend.GetLayout(room, paint).LegendRect.Height;

        public override void Render(RenderPack rp, float size, float offset)
        {
            float top = rp.DataRect.Bottom + offset;
            Render(rp.Canvas, rp.Paint, new PixelRect(0, room.Width + Around, top + size, top));
        }

        public void Render(SKCanvas canvas, Paint paint, PixelRect area)
        {
            Legend.IsVisible = true;
            Legend.Render(canvas, paint, area.Contract(Around / 2, 0), Alignment.MiddleCenter);
            Legend.IsVisible = false;
        }
    }
}
