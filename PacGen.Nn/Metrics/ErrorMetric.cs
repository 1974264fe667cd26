namespace PacGen.Nn;

/// <summary>A function of the mean of what each difference x − y costs.</summary>
internal sealed class ErrorMetric(string name, Func<double, double> cost, Func<double, double> end) : Metric(name)
{
    public override MetricTally Start(TargetForm target, int outputs) =>
        target.Kind == TargetKind.Values && outputs == target.Width ? new MeanTally(OfSample, end)
            : throw Refused(target, outputs, "as many outputs as values");

    private double OfSample(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
    {
        double sum = 0;
        for (int i = 0; i < output.Length; i++)
        {
            sum += cost((double)output[i] - target[i]);
        }

        return sum / output.Length;
    }
}
