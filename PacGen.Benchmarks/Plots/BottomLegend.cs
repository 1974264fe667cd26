using ScottPlot;

namespace PacGen.Benchmarks.Plots;

/// <summary>A legend in one or more rows below the axes, where it covers no curve.</summary>
internal static class BottomLegend
{
    /// <summary>Shows it.</summary>
    /// <param name="plot">The plot, its curves named.</param>
    /// <param name="symbolWidth">The length of a symbol, in pixels.</param>
    /// <param name="fontSize">The size of the names.</param>
    public static void Show(Plot plot, float symbolWidth = 28, float fontSize = 12)
    {
        plot.Legend.FontSize = fontSize;
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.TightHorizontalWrapping = true;

        // Less above than this cuts the tops of the letters off.
        plot.Legend.Padding = new PixelPadding(4, 4, 6, 6);
        plot.Legend.InterItemPadding = new PixelPadding(6, 6, 4, 4);
        plot.Legend.SymbolWidth = symbolWidth;
        plot.ShowLegend(Edge.Bottom).Padding = new PixelPadding(0, 0, 4, 4);
    }
}
