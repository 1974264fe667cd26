using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Instance normalisation of images (N, H, W, C) or sequences (N, L, C), PyTorch's InstanceNorm2d and InstanceNorm1d without
/// running statistics: each example's channel is brought to mean 0 and (biased) variance 1.
/// </summary>
public sealed class InstanceNorm : Module
{
    private readonly Parameter? weight;
    private readonly Parameter? bias;
    private readonly int channels;
    private readonly double epsilon;

    /// <summary>An instance normalisation.</summary>
    /// <param name="numFeatures">C, the extent of the last axis.</param>
    /// <param name="eps">ε, added to the variance.</param>
    /// <param name="affine">Whether a weight, 1 at first, and a bias, 0 at first, are trained for each channel.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not positive in single precision.</exception>
    public InstanceNorm(int numFeatures, double eps = 1e-5, bool affine = false)
    {
        channels = numFeatures;
        epsilon = SinglePrecision.Positive(eps, "ε of InstanceNorm");
        weight = affine ? new Parameter(new Shape(numFeatures), Initializer.Ones) : null;
        bias = affine ? new Parameter(new Shape(numFeatures), Initializer.Zeros) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of x is not the channels.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Shape.Rank >= 3 && x.Shape[-1] == channels ? GroupNorm.Normalized(x, channels, epsilon, weight, bias)
            : throw new ShapeException(
                $"InstanceNorm: {channels} channels are normalised over their pixels, but the input has shape {x.Shape}.");
    }
}
