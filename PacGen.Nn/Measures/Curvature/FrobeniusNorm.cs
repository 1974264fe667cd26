namespace PacGen.Nn;

/// <summary>
/// Measures ‖∇²L̂‖_F, or another curvature matrix's norm, at a network's weights: the root of <see cref="Hutchinson"/>'s mean of
/// ‖∇²L̂v‖² over vectors v of ±1.
/// </summary>
public static class FrobeniusNorm
{
    /// <summary>Measures the norm.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How to draw; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>‖H‖_F with its standard error.</returns>
    /// <exception cref="ArgumentException">There is no draw.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, HutchinsonOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        HessianMoments moments = Hutchinson.Measure(subject, options, progress, cancellation);
        (double square, double error, int draws) = moments.SquaredFrobenius;
        return new NamedMeasurement
        {
            Name = "frobenius-norm",
            Value = Math.Sqrt(square),
            Uncertainty = new Uncertainty(
                Math.Sqrt(Math.Max(0, square - error)), Math.Sqrt(square + error), $"one standard error, {draws} draws"),
            Cost = moments.Cost,
        };
    }
}
