using PacGen.Nn;

namespace PacGen.Benchmarks.Measuring;

/// <summary>What became of one measure.</summary>
/// <param name="Measure">The measure.</param>
/// <param name="Found">What it found; null where it could not be taken.</param>
/// <param name="Obstacle">Why it could not be taken, or means nothing; null where it was.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record MeasuredRow(Measure Measure, Measurement? Found, string? Obstacle, double Seconds)
{
    /// <summary>Takes a measure of a network, if it can be taken.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static MeasuredRow Of(
        Measure measure, EmpiricalLoss subject, ulong seed, IProgress<MeasureProgress>? progress, CancellationToken cancellation)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        double Seconds() => System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        try
        {
            return measure.Obstacle?.Invoke(subject) is { } obstacle
                ? new MeasuredRow(measure, null, obstacle, Seconds())
                : new MeasuredRow(measure, measure.Of(subject, seed, progress, cancellation), null, Seconds());
        }
        catch (Exception error) when (error is TrainingException or ArgumentException)
        {
            // Another measure may still be had.
            return new MeasuredRow(measure, null, error.Message, Seconds());
        }
    }
}
