namespace PacGen.Plots;

/// <summary>An axis of a <see cref="Panel"/>.</summary>
/// <param name="Name">What it shows, with its unit.</param>
/// <param name="Logarithmic">Whether equal distances are equal ratios; values that are not positive are then left out.</param>
internal sealed record Axis(string Name, bool Logarithmic = false)
{
    /// <summary>Epochs.</summary>
    public static Axis Epochs { get; } = new("epoch") { Whole = true };

    /// <summary>Whether its numbers are whole.</summary>
    public bool Whole { get; init; }

    /// <summary>Its ends; without them what is shown, and a margin.</summary>
    public (double Least, double Largest)? Ends { get; init; }

    /// <summary>What stands at 0, 1, 2, …, where it has places instead of numbers.</summary>
    public IReadOnlyList<string>? Places { get; init; }

    /// <summary>Where a value is along the axis.</summary>
    public double Of(double value) => Logarithmic ? Math.Log10(value) : value;
}
