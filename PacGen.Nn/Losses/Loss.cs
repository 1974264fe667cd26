using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Losses of a batch: a scalar tensor, the mean over the examples. A loss of one's own is any function of this form.</summary>
public static class Loss
{
    /// <summary>
    /// Softmax cross-entropy: −ln softmax(z)_y, averaged. Stable for any logits.
    /// </summary>
    /// <param name="logits">(N, C).</param>
    /// <param name="labels">(N): class numbers 0 … C − 1.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) => Tensor.Apply(new SoftmaxCrossEntropy(), logits, labels).Mean();

    /// <summary>Negative log-likelihood: −x_y, averaged, of log-probabilities such as <see cref="Tensor.LogSoftmax"/> gives.</summary>
    /// <param name="logProbabilities">(N, C).</param>
    /// <param name="labels">(N): class numbers 0 … C − 1.</param>
    public static Tensor NegativeLogLikelihood(Tensor logProbabilities, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logProbabilities);
        return -logProbabilities.GatherColumn(labels).Mean();
    }

    /// <summary>The mean of (x − y)² over all elements.</summary>
    /// <param name="predictions">Any shape.</param>
    /// <param name="targets">A shape that broadcasts with it.</param>
    public static Tensor MeanSquaredError(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        return (predictions - targets).Square().Mean();
    }
}
