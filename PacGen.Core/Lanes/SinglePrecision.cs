using System.Globalization;
using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// Settings are given in double and used in single precision. What is checked here is that they mean there what they say: a
/// positive number is not 0, a number below 1 is not 1, and none is infinite.
/// </summary>
public static class SinglePrecision
{
    /// <summary>The smallest normal number, 2⁻¹²⁶: below it digits are lost, or everything.</summary>
    public const double Smallest = 1.1754943508222875e-38;

    /// <summary>Whether a number is positive in single precision, and not infinite.</summary>
    public static bool IsPositive(double value) => value is >= Smallest and <= float.MaxValue;

    /// <summary>Whether a number is 0, or positive in single precision and not infinite.</summary>
    public static bool IsNotNegative(double value) => value == 0 || IsPositive(value);

    /// <summary>Whether a number is below 1 in single precision: at most 1 − 2⁻²⁴, but for rounding. NaN is not.</summary>
    public static bool IsBelowOne(double value) => (float)value < 1f;

    /// <summary>A setting in (0, ∞).</summary>
    /// <param name="value">The setting.</param>
    /// <param name="what">What it is, as a sentence's beginning.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive in single precision, or infinite there.</exception>
    public static double Positive(double value, string what, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        IsPositive(value) ? value : throw Outside(value, what, "must be positive and finite", name);

    /// <summary>A setting in [0, ∞).</summary>
    /// <param name="value">The setting.</param>
    /// <param name="what">What it is, as a sentence's beginning.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, positive but 0 in single precision, or infinite
    /// there.</exception>
    public static double NotNegative(double value, string what, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        IsNotNegative(value) ? value : throw Outside(value, what, "must not be negative, and must be finite", name);

    /// <summary>A setting in [0, 1), such as how much of a smoothed value stays at each step.</summary>
    /// <param name="value">The setting.</param>
    /// <param name="what">What it is, as a sentence's beginning.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, positive but 0 in single precision, or 1 there or
    /// more.</exception>
    public static double Fraction(double value, string what, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        IsNotNegative(value) && IsBelowOne(value) ? value : throw Outside(value, what, "must be in [0, 1)", name);

    /// <summary>A setting in (0, 1), such as a smallest probability.</summary>
    /// <param name="value">The setting.</param>
    /// <param name="what">What it is, as a sentence's beginning.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is 0 or less, or 1 or more, in single precision.</exception>
    public static double OpenFraction(double value, string what, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        IsPositive(value) && IsBelowOne(value) ? value : throw Outside(value, what, "must be in (0, 1)", name);

    /// <summary>A setting in [0, 1], such as the share of a batch in a running statistic.</summary>
    /// <param name="value">The setting.</param>
    /// <param name="what">What it is, as a sentence's beginning.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is outside, or positive but 0 in single precision.</exception>
    public static double Share(double value, string what, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        IsNotNegative(value) && value <= 1 ? value : throw Outside(value, what, "must be in [0, 1]", name);

    /// <summary>What single precision makes of a number that it can't hold, as a clause; empty where it holds it.</summary>
    public static string Lost(double value) => value is > 0 and < Smallest ? ", and in single precision at least 1.2E-38"
        : value is < 1 && !IsBelowOne(value) ? ", and in single precision at most 0.9999999"
        : double.IsFinite(value) && !float.IsFinite((float)value) ? ", and in single precision at most 3.4E+38" : "";

    private static ArgumentOutOfRangeException Outside(double value, string what, string range, string? name) =>
        new(name, string.Create(CultureInfo.InvariantCulture, $"{what} is {value}, but {range}{Lost(value)}."));
}
