using PacGen.Plots;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// The picture of <see cref="RescaleExperiment"/>: every measure relative to α = 1, on logarithmic axes, four panels.
/// </summary>
internal static class RescalePlot
{
    /// <summary>Draws the points.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="points">The points by α, that at 1 among them.</param>
    public static Page Draw(string title, IReadOnlyList<RescalePoint> points)
    {
        Page page = new(title, 1400, 1100);
        page.AddRows(2, [.. RescaleQuantity.All
            .Where(quantity => quantity.Panel is not null)
            .GroupBy(quantity => quantity.Panel!)
            .OrderBy(panel => panel.Key == "Inside the lemmas")
            .Select(panel => Of(panel.Key, [.. panel], points))]);
        return page;
    }

    private static Panel Of(string title, RescaleQuantity[] quantities, IReadOnlyList<RescalePoint> points)
    {
        double[][] ratios = [.. quantities.Select(quantity => quantity.Relative(points))];
        double[] all = [.. ratios.SelectMany(ratio => ratio).Where(ratio => !double.IsNaN(ratio))];
        double largest = all.Max();

        // A panel where little moves is not blown up: at least a factor of 2 to either side.
        double from = Math.Min(all.Min(), 0.5), to = Math.Max(largest, 2), margin = Math.Pow(to / from, 0.05);
        Panel panel = new($"{title}: up to {(largest < 10 ? $"{largest:F1}" : $"{largest:N0}")} times", new Axis("α", true),
            new Axis("relative to α = 1 (logarithmic)", true) { Ends = (from / margin, to * margin) });
        for (int q = 0; q < quantities.Length; q++)
        {
            panel.Add(new Curve(quantities[q].Name, [.. points.Select(point => point.Alpha)], ratios[q])
            {
                Marker = Look.MarkerOf(q),
            });
        }

        return panel;
    }
}
