using System.Globalization;

namespace PacGen.Core.Statistics;

/// <summary>An interval that holds a quantity with a probability over the draws that it was made of.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="Confidence">The least probability with which it holds the quantity.</param>
public sealed record ConfidenceInterval(double Low, double High, double Confidence)
{
    /// <summary>The ends and the confidence.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low:G6} to {High:G6} ({Confidence:P0})");
}
