using System.Globalization;

namespace PacGen.Nn;

/// <summary>How a network does on a set.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share that is classified correctly, in [0, 1]; NaN where targets are no classes.</param>
public readonly record struct LossAndAccuracy(double Loss, double Accuracy)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => double.IsNaN(Accuracy)
        ? string.Create(CultureInfo.InvariantCulture, $"loss {Loss:F4}")
        : string.Create(CultureInfo.InvariantCulture, $"loss {Loss:F4}, accuracy {Accuracy:P2}");
}
