using System.Globalization;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>A training step: submitted, or completed.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="Batch">Which batch of the epoch, from 0.</param>
/// <param name="Count">The batch's images.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Loss">The batch's mean loss at the weights that the pass ran with, once the step is completed.</param>
/// <param name="End">How the step ended; null while it is in flight.</param>
public readonly record struct TrainingStep(
    int Epoch, int Batch, int Count, double Rate, float Loss = float.NaN, StepEnd? End = null)
{
    /// <summary>The step and its loss.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"epoch {Epoch}, batch {Batch + 1} of {Count} images at rate {Rate:G4}: {(
            End is null ? "in flight" : $"loss {Loss.ToString("G5", CultureInfo.InvariantCulture)}, {End}")}");
}
