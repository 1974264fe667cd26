using System.Globalization;

namespace PacGen.Nn;

/// <summary>The mean losses of a classifier on a set, at some weights.</summary>
/// <param name="Loss">The empirical loss itself, such as the cross-entropy.</param>
/// <param name="ZeroOne">The 0-1 loss: the share of images whose largest output, the first of equal ones, is not their
/// label's.</param>
/// <param name="BoundedCrossEntropy">−ln max(p_y, p_min) / ln(1/p_min) in [0, 1], p the softmax of the outputs.</param>
public readonly record struct LossValues(double Loss, double ZeroOne, double BoundedCrossEntropy)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"loss {Loss:G6}, 0-1 loss {ZeroOne:G6}, bounded cross-entropy {BoundedCrossEntropy:G6}");
}
