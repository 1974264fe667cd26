using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Losses of a batch: a scalar tensor, the mean over the examples. A loss of one's own is any function of this form.
/// </summary>
public static partial class Loss
{
    private static readonly Func<Tensor, Tensor, Tensor> OfProbabilities = (logits, targets) => SoftCrossEntropy(logits, targets);

    private static readonly Func<Tensor, Tensor, Tensor> OfBits = (logits, targets) => BinaryCrossEntropy(logits, targets);

    /// <summary>
    /// The usual loss of targets: the cross-entropy of classes and of probabilities, the binary cross-entropy of labels, the mean
    /// squared error of values.
    /// </summary>
    /// <param name="target">What the targets are.</param>
    public static Func<Tensor, Tensor, Tensor> Of(TargetForm target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.Kind switch
        {
            TargetKind.Class => CrossEntropy,
            TargetKind.Probabilities => OfProbabilities,
            TargetKind.Bits => OfBits,
            _ => MeanSquaredError,
        };
    }

    /// <summary>What a loss is called.</summary>
    internal static string NameOf(Func<Tensor, Tensor, Tensor> loss) =>
        IsCrossEntropy(loss) ? "cross-entropy" : loss == OfBits ? "binary cross-entropy"
            : loss == MeanSquaredError ? "mean squared error" : "of the caller's own";

    /// <summary>Whether a loss is the softmax cross-entropy, of classes or of probabilities.</summary>
    internal static bool IsCrossEntropy(Func<Tensor, Tensor, Tensor> loss) => loss == CrossEntropy || loss == OfProbabilities;

    /// <summary>Whether a loss is the usual one of labels.</summary>
    internal static bool IsBinaryCrossEntropy(Func<Tensor, Tensor, Tensor> loss) => loss == OfBits;

    /// <summary>
    /// Softmax cross-entropy: −ln softmax(z)_y, averaged. Stable for any logits.
    /// </summary>
    /// <param name="logits">(N, C).</param>
    /// <param name="labels">(N): class numbers 0 … C − 1.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) =>
        Tensor.Apply(new SoftmaxCrossEntropy(), logits, labels).Mean();

    /// <summary>
    /// The cross-entropy bounded to [0, 1], as bounds ask for: −ln max(p_y, p_min) / ln(1/p_min), averaged, p the softmax of the
    /// logits. Where p_y is below p_min its gradient is zero; the smooth form, with p_min + (1 − p_min)p_y in the place of the
    /// maximum, has all its derivatives everywhere, as the lemmas with curvature and ρ ask for.
    /// </summary>
    /// <param name="logits">(N, C).</param>
    /// <param name="labels">(N): class numbers 0 … C − 1.</param>
    /// <param name="smallestProbability">p_min, in (0, 1).</param>
    /// <param name="smooth">The smooth form.</param>
    /// <exception cref="ArgumentOutOfRangeException">p_min is outside (0, 1), in single precision.</exception>
    public static Tensor BoundedCrossEntropy(Tensor logits, Tensor labels, double smallestProbability, bool smooth = false)
    {
        ArgumentNullException.ThrowIfNull(logits);
        SinglePrecision.OpenFraction(smallestProbability, "p_min");
        double floor = Math.Log(smallestProbability);
        Tensor log = logits.LogSoftmax().GatherColumn(labels);
        Tensor bounded = smooth ? (((1 - smallestProbability) * log.Exp()) + smallestProbability).Log()
            : Tensor.Maximum(log, floor);
        return bounded.Mean() * (1 / floor);
    }

    /// <summary>
    /// Negative log-likelihood: −x_y, averaged, of log-probabilities such as <see cref="Tensor.LogSoftmax"/> gives.
    /// </summary>
    /// <param name="logProbabilities">(N, C).</param>
    /// <param name="labels">(N): class numbers 0 … C − 1.</param>
    public static Tensor NegativeLogLikelihood(Tensor logProbabilities, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logProbabilities);
        return -logProbabilities.GatherColumn(labels).Mean();
    }

    /// <summary>The mean of (x − y)² over all elements.</summary>
    /// <param name="predictions">x, any shape.</param>
    /// <param name="targets">y, the same shape.</param>
    /// <exception cref="ShapeException">
    /// The shapes differ. Nothing is stretched: (N, 1) against (N) would compare each prediction with every target.
    /// </exception>
    public static Tensor MeanSquaredError(Tensor predictions, Tensor targets)
    {
        RequireSame(nameof(MeanSquaredError), predictions, targets, Advice);
        return (predictions - targets).Square().Mean();
    }

    private const string Advice = "give a target for each prediction; class numbers are for CrossEntropy.";

    /// <summary>Each prediction has its own target: nothing is stretched.</summary>
    private static void RequireSame(string loss, Tensor predictions, Tensor targets, string advice)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        if (predictions.Shape != targets.Shape)
        {
            throw new ShapeException(
                $"{loss}: predictions {predictions.Shape} and targets {targets.Shape} must have the same shape; "
                + (predictions.Shape.Count == targets.Shape.Count
                    ? "where they hold the same numbers in the same order, write predictions.Reshape(targets.Shape)." : advice));
        }
    }
}
