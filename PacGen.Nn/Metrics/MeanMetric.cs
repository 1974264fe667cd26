namespace PacGen.Nn;

/// <summary>The mean of a number of each sample.</summary>
internal sealed class MeanMetric(string name, Func<ReadOnlySpan<float>, ReadOnlySpan<float>, double> ofSample) : Metric(name)
{
    public override MetricTally Start(TargetForm target, int outputs) => new MeanTally(ofSample);
}
