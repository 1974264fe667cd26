using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Group normalisation of (N, …, C), PyTorch's GroupNorm: the channels are cut into groups of neighbours, and each example's
/// group, over all its pixels, is brought to mean 0 and (biased) variance 1; then channel by channel ·weight + bias.
/// </summary>
public sealed class GroupNorm : Module
{
    private readonly Parameter? weight;
    private readonly Parameter? bias;
    private readonly int groups;
    private readonly int channels;
    private readonly double epsilon;

    /// <summary>A group normalisation: weight 1 and bias 0 at first.</summary>
    /// <param name="numGroups">How many groups; they must be equal.</param>
    /// <param name="numChannels">C, the extent of the last axis.</param>
    /// <param name="eps">ε, added to the variance.</param>
    /// <param name="affine">Whether weight and bias are trained; else there are none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The channels can't be cut into as many groups, or ε is not positive in
    /// single precision.</exception>
    public GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true)
    {
        if (numGroups < 1 || numChannels < numGroups || numChannels % numGroups != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numGroups), numGroups, $"{numChannels} channels can't be cut into {numGroups} equal groups.");
        }

        (groups, channels) = (numGroups, numChannels);
        epsilon = SinglePrecision.Positive(eps, "ε of GroupNorm");
        weight = affine ? new Parameter(new Shape(numChannels), Initializer.Ones) : null;
        bias = affine ? new Parameter(new Shape(numChannels), Initializer.Zeros) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of x is not the channels.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank < 2 || x.Shape[-1] != channels)
        {
            throw new ShapeException($"GroupNorm: {channels} channels are normalised, but the input has shape {x.Shape}.");
        }

        return Normalized(x, groups, epsilon, weight, bias);
    }

    /// <summary>Each example's groups of channels standardized, then ·weight + bias where there are any.</summary>
    internal static Tensor Normalized(Tensor x, int groups, double epsilon, Parameter? weight, Parameter? bias)
    {
        int channels = x.Shape[-1], pixels = (int)(x.Shape.Count / x.Shape[0] / channels);
        Tensor grouped = x.Reshape(x.Shape[0], pixels, groups, channels / groups);
        Tensor y = LayerNorm.Standardized(grouped, [1, 3], epsilon).Reshape(x.Shape);
        return weight is null ? y : (y * weight) + bias!;
    }
}
