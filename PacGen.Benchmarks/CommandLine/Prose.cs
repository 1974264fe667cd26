using System.Globalization;
using System.Runtime.CompilerServices;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>
/// A sentence that is written over several lines of source: their breaks become spaces, and what is put into it stays as it is.
/// </summary>
/// <param name="literals">The number of letters that the source has.</param>
/// <param name="values">The number of values that are put in.</param>
[InterpolatedStringHandler]
internal ref struct Prose(int literals, int values)
{
    private DefaultInterpolatedStringHandler text = new(literals, values, CultureInfo.InvariantCulture);

    /// <summary>The sentence on one line.</summary>
    public static string Line(Prose prose) => prose.text.ToStringAndClear();

    /// <summary>The same of one that has no values in it.</summary>
    public static string Line(string text) => text.ReplaceLineEndings(" ");

    /// <summary>A number of things: <c>1 run</c>, <c>3 runs</c>.</summary>
    public static string Count(int count, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {thing}{(count == 1 ? "" : "s")}");

    /// <summary>Adds what the source has.</summary>
    public void AppendLiteral(string literal) => text.AppendLiteral(Line(literal));

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

    /// <summary>Adds a value in a format.</summary>
    public void AppendFormatted<T>(T value, string format) => text.AppendFormatted(value, format);

    /// <summary>Adds a value in a format, filled up to a width.</summary>
    public void AppendFormatted<T>(T value, int alignment, string? format = null) =>
        text.AppendFormatted(value, alignment, format);
}
