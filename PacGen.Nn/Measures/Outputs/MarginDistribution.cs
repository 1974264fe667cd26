using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The margins f(x)_y − max_{c ≠ y} f(x)_c of a classifier's logits over a set of images, and what else its outputs say. The
/// value is the quantity that was asked for, else the 10th percentile.
/// </summary>
public sealed record MarginDistribution : Measurement
{
    /// <summary>The margins, smallest first.</summary>
    public required IReadOnlyList<double> Margins { get; init; }

    /// <summary>γ of the measures that divide by it: the ⌊n/10⌋-th smallest of the n margins, the smallest where n is below
    /// 20.</summary>
    public double Tenth => Margins[Math.Max((Margins.Count / 10) - 1, 0)];

    /// <summary>The share of images whose label has the largest logit: their margins are positive.</summary>
    public double Accuracy => Margins.Count(margin => margin > 0) / (double)Margins.Count;

    /// <summary>The mean over images of −Σ_c p_c ln p_c, p the softmax of the logits, in nats.</summary>
    public required double Entropy { get; init; }

    /// <summary>A margin that a share of the images does not exceed.</summary>
    /// <param name="share">The share, in [0, 1]: 0 gives the smallest margin, 1 the largest.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not in [0, 1].</exception>
    public double Percentile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return Margins[Math.Max((int)Math.Ceiling(share * Margins.Count) - 1, 0)];
    }

    /// <summary>The percentiles.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"margin {Tenth:G5} at 10 % of {Margins.Count:N0} images, {Percentile(0.25):G5} at 25 %, {Percentile(0.5):G5} at 50 %, " +
            $"{Percentile(0.75):G5} at 75 %; accuracy {Accuracy:P2}, entropy {Entropy:G4}");

    /// <summary>The margins at a network's weights, from one pass that several measures share.</summary>
    internal static MarginDistribution Of(EmpiricalLoss subject, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        PassCost before = subject.Work;
        return subject.Once(nameof(MarginDistribution), Find);

        MarginDistribution Find()
        {
            subject.MoveToWeights();
            List<double> margins = [];
            double entropy = 0;
            int classes = subject.Outputs;
            subject.ForEachOutput(
                (outputs, labels) =>
                {
                    for (int i = 0; i < labels.Length; i++)
                    {
                        ReadOnlySpan<float> logits = outputs.Slice(i * classes, classes);
                        margins.Add(Margin(logits, (int)labels[i]));
                        entropy += EntropyOf(logits);
                    }
                },
                cancellation);
            margins.Sort();
            double tenth = margins[Math.Max((margins.Count / 10) - 1, 0)];
            return new MarginDistribution
            {
                Value = tenth,
                Uncertainty = Uncertainty.Rounding(tenth),
                Cost = subject.Work - before,
                Margins = margins,
                Entropy = entropy / margins.Count,
            };
        }
    }

    private static double Margin(ReadOnlySpan<float> logits, int label)
    {
        double other = double.NegativeInfinity;
        for (int c = 0; c < logits.Length; c++)
        {
            other = c != label && !(logits[c] <= other) ? logits[c] : other;
        }

        double margin = logits[label] - other;
        return double.IsNaN(margin) ? throw new TrainingException(
            "A logit of the network is not finite: its weights have diverged, and it has no margins.") : margin;
    }

    private static double EntropyOf(ReadOnlySpan<float> logits)
    {
        double largest = logits[ClassLoss.Largest(logits)], sum = 0, weighted = 0;
        foreach (float logit in logits)
        {
            double shifted = logit - largest, e = Math.Exp(shifted);
            sum += e;
            weighted += e * shifted;
        }

        return Math.Log(sum) - (weighted / sum);
    }
}
