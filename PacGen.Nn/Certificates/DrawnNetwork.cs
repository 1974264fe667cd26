using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>One draw of the posterior's weights, certified as a network by itself.</summary>
/// <param name="Bound">The certificate of its 0-1 loss (<see cref="DisintegratedBound"/>); it holds with probability 1 − δ − δ′
/// over S₁ and the draw.</param>
/// <param name="TestError">Its 0-1 loss on the test set; NaN where there is none.</param>
/// <param name="Weights">Its weights, in the arena's order.</param>
public sealed record DrawnNetwork(BoundResult Bound, double TestError, IReadOnlyList<float> Weights)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"one draw: at most {Bound.Value:F4}; test error {TestError:F4}");
}
