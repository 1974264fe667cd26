using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Losses with weights of classes, smoothed or soft targets, bits and numbers; each is PyTorch's of that name.</content>
public static partial class Loss
{
    /// <summary>
    /// Softmax cross-entropy with weights of classes and smoothed labels: with p = softmax(z), Σₙ [(1 − s)·w_y·(−ln p_y) + s/C ·
    /// Σ_c w_c·(−ln p_c)] / Σₙ w_y.
    /// </summary>
    /// <param name="logits">z, (N, C).</param>
    /// <param name="labels">y, (N): class numbers 0 … C − 1.</param>
    /// <param name="smoothing">s, in [0, 1): the share of the target that all classes have evenly.</param>
    /// <param name="weights">w, (C): the weight of each class; 1 without it.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">s is not in [0, 1).</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, double smoothing, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        SinglePrecision.Fraction(smoothing, "The smoothing of labels");
        Tensor log = logits.LogSoftmax(), ofLabel = log.GatherColumn(labels);
        int classes = logits.Shape[1];
        if (weights is null)
        {
            Tensor loss = ofLabel.Mean() * (smoothing - 1);
            return smoothing == 0 ? loss : loss - (log.Mean() * smoothing);
        }

        RequireWeights(weights, classes);
        Tensor weight = weights.BroadcastTo(logits.Shape).GatherColumn(labels);
        Tensor sum = (weight * ofLabel).Sum() * (smoothing - 1);
        sum = smoothing == 0 ? sum : sum - ((log * weights).Sum() * (smoothing / classes));
        return sum / weight.Sum();
    }

    /// <summary>Cross-entropy with probabilities as targets: the mean over rows of −Σ_c w_c·t_c·ln softmax(z)_c.</summary>
    /// <param name="logits">z, (N, C).</param>
    /// <param name="targets">t, (N, C): each row's probabilities.</param>
    /// <param name="weights">w, (C): the weight of each class; 1 without it.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public static Tensor SoftCrossEntropy(Tensor logits, Tensor targets, Tensor? weights = null)
    {
        RequireSame(nameof(SoftCrossEntropy), logits, targets, "give a probability for each class; class numbers are for " +
            "CrossEntropy.");
        Tensor terms = targets * logits.LogSoftmax();
        if (weights is not null)
        {
            RequireWeights(weights, logits.Shape[-1]);
            terms *= weights;
        }

        return terms.Sum() * (-1f / logits.Shape[0]);
    }

    /// <summary>
    /// Binary cross-entropy of logits, averaged over all elements: −p·t·ln σ(z) − (1 − t)·ln(1 − σ(z)). Stable for any logits.
    /// </summary>
    /// <param name="logits">z, any shape.</param>
    /// <param name="targets">t, the same shape, in [0, 1].</param>
    /// <param name="positiveWeight">p, which broadcasts: how much more a 1 counts than a 0; 1 without it.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor BinaryCrossEntropy(Tensor logits, Tensor targets, Tensor? positiveWeight = null)
    {
        RequireSame(nameof(BinaryCrossEntropy), logits, targets, "give a number in [0, 1] for each logit.");
        return positiveWeight is null ? (logits.Softplus() - (logits * targets)).Mean()
            : ((positiveWeight * targets * (-logits).Softplus()) + ((1f - targets) * logits.Softplus())).Mean();
    }

    /// <summary>The mean of |x − y| over all elements: L1.</summary>
    /// <param name="predictions">x, any shape.</param>
    /// <param name="targets">y, the same shape.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor MeanAbsoluteError(Tensor predictions, Tensor targets)
    {
        RequireSame(nameof(MeanAbsoluteError), predictions, targets, Advice);
        return (predictions - targets).Abs().Mean();
    }

    /// <summary>
    /// Huber's loss, averaged over all elements: ½d² where |d| = |x − y| is at most δ, else δ(|d| − ½δ). Over δ it is PyTorch's
    /// SmoothL1Loss with β = δ.
    /// </summary>
    /// <param name="predictions">x, any shape.</param>
    /// <param name="targets">y, the same shape.</param>
    /// <param name="delta">δ, positive.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">δ is not positive in single precision.</exception>
    public static Tensor Huber(Tensor predictions, Tensor targets, double delta = 1)
    {
        RequireSame(nameof(Huber), predictions, targets, Advice);
        SinglePrecision.Positive(delta, "δ of Huber's loss");
        Tensor distance = (predictions - targets).Abs(), square = Tensor.Minimum(delta, distance);
        return ((square.Square() * 0.5f) + (delta * (distance - square))).Mean();
    }

    /// <summary>
    /// The Kullback–Leibler divergence from predictions to targets, PyTorch's <c>batchmean</c>: Σ t·(ln t − x)/N, t·ln t being 0
    /// where t is.
    /// </summary>
    /// <param name="logProbabilities">x, such as <see cref="Tensor.LogSoftmax"/> gives; the first axis counts examples.</param>
    /// <param name="targets">t, the same shape: probabilities.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor KullbackLeibler(Tensor logProbabilities, Tensor targets)
    {
        RequireSame(nameof(KullbackLeibler), logProbabilities, targets, "give a probability for each log-probability.");
        Tensor entropy = Tensor.Map<KeepFunction>(targets, targets * targets.Log());
        return (entropy - (targets * logProbabilities)).Sum() * (1f / logProbabilities.Shape[0]);
    }

    private static void RequireWeights(Tensor weights, int classes)
    {
        if (weights.Shape != new Shape(classes))
        {
            throw new ShapeException(
                $"CrossEntropy: the weights of classes have shape {weights.Shape}, but there are {classes} classes: give " +
                    $"({classes}).");
        }
    }
}
