using System.Globalization;

namespace PacGen.Nn;

/// <summary>A metric after an epoch.</summary>
/// <param name="Name">The metric.</param>
/// <param name="Train">On the training set.</param>
/// <param name="Test">On the test set.</param>
public sealed record MetricValue(string Name, double Train, double Test)
{
    /// <summary>One line for people.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} {Train:G4} train {Test:G4} test");
}
