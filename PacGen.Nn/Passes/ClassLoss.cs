using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>The losses of a classifier on one image, from its logits.</summary>
internal static class ClassLoss
{
    /// <summary>The class that the network says: that of the largest logit, the first of equal ones.</summary>
    public static int Largest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int c = 1; c < logits.Length; c++)
        {
            best = logits[c] > logits[best] ? c : best;
        }

        return best;
    }

    /// <summary>The class of each of some samples, whose logits follow each other.</summary>
    public static int[] Largest(ReadOnlySpan<float> logits, int samples)
    {
        int classes = logits.Length / samples;
        int[] labels = new int[samples];
        for (int i = 0; i < samples; i++)
        {
            labels[i] = Largest(logits.Slice(i * classes, classes));
        }

        return labels;
    }

    /// <summary>The 0-1 loss and the bounded cross-entropy; logits that are no numbers cost 1.</summary>
    public static (double ZeroOne, double CrossEntropy) Of(ReadOnlySpan<float> logits, int label, BoundedCrossEntropy bounded)
    {
        int best = Largest(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp((double)logit - logits[best]);
        }

        double logProbability = Math.Min((double)logits[label] - logits[best] - Math.Log(sum), 0);
        return double.IsNaN(logProbability) ? (1, 1) : (best == label ? 0 : 1, bounded.LossOfLog(logProbability));
    }

    /// <summary>Adds both losses of each image of a batch.</summary>
    public static void Add(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> labels, BoundedCrossEntropy bounded, ref double zeroOne,
        ref double crossEntropy)
    {
        int classes = outputs.Length / labels.Length;
        for (int i = 0; i < labels.Length; i++)
        {
            (double wrong, double entropy) = Of(outputs.Slice(i * classes, classes), (int)labels[i], bounded);
            zeroOne += wrong;
            crossEntropy += entropy;
        }
    }
}
