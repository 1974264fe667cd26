using System.Globalization;

namespace PacGen.Nn;

/// <summary>A mean over independent draws and how far it may be off.</summary>
/// <param name="Value">The mean.</param>
/// <param name="StandardError">s/√N, s² = Σ(xᵢ − mean)²/(N − 1): the standard deviation of the mean; NaN for one draw.</param>
/// <param name="Draws">N, the independent draws; an antithetic pair is one.</param>
public readonly record struct MeanEstimate(double Value, double StandardError, int Draws)
{
    /// <summary>The mean and its standard error.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Value:G6} ± {StandardError:G2} ({Draws} draws)");

    /// <summary>The mean of some values with its standard error.</summary>
    /// <param name="values">The draws, independent of each other.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static MeanEstimate Of(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
        {
            throw new ArgumentException("A mean needs at least one value.", nameof(values));
        }

        double mean = values.Average();
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return new MeanEstimate(mean, Math.Sqrt(squares / (values.Count - 1) / values.Count), values.Count);
    }
}
