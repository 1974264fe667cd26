using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Batch normalisation, PyTorch's BatchNorm1d of (N, C) and BatchNorm2d of images (N, H, W, C): y = (x − mean)/√(variance +
/// ε)·weight + bias, channel by channel. In training mean and (biased) variance are the batch's; in evaluation they are the
/// running ones, which follow the batches' means and unbiased variances as <see cref="RunningStatistics"/> says.
/// </summary>
public sealed class BatchNorm : Module
{
    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly StateTensor runningMean;
    private readonly StateTensor runningVar;
    private readonly double epsilon;
    private readonly double momentum;

    /// <summary>A batch normalisation layer: weight 1, bias 0, running mean 0 and variance 1 at first.</summary>
    /// <param name="numFeatures">C, the extent of the last axis.</param>
    /// <param name="eps">ε, added to the variance.</param>
    /// <param name="momentum">The share of a batch in the running statistics: r ← (1 − momentum)·r + momentum·batch, as PyTorch
    /// counts it.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not positive, or the momentum is not in [0, 1]; or not so in single
    /// precision.</exception>
    public BatchNorm(int numFeatures, double eps = 1e-5, double momentum = 0.1)
    {
        Shape shape = new(numFeatures);
        weight = new Parameter(shape, Initializer.Ones);
        bias = new Parameter(shape, Initializer.Zeros);
        runningMean = new StateTensor(shape, 0);
        runningVar = new StateTensor(shape, 1);
        epsilon = SinglePrecision.Positive(eps, "ε of BatchNorm");
        this.momentum = SinglePrecision.Share(momentum, "The momentum of BatchNorm");
    }

    /// <summary>A layer of parameters and state that are there.</summary>
    internal BatchNorm(
        Parameter weight, Parameter bias, StateTensor runningMean, StateTensor runningVar, double epsilon, double momentum)
    {
        (this.weight, this.bias, this.runningMean, this.runningVar) = (weight, bias, runningMean, runningVar);
        this.epsilon = SinglePrecision.Positive(epsilon, "ε of BatchNorm");
        this.momentum = SinglePrecision.Share(momentum, "The momentum of BatchNorm");
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">x has fewer than two axes, or in training one value a channel: its variance tells
    /// nothing.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank < 2 || x.Shape[-1] != weight.Shape[0])
        {
            throw new ShapeException($"BatchNorm: {weight.Shape[0]} channels are normalised, but the input has shape {x.Shape}.");
        }

        if (Context is not { } context)
        {
            Tensor factor = weight / (runningVar.Tensor + epsilon).Sqrt();
            return (x * factor) + (bias - (runningMean * factor));
        }

        int count = checked((int)(x.Shape.Count / x.Shape[-1]));
        if (count < 2)
        {
            throw new ShapeException(
                $"BatchNorm: in training a channel needs two values or more, but the input has shape {x.Shape}: use a larger " +
                $"batch.");
        }

        // The variance about the mean, in two passes: the mean of squares minus the square of the mean cancels. So would x·factor
        // + (bias −
        // mean·factor), in the gradient of the factor.
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank - 1)];
        Tensor mean = x.Mean(axes);
        Tensor variance = x.Variance(mean, axes);
        context.Average(runningMean, mean, momentum);
        context.Average(runningVar, variance * ((double)count / (count - 1)), momentum);
        return ((x - mean) * (weight / (variance + epsilon).Sqrt())) + bias;
    }
}
