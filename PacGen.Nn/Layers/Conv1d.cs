using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A convolution of sequences (N, L, inChannels) → (N, OL, outChannels), OL = ⌊(L + 2·padding − dilation·(K − 1) − 1)/stride⌋
/// + 1. Weights are (K, inChannels/groups, outChannels).
/// </summary>
public sealed class Conv1d : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly Conv2dGeometry geometry;
    private readonly int dilation;
    private readonly int groups;

    /// <summary>A convolution layer.</summary>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels.</param>
    /// <param name="kernelSize">The kernel's length.</param>
    /// <param name="stride">The step between output places, in input places.</param>
    /// <param name="padding">Zeros added at both ends.</param>
    /// <param name="dilation">The distance of the kernel's taps, in places.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The channels can't be cut into as many groups.</exception>
    public Conv1d(
        int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0, int dilation = 1, int groups = 1,
        bool bias = true, Initializer? initializer = null)
    {
        Conv2d.Require(inChannels, outChannels, groups);
        weight = new Parameter(
            new Shape(kernelSize, inChannels / groups, outChannels), initializer ?? Initializer.PyTorchDefault)
        {
            PyTorchAxes = [2, 1, 0],
        };
        this.bias = bias ? new Parameter(
            new Shape(outChannels), Initializer.Uniform(1 / Math.Sqrt((double)kernelSize * inChannels / groups))) : null;
        geometry = new Conv2dGeometry(1, stride, 0, padding);
        (this.dilation, this.groups) = (dilation, groups);
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">x is not (N, L, inChannels).</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 3)
        {
            throw new ShapeException($"Conv1d takes sequences (N, L, channels), not {x.Shape}.");
        }

        Tensor y = Tensor.Conv2d(
            x.Reshape(x.Shape[0], 1, x.Shape[1], x.Shape[2]), weight.Tensor.Reshape(new Shape([1, .. weight.Shape.AsSpan()])),
            geometry, (1, dilation), groups);
        y = y.Reshape(y.Shape[0], y.Shape[2], y.Shape[3]);
        return bias is null ? y : y + bias;
    }
}
