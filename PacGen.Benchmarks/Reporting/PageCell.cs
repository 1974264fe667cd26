using System.Globalization;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Reporting;

/// <summary>A cell of a table.</summary>
/// <param name="Text">What is read.</param>
/// <param name="Sort">The number that it is sorted by; NaN where it is its text.</param>
internal sealed record PageCell(string Text, double Sort = double.NaN)
{
    /// <summary>Whether the text is shown as it is, whatever stars and brackets are in it.</summary>
    public bool IsPlain { get; init; }

    /// <summary>A text that is shown as it is, sorted by the number that it begins with where it does.</summary>
    public static PageCell Plain(string text) => new(text, Leading(text)) { IsPlain = true };

    /// <summary>A number in [−1, 1] that is drawn with its interval, or as a colour where there is none.</summary>
    public double Shown { get; init; } = double.NaN;

    /// <summary>The interval that is drawn.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>A number with two decimals; a dash for NaN.</summary>
    public static PageCell Number(double value, string format = "F2") => new(Text2(value, format), value);

    /// <summary>A correlation, drawn as a colour.</summary>
    public static PageCell Heat(double value) => new(Text2(value, "F2"), value) { Shown = value };

    /// <summary>A correlation with its interval, drawn as a mark on a line.</summary>
    public static PageCell Estimate(double value, ConfidenceInterval? interval) =>
        new($"{Text2(value, "F2")}{Range(interval)}", value) { Shown = value, Interval = interval };

    /// <summary>An interval in brackets with a blank before it; empty where there is none.</summary>
    public static string Range(ConfidenceInterval? interval) =>
        interval is null ? "" : $" ({Signed(interval.Low)} to {Signed(interval.High)})";

    /// <summary>Two decimals with a minus sign that is as long as a plus sign.</summary>
    public static string Signed(double value) => Text2(value, "F2");

    private static double Leading(string text) => double.TryParse(
        text.Replace('−', '-').TrimStart('<', '>', '=', '≈', ' ').Split(' ')[0], NumberStyles.Float | NumberStyles.AllowThousands,
        CultureInfo.InvariantCulture, out double value) ? value : double.NaN;

    private static string Text2(double value, string format) =>
        double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');
}
