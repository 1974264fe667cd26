using System.Globalization;
using PacGen.Benchmarks.Plots;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="RescaleExperiment"/>: every measure relative to α = 1, on logarithmic axes, four panels.
/// </summary>
internal static class RescalePlot
{
    private const int Width = 1400, Height = 1100, TitleHeight = 44;

    // Okabe and Ito's, distinguished by colour-blind eyes too.
    private static readonly Color[] Palette =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"),
        Color.FromHex("#666666"),
    ];

    private static readonly MarkerShape[] Markers =
        [MarkerShape.FilledCircle, MarkerShape.OpenSquare, MarkerShape.FilledTriangleUp, MarkerShape.OpenDiamond,
            MarkerShape.OpenCircle];

    /// <summary>Draws the points.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="points">The points by α, that at 1 among them.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Draw(string title, IReadOnlyList<RescalePoint> points)
    {
        PlotFont.Use();
        List<Plot> panels = [.. RescaleQuantity.All
            .Where(quantity => quantity.Panel is not null)
            .GroupBy(quantity => quantity.Panel!)
            .OrderBy(panel => panel.Key == "Inside the lemmas")
            .Select(panel => Panel(panel.Key, [.. panel], points))];
        Multiplot all = new() { Layout = new Grid(2, 2) };
        all.Subplots.RemoveAt(0);
        panels.ForEach(all.Subplots.Add);
        using SkiaSharp.SKBitmap bitmap = new(Width, Height);
        using SkiaSharp.SKCanvas canvas = new(bitmap);
        canvas.Clear(SkiaSharp.SKColors.White);
        canvas.Translate(0, TitleHeight);
        all.Render(canvas, new PixelRect(0, Width, Height - TitleHeight, 0));
        canvas.ResetMatrix();
        using Paint paint = Paint.NewDisposablePaint();
        LabelStyle heading =
            new() { Text = title, FontSize = 19, Bold = true, FontName = PlotFont.Family, Alignment = Alignment.MiddleCenter };
        heading.Render(canvas, new Pixel(Width / 2f, TitleHeight / 2f), paint);
        using SkiaSharp.SKData png = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100);
        panels.ForEach(panel => panel.Dispose());
        return png.ToArray();
    }

    private static Plot Panel(string title, RescaleQuantity[] quantities, IReadOnlyList<RescalePoint> points)
    {
        Plot plot = new();
        plot.XLabel("α", 14);
        plot.YLabel("relative to α = 1 (logarithmic)", 13);
        double least = 1, largest = 1;
        for (int q = 0; q < quantities.Length; q++)
        {
            double[] relative = quantities[q].Relative(points);
            (double X, double Y)[] shown = [.. points.Zip(relative, (point, ratio) =>
                (Math.Log10(point.Alpha), Math.Log10(ratio))).Where(pair => !double.IsNaN(pair.Item2))];
            Scatter curve = plot.Add.Scatter(shown.Select(pair => pair.X).ToArray(), shown.Select(pair => pair.Y).ToArray());
            curve.Color = Palette[q % Palette.Length];
            curve.LineWidth = 2;
            curve.MarkerShape = Markers[q % Markers.Length];
            curve.MarkerSize = 7;
            curve.LegendText = quantities[q].Name;
            foreach (double ratio in relative.Where(ratio => !double.IsNaN(ratio)))
            {
                least = Math.Min(least, ratio);
                largest = Math.Max(largest, ratio);
            }
        }

        plot.Title($"{title}: up to {(largest < 10 ? $"{largest:F1}" : $"{largest:N0}")} times", 16);

        // A panel where little moves is not blown up: at least a factor of 2 to either side.
        double from = Math.Min(Math.Log10(least), -Math.Log10(2));
        double to = Math.Max(Math.Log10(largest), Math.Log10(2)), margin = 0.05 * (to - from);
        plot.Axes.SetLimits(
            Math.Log10(points.Min(point => point.Alpha)) - 0.1, Math.Log10(points.Max(point => point.Alpha)) + 0.1, from - margin,
                to + margin);
        plot.Axes.Bottom.TickGenerator = Ticks(-2, 2);
        plot.Axes.Left.TickGenerator = Ticks(from - margin, to + margin);
        plot.Axes.Bottom.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize = 12;
        plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        BottomLegend.Show(plot);
        return plot;
    }

    // Powers of ten, with 2 and 5 times them where there are few; every second or third power where there are many.
    private static NumericManual Ticks(double from, double to)
    {
        int[] digits = to - from < 3 ? [1, 2, 5] : [1];
        int every = to - from > 8 ? 2 : 1;
        NumericManual ticks = new();
        for (int power = (int)Math.Floor(from); power <= Math.Ceiling(to); power++)
        {
            foreach (int digit in digits)
            {
                double value = digit * Math.Pow(10, power);
                if (power % every == 0)
                {
                    ticks.AddMajor(Math.Log10(value), value is >= 1e-3 and < 1e5 ? $"{value:0.###}" : $"10{Superscript(power)}");
                }
            }
        }

        return ticks;
    }

    private static string Superscript(int power) =>
        string.Concat(
            power.ToString(CultureInfo.InvariantCulture).Select(digit => digit == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));
}
