using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// h, the squared gradients of a training's batches, smoothed over its steps: h ← βh + (1 − β)g² from 0, g the mean over the
/// batch (section 7 of the paper; line 11 of Algorithm 1).
/// </summary>
/// <param name="Values">h, in the arena's layout.</param>
/// <param name="Steps">t, the steps of the training; at least 1.</param>
/// <param name="Beta">β.</param>
/// <param name="BatchSize">Images in each mini-batch whose gradient was squared.</param>
public sealed record SmoothedSecondMoment(float[] Values, long Steps, double Beta, int BatchSize)
{
    /// <summary>The paper's β for h: 0.999.</summary>
    public const double DefaultBeta = 0.999;

    /// <summary>What undoes the bias of a start at 0: 1/(1 − βᵗ).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="Steps"/> is below 1.</exception>
    public double BiasCorrection => Core.Perturbation.SecondMoment.BiasCorrection(Beta, Steps);

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"h of {Values.Length:N0} weights, smoothed over {Steps:N0} steps with β = {Beta}, batches of {BatchSize}; mean " +
            $"{Values.Average(h => (double)h):G4}");
}
