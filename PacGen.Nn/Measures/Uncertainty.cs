using System.Globalization;

namespace PacGen.Nn;

/// <summary>Between which numbers a measured quantity lies, and in what sense.</summary>
/// <param name="Low">The lower end; −∞ where there is none.</param>
/// <param name="High">The upper end; +∞ where there is none. NaN at both ends: unknown.</param>
/// <param name="Meaning">In what sense, such as <c>one standard error</c>.</param>
public readonly record struct Uncertainty(double Low, double High, string Meaning)
{
    /// <summary>Exact but for the rounding of single precision.</summary>
    /// <param name="value">The value.</param>
    public static Uncertainty Rounding(double value) => new(value, value, "rounding alone");

    /// <summary>Below the quantity, by an unknown amount.</summary>
    /// <param name="value">The value.</param>
    public static Uncertainty LowerBound(double value) => new(value, double.PositiveInfinity, "a lower bound");

    /// <summary>Within a distance, such as a residual or a standard error.</summary>
    /// <param name="value">The value.</param>
    /// <param name="distance">How far the quantity may lie from it, 0 or more.</param>
    /// <param name="meaning">In what sense it does.</param>
    public static Uncertainty Within(double value, double distance, string meaning) =>
        new(value - distance, value + distance, meaning);

    /// <summary>A mean's standard error; unknown for one draw.</summary>
    /// <param name="mean">The mean.</param>
    public static Uncertainty Of(MeanEstimate mean) =>
        Within(mean.Value, mean.StandardError, $"one standard error, {mean.Draws} draws");

    /// <summary>Both ends and the sense.</summary>
    public override string ToString() => double.IsNaN(Low) && double.IsNaN(High)
        ? $"unknown ({Meaning})"
        : string.Create(CultureInfo.InvariantCulture, $"{Low:G5} to {High:G5} ({Meaning})");
}
