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
}
