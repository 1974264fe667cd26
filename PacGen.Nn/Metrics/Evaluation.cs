using System.Globalization;

namespace PacGen.Nn;

/// <summary>How a network does on a set.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Metrics">Each metric by its name.</param>
public sealed record Evaluation(double Loss, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>A metric by its name.</summary>
    /// <exception cref="KeyNotFoundException">It was not asked for.</exception>
    public double this[string name] => Metrics[name];

    /// <summary>A metric.</summary>
    /// <exception cref="KeyNotFoundException">It was not asked for.</exception>
    public double this[Metric metric] => Metrics[metric?.Name ?? throw new ArgumentNullException(nameof(metric))];

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"loss {Loss:G6}{string.Concat(Metrics.Select(pair => Text(pair.Key, pair.Value)))}");

    private static string Text(string name, double value) => string.Create(CultureInfo.InvariantCulture, $", {name} {value:G6}");
}
