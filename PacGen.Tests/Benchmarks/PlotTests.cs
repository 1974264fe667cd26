using PacGen.Plots;
using ScottPlot;
using ScottPlot.Colormaps;
using ScottPlot.Plottables;
using SkiaSharp;

namespace PacGen.Tests.Benchmarks;

internal sealed class PlotTests
{
    [TestCase(0, "0")]
    [TestCase(-0.0, "0")]
    [TestCase(-1.5, "−1.5")]
    [TestCase(0.1 + 0.2, "0.3")]
    [TestCase(1e-4, "0.0001")]
    [TestCase(20_000, "20,000")]
    [TestCase(1e-7, "10⁻⁷")]
    [TestCase(-3e-7, "−3·10⁻⁷")]
    [TestCase(2.5e12, "2.5·10¹²")]
    public void NumbersAreWrittenAsPeopleDo(double value, string text) => Assert.That(Ticks.Text(value), Is.EqualTo(text));

    [TestCase(1e-3, 1e3, "0.01", "1", "100")]
    [TestCase(0.3, 30, "0.5", "1", "2", "5", "10", "20")]
    [TestCase(0.25, 0.28, "0.25", "0.26", "0.27")]
    [TestCase(1e-12, 1e12, "1", "10⁻⁶")]
    public void ALogarithmicAxisHasNumbersWhateverItSpans(double least, double largest, params string[] some)
    {
        ITickGenerator ticks = Ticks.Of(new Axis("", true));
        using Paint paint = Paint.NewDisposablePaint();
        CoordinateRange range = new(Math.Log10(least), Math.Log10(largest));
        ticks.Regenerate(range, Edge.Left, new PixelLength(300), paint, new LabelStyle { FontSize = Look.Small });
        Tick[] named = [.. ticks.Ticks.Where(tick => tick.IsMajor)];
        Assert.That(named.Select(tick => tick.Label), Is.SupersetOf(some).And.Unique);
        Assert.That(named, Has.Length.LessThanOrEqualTo(13), "they don't touch each other");
        Assert.That(ticks.Ticks.Select(tick => tick.Position), Is.All.InRange(range.Min, range.Max));
    }

    /// <summary>With large text few labels have room, but with a single one an axis has no scale.</summary>
    [TestCase(-4.5, 0.6)]
    [TestCase(-0.013, 0.001)]
    [TestCase(3.2, 3.9)]
    public void AnAxisHasTwoNumbersHoweverLargeTheText(double least, double largest)
    {
        ITickGenerator ticks = Ticks.Of(new Axis(""));
        using Paint paint = Paint.NewDisposablePaint();
        ticks.Regenerate(
            new CoordinateRange(least, largest), Edge.Left, new PixelLength(140), paint,
            new LabelStyle { FontSize = 3 * Look.Small });
        Tick[] named = [.. ticks.Ticks.Where(tick => tick.IsMajor)];
        Assert.That(named, Has.Length.InRange(2, 4));
        Assert.That(named.Select(tick => tick.Label), Is.Unique);
        Assert.That(named.Select(tick => tick.Position), Is.All.InRange(least, largest));
    }

    [Test]
    public void WhatAnAxisCannotShowIsLeftOut()
    {
        using Panel panel = new("", new Axis("x"), new Axis("y", true));
        panel.Add(new Curve("", [1, 2, 3, 4, double.NaN], [10, 0, double.NaN, 1000, 1])
        {
            Band = ([5, -1, 5, 500, 1], [20, 20, double.NaN, 2000, 1]),
        });
        Scatter curve = panel.Plot.GetPlottables<Scatter>().Single();
        Assert.That(
            curve.Data.GetScatterPoints().Select(point => (point.X, point.Y)), Is.EqualTo(new[] { (1.0, 1.0), (4.0, 3.0) }));
        panel.Bars("", [1, double.NaN, 3], errors: [0.5, 0, 1]);
        Assert.That(panel.Plot.GetPlottables<BarPlot>().Single().Bars.Select(bar => (bar.Position, bar.Value, bar.Error)),
            Is.EqualTo(new[] { (0.0, 1.0, 0.5), (2.0, 3.0, 1.0) }));
    }

    [Test]
    public void ATablesCellsMeetTheirPlaces()
    {
        using Panel panel = new("", new Axis("x") { Places = ["a", "b"] }, new Axis("y") { Places = ["c", "d", "e"] });
        double[,] values = { { 1, 2, 3 }, { 4, double.NaN, 6 } };
        panel.Cells(values, new ColorScale(new Viridis(), 1, 6), "", value => $"{value}");
        Heatmap map = panel.Plot.GetPlottables<Heatmap>().Single();
        CoordinateRect whole = map.GetAlignedExtent();
        Assert.That((whole.Left, whole.Right, whole.Bottom, whole.Top), Is.EqualTo((-0.5, 1.5, -0.5, 2.5)));
        foreach (Text label in panel.Plot.GetPlottables<Text>())
        {
            Assert.That($"{map.GetValue(label.Location)}", Is.EqualTo(label.LabelText), $"{label.Location}");
        }
    }

    [TestCase(1, 3)]
    [TestCase(3, 1)]
    [TestCase(1, 1)]
    [TestCase(2, 3)]
    public void ATablesCellsAreSeen(int columns, int rows)
    {
        using Panel panel = new(
            "", new Axis("x") { Places = [.. Enumerable.Range(0, columns).Select(i => $"{i}")] },
            new Axis("y") { Places = [.. Enumerable.Range(0, rows).Select(j => $"{j}")] });
        double[,] values = new double[columns, rows];
        values[columns - 1, rows - 1] = 1;
        ColorScale scale = new(new Viridis(), 0, 1);
        panel.Cells(values, scale, "", _ => "");
        using SKBitmap bitmap = new(400, 300);
        using (SKCanvas canvas = new(bitmap))
        {
            panel.Draw(canvas, new SKRect(0, 0, 400, 300));
        }

        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < rows; j++)
            {
                Pixel at = panel.Plot.GetPixel(new Coordinates(i + 0.25, j + 0.25));
                Assert.That(bitmap.GetPixel((int)at.X, (int)at.Y), Is.EqualTo(scale.Of(values[i, j])), $"{i}, {j}");
            }
        }
    }

    /// <summary>
    /// The palette's colours as eyes without one kind of cones see them (Machado, Oliveira and Fernandes 2009, severity 1): any
    /// two are at least 12 apart in CIELAB, where 2.3 is just seen.
    /// </summary>
    [TestCase(0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998)]
    [TestCase(0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881)]
    [TestCase(1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900)]
    public void ColoursAreToldApartByColourBlindEyes(params double[] seen)
    {
        double[][] labs = [.. Enumerable.Range(0, 8).Select(curve => Lab(Look.ColorOf(curve)))];
        double closest = (from i in Enumerable.Range(0, 8)
                          from j in Enumerable.Range(0, i)
                          select Math.Sqrt(labs[i].Zip(labs[j], (a, b) => (a - b) * (a - b)).Sum())).Min();
        Assert.That(closest, Is.GreaterThan(12));

        double[] Lab(Color color)
        {
            double[] light = [.. new[] { color.R, color.G, color.B }.Select(one => one / 255.0).Select(
                one => one <= 0.04045 ? one / 12.92 : Math.Pow((one + 0.055) / 1.055, 2.4))];
            double[] rgb = [.. Times(seen, light).Select(one => Math.Clamp(one, 0, 1))];
            double[] xyz = Times([0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505], rgb);
            double x = Root(xyz[0] / 0.9505), y = Root(xyz[1]), z = Root(xyz[2] / 1.089);
            return [(116 * y) - 16, 500 * (x - y), 200 * (y - z)];
        }

        static double[] Times(double[] matrix, double[] vector) =>
            [.. Enumerable.Range(0, 3).Select(row => Enumerable.Range(0, 3).Sum(k => matrix[(3 * row) + k] * vector[k]))];

        static double Root(double t) => t > 0.008856 ? Math.Cbrt(t) : (7.787 * t) + (16.0 / 116);
    }

    [Test]
    public void ALegendTakesTheRowsThatItNeeds()
    {
        Assert.That(Bottom(), Is.GreaterThan(Bottom("a")).And.LessThan(400));
        Assert.That(Bottom("a"), Is.EqualTo(Bottom("a", "b")));
        Assert.That(Bottom("a long name of a curve", "a long name of another"), Is.LessThan(Bottom("a", "b")));

        // Where the axes end in a panel of 300 by 400 with curves of these names.
        static float Bottom(params string[] names)
        {
            using Panel panel = new("", Axis.Epochs, new Axis("y"));
            foreach (string name in names)
            {
                panel.Add(new Curve(name, [1, 2], [1, 2]));
            }

            using SKBitmap bitmap = new(300, 400);
            using SKCanvas canvas = new(bitmap);
            panel.Draw(canvas, new SKRect(0, 0, 300, 400));
            return panel.Plot.RenderManager.LastRender.DataRect.Bottom;
        }
    }

    /// <summary>Panels with one legend share it; one with a name of its own keeps what it has, and the others theirs.</summary>
    [TestCase("a", false)]
    [TestCase("c", true)]
    public void OneLegendServesAllPanels(string second, bool each)
    {
        Panel[] panels = [Of("a", "b"), Of(second)];
        using Page page = new("", 800, 400);
        page.AddRows(2, panels);
        Assert.That(page.Encode(".png"), Is.Not.Empty);
        Assert.That(panels.Select(panel => panel.HasLegend), Is.All.EqualTo(each));
        float[] ends = [.. panels.Select(panel => panel.Plot.RenderManager.LastRender.DataRect.Bottom)];
        Assert.That(ends[0], Is.EqualTo(ends[1]), "both axes end at one height");
        Assert.That(panels.Select(panel => panel.Plot.RenderManager.LastRender.FigureRect.Bottom),
            each ? Is.All.EqualTo(400) : Is.All.LessThan(380), "a shared legend stands below both");

        static Panel Of(params string[] names)
        {
            Panel panel = new("", Axis.Epochs, new Axis("y"));
            foreach (string name in names)
            {
                panel.Add(new Curve(name, [1, 2], [1, 2]));
            }

            return panel;
        }
    }

    [Test]
    public void ALastRowFillsItsWidth()
    {
        Panel[] panels = [.. Enumerable.Range(0, 3).Select(_ => new Panel("", Axis.Epochs, new Axis("y")))];
        using Page page = new("", 800, 400);
        page.AddRows(2, panels);
        Assert.That(page.Encode(".png"), Is.Not.Empty);
        Assert.That(
            panels.Select(panel => panel.Plot.RenderManager.LastRender.FigureRect.Width), Is.EqualTo(new[] { 400, 400, 800 }));
    }
}
