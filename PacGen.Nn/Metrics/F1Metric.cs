namespace PacGen.Nn;

/// <summary>F1, the mean over classes or labels.</summary>
internal sealed class F1Metric() : Metric("F1")
{
    public override MetricTally Start(TargetForm target, int outputs) =>
        target.Kind == TargetKind.Bits && outputs == target.Width ? new OfLabels(outputs)
            : target.Classes > 0 && outputs >= Math.Max(2, target.Classes)
            ? new OfClasses(outputs, target.Kind == TargetKind.Probabilities)
            : throw Refused(target, outputs, "a class with an output for each, or of labels");

    private abstract class Tally(int classes) : MetricTally
    {
        private readonly long[] right = new long[classes], other = new long[classes];

        public override double Value => Enumerable.Range(0, classes).Where(c => right[c] + other[c] > 0).Select(
            c => 2.0 * right[c] / ((2 * right[c]) + other[c])).DefaultIfEmpty(double.NaN).Average();

        protected void Count(int c, bool answer, bool truth)
        {
            right[c] += answer && truth ? 1 : 0;
            other[c] += answer != truth ? 1 : 0;
        }
    }

    private sealed class OfLabels(int labels) : Tally(labels)
    {
        public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
        {
            for (int c = 0; c < output.Length; c++)
            {
                Count(c, output[c] > 0, target[c] > 0);
            }
        }
    }

    private sealed class OfClasses(int classes, bool probabilities) : Tally(classes)
    {
        public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<float> target)
        {
            int answer = ClassLoss.Largest(output), truth = probabilities ? ClassLoss.Largest(target) : (int)target[0];
            Count(answer, true, answer == truth);
            if (answer != truth)
            {
                Count(truth, false, true);
            }
        }
    }
}
