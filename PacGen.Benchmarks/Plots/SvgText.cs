using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PacGen.Plots;

/// <summary>What Skia's SVG lacks: a size that pages can change, and letters on machines without the plots' typeface.</summary>
internal static partial class SvgText
{
    /// <summary>Mends a picture.</summary>
    /// <param name="svg">The picture as Skia wrote it.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    public static byte[] Mend(byte[] svg, int width, int height)
    {
        string text = Encoding.UTF8.GetString(svg);
        text = Size().Replace(text, string.Create(CultureInfo.InvariantCulture, $"$0 viewBox=\"0 0 {width} {height}\""), 1);

        // Verdana's letters are as wide as DejaVu's. Lists of places must not end in a comma.
        text = Family().Replace(text, "font-family=\"'DejaVu Sans', Verdana, sans-serif\"");
        return Encoding.UTF8.GetBytes(LastComma().Replace(text, "\""));
    }

    /// <summary>A picture to be put into a page of HTML, where names of its parts must not meet those of others.</summary>
    /// <param name="svg">The picture's file.</param>
    /// <param name="prefix">What its names begin with.</param>
    /// <param name="alternative">What it shows, for who can't see it; escaped already.</param>
    public static string Inline(byte[] svg, string prefix, string alternative)
    {
        string text = Encoding.UTF8.GetString(svg);
        text = text[text.IndexOf("<svg", StringComparison.Ordinal)..];
        text = Id().Replace(text, $"id=\"{prefix}-$1\"");
        text = Reference().Replace(text, $"url(#{prefix}-$1)");
        return Sized().Replace(text, $"<svg role=\"img\" aria-label=\"{alternative}\" $1", 1).Trim();
    }

    [GeneratedRegex("(?<=<svg[^>]*)width=\"[^\"]*\" height=\"[^\"]*\"")]
    private static partial Regex Size();

    [GeneratedRegex("<svg ([^>]*?)width=\"[^\"]*\" height=\"[^\"]*\"")]
    private static partial Regex Sized();

    [GeneratedRegex("font-family=\"DejaVu Sans\"")]
    private static partial Regex Family();

    [GeneratedRegex(", \"")]
    private static partial Regex LastComma();

    [GeneratedRegex("\\bid=\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex(@"url\(#([^)]+)\)")]
    private static partial Regex Reference();
}
