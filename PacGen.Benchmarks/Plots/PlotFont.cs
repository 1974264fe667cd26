using ScottPlot;
using SkiaSharp;

namespace PacGen.Plots;

/// <summary>
/// The plots' typeface: an embedded part of DejaVu Sans (Latin, Greek, some mathematics), so that a machine without fonts draws
/// the same plot. Its licence stands beside it in <c>Plots/Font</c>.
/// </summary>
internal sealed class PlotFont : IFontResolver
{
    /// <summary>The name that plots ask for.</summary>
    public const string Family = "PacGen DejaVu Sans";

    private static readonly Lazy<PlotFont> Shared = new(() =>
    {
        PlotFont font = new();
        Fonts.FontResolvers.Insert(0, font);
        Fonts.Default = Family;
        return font;
    });

    private PlotFont()
    {
    }

    /// <summary>Makes the typeface known to ScottPlot; done once.</summary>
    public static void Use() => _ = Shared.Value;

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        CreateTypeface(fontName, weight >= FontWeight.SemiBold, slant != FontSlant.Upright);

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic)
    {
        if (fontName != Family)
        {
            return null;
        }

        using Stream resource = typeof(PlotFont)
            .Assembly.GetManifestResourceStream(bold ? "DejaVuSans-Bold.ttf" : "DejaVuSans.ttf")!;
        return SKTypeface.FromStream(resource);
    }
}
