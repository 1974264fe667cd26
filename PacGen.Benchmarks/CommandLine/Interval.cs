using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>The values that an option takes.</summary>
/// <param name="From">The lower end.</param>
/// <param name="To">The upper end.</param>
/// <param name="FromOpen">Whether the lower end itself is left out.</param>
/// <param name="ToOpen">Whether the upper end itself is left out.</param>
internal readonly record struct Interval(double From, double To, bool FromOpen, bool ToOpen)
{
    /// <summary>(0, ∞).</summary>
    public static Interval Positive { get; } = new(0, double.PositiveInfinity, true, true);

    /// <summary>[0, ∞).</summary>
    public static Interval NotNegative { get; } = new(0, double.PositiveInfinity, false, true);

    /// <summary>
    /// What γ of a neighbourhood may be; those between 0 and <see cref="Neighborhood.Smallest"/> it refuses itself.
    /// </summary>
    public static Interval Gamma { get; } = new(0, Neighborhood.Largest, false, false);

    /// <summary>What ε of a neighbourhood may be.</summary>
    public static Interval Epsilon { get; } = new(Neighborhood.Smallest, Neighborhood.Largest, false, false);

    /// <summary>[0, 1).</summary>
    public static Interval Fraction { get; } = new(0, 1, false, true);

    /// <summary>(0, 1).</summary>
    public static Interval OpenFraction { get; } = new(0, 1, true, true);

    /// <summary>Whether a value is in the interval. NaN is in none.</summary>
    public bool Contains(double value) => (FromOpen ? value > From : value >= From) && (ToOpen ? value < To : value <= To);

    /// <summary>
    /// What a value in the interval lacks in single precision, in which training works, as a clause; empty where it means there
    /// what it says. Of fractions only what lies near 1: a probability may be as small as double precision has it.
    /// </summary>
    public string Lost(double value) => double.IsPositiveInfinity(To) || value > 0.5 ? SinglePrecision.Lost(value) : "";

    public override string ToString() =>
        $"{(FromOpen ? '(' : '[')}{From}, {(double.IsPositiveInfinity(To) ? "∞" : To)}{(ToOpen ? ')' : ']')}";
}
