using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// What a <see cref="ProgressiveCertificate"/> is held against: a network that was trained on S₀ alone for as many steps as the
/// last stage's, in rounds of the same form, and tested on all of S₁.
/// </summary>
/// <param name="Test">The exact binomial test of it on S₁.</param>
/// <param name="Epochs">How many times it saw S₀.</param>
/// <param name="TestError">Its 0-1 loss on the test set.</param>
/// <param name="Weights">Its weights, in the arena's order.</param>
public sealed record ControlNetwork(BoundResult Test, int Epochs, double TestError, IReadOnlyList<float> Weights)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"control, {Epochs} epochs on S₀ alone: at most {Test.Value:F4} by an exact test; test " +
        $"error {TestError:F4}");
}
