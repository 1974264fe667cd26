using System.Globalization;

namespace PacGen.Nn;

/// <summary>A stage of a <see cref="ProgressiveCertificate"/>: a network, and the images that it was tested on before any later
/// network learnt from them.</summary>
/// <param name="TrainedOn">How many images its weights were trained on: the first in the order of the split.</param>
/// <param name="Images">How many images it was tested on, the next.</param>
/// <param name="Errors">How many of them it got wrong.</param>
/// <param name="CrossEntropy">Its mean bounded cross-entropy on them.</param>
/// <param name="TestError">Its 0-1 loss on the test set, which no bound looks at.</param>
/// <param name="TestCrossEntropy">Its bounded cross-entropy on the test set.</param>
public sealed record ProgressiveStage(
    int TrainedOn, int Images, int Errors, double CrossEntropy, double TestError, double TestCrossEntropy)
{
    /// <summary>Its weights, in the arena's order.</summary>
    public required IReadOnlyList<float> Weights { get; init; }

    /// <summary>Its running statistics, in the arena's order; empty for a model without.</summary>
    public required IReadOnlyList<float> State { get; init; }

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"trained on {TrainedOn:N0}, {Errors:N0} errors on the next {Images:N0}; test error " +
        $"{TestError:F4}");
}
