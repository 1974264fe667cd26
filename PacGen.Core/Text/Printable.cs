using System.Globalization;
using System.Text;

namespace PacGen.Core.Text;

/// <summary>
/// Makes text that somebody else chose (a file's or folder's name, an entry of an archive, a text of a header) safe to print on a
/// terminal or in one line of a log. Control characters (ESC and the other C0 and C1), line and paragraph separators, invisible
/// format characters (Unicode's category Cf, which has the bidirectional overrides), tags and lone surrogates become
/// <c>\uXXXX</c>; all else stays. So the result is one line that moves no cursor, sets no colour and shows its characters in
/// their order.
/// </summary>
public static class Printable
{
    /// <summary>The most characters of a name that are printed: beyond, its middle is left out.</summary>
    public const int LongestName = 240;

    /// <summary>The most characters of a message that are printed.</summary>
    public const int LongestMessage = 8192;

    /// <summary>A name, at most <see cref="LongestName"/> characters of it.</summary>
    public static string Name(string? name) => Of(name, LongestName);

    /// <summary>
    /// A message of one line, at most <see cref="LongestMessage"/> characters of it; blanks at its ends are left out, line ends
    /// within it become blanks.
    /// </summary>
    public static string Message(string? message) => Of(message?.ReplaceLineEndings(" ").Trim(), LongestMessage);

    /// <summary>Text in which nothing acts on a terminal.</summary>
    /// <param name="text">Any text; null is the empty text.</param>
    /// <param name="longest">The most characters of the result, at least 8; where there are more, "…" stands for its
    /// middle.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="longest"/> is below 8.</exception>
    public static string Of(string? text, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 8);
        text ??= "";

        // What is left out is not looked at: a name may be of any length.
        if (text.Length > longest)
        {
            int end = longest / 3, start = longest - end - 1;
            string shown = Escape(text.AsSpan(0, start)) + "…" + Escape(text.AsSpan(text.Length - end));
            return shown.Length <= longest ? shown : string.Concat(shown.AsSpan(0, start), "…", shown.AsSpan(shown.Length - end));
        }

        string escaped = Escape(text);
        return escaped.Length <= longest ? escaped : Of(escaped, longest);
    }

    private static string Escape(ReadOnlySpan<char> text)
    {
        StringBuilder shown = new(text.Length);
        while (!text.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf16(text, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            ReadOnlySpan<char> characters = text[..used];
            if (whole && !Acts(rune))
            {
                shown.Append(characters);
            }
            else
            {
                foreach (char character in characters)
                {
                    shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
                }
            }

            text = text[used..];
        }

        return shown.ToString();
    }

    private static bool Acts(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
