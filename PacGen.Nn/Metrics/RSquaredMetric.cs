namespace PacGen.Nn;

/// <summary>R², the mean over the values of a target.</summary>
internal sealed class RSquaredMetric() : Metric("R²")
{
    public override MetricTally Start(TargetForm target, int outputs) =>
        target.Kind == TargetKind.Values && outputs == target.Width ? new Tally(outputs)
            : throw Refused(target, outputs, "as many outputs as values");

    private sealed class Tally(int values) : MetricTally
    {
        private readonly double[] mean = new double[values], spread = new double[values], error = new double[values];
        private long count;

        public override double Value => mean.Select((_, i) => 1 - (error[i] / spread[i])).Average() is var found
            && double.IsFinite(found) ? found : double.NaN;

        public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
        {
            count++;
            for (int i = 0; i < output.Length; i++)
            {
                // Welford's sums, which don't cancel.
                double y = target[i], from = y - mean[i], difference = y - output[i];
                mean[i] += from / count;
                spread[i] += from * (y - mean[i]);
                error[i] += difference * difference;
            }
        }
    }
}
