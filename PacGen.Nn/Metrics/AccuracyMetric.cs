namespace PacGen.Nn;

/// <summary>Whether the right class is among those of the k largest outputs; of labels, the share that is right.</summary>
internal sealed class AccuracyMetric(string name, int k) : Metric(name)
{
    public override MetricTally Start(TargetForm target, int outputs)
    {
        if (target.Kind == TargetKind.Bits && k == 1 && outputs == target.Width)
        {
            return new MeanTally(Labels);
        }

        return target.Classes > 0 && outputs >= 2 && k <= outputs
            ? new MeanTally(target.Kind == TargetKind.Class ? OfClass : OfProbabilities)
            : throw Refused(
                target, outputs, k == 1 ? "a class with an output for each, or of labels" : "a class with an output for each");
    }

    private static double Labels(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
    {
        int right = 0;
        for (int i = 0; i < output.Length; i++)
        {
            right += output[i] > 0 == target[i] > 0 ? 1 : 0;
        }

        return (double)right / output.Length;
    }

    private double OfClass(ReadOnlySpan<float> output, ReadOnlySpan<float> target) => IsAmong(output, (int)target[0]);

    private double OfProbabilities(ReadOnlySpan<float> output, ReadOnlySpan<float> target) =>
        IsAmong(output, ClassLoss.Largest(target));

    private double IsAmong(ReadOnlySpan<float> output, int label)
    {
        // A network may have fewer outputs than there are classes, where its loss says so.
        if (label >= output.Length)
        {
            return 0;
        }

        // The first of equal outputs counts; outputs that are no numbers are right about nothing.
        int before = 0;
        for (int c = 0; c < output.Length; c++)
        {
            before += output[c] > output[label] || (output[c] == output[label] && c < label) ? 1 : 0;
        }

        return before < k && !float.IsNaN(output[label]) ? 1 : 0;
    }
}
