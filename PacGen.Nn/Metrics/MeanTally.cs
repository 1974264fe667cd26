namespace PacGen.Nn;

/// <summary>The mean of a number of each sample.</summary>
internal sealed class MeanTally(
    Func<ReadOnlySpan<float>, ReadOnlySpan<float>, double> ofSample, Func<double, double>? end = null) : MetricTally
{
    private double sum;
    private long count;

    public override double Value => end is null ? sum / count : end(sum / count);

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
    {
        sum += ofSample(output, target);
        count++;
    }
}
