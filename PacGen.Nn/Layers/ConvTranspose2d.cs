using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A transposed convolution of images (N, H, W, inChannels) → (N, OH, OW, outChannels), OH = (H − 1)·stride − 2·padding +
/// dilation·(KH − 1) + 1 + outputPadding. Weights are (KH, KW, outChannels/groups, inChannels).
/// </summary>
public sealed class ConvTranspose2d : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly Conv2dGeometry geometry;
    private readonly (int Height, int Width) outputPadding;
    private readonly (int Height, int Width) dilation;
    private readonly int groups;

    /// <summary>A transposed convolution layer.</summary>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels.</param>
    /// <param name="kernelSize">The kernel's height and width.</param>
    /// <param name="stride">The step between the input's pixels, in output pixels.</param>
    /// <param name="padding">Pixels of the output cut off on each side.</param>
    /// <param name="outputPadding">Rows and columns added behind; below the stride.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="dilation">The distance of the kernel's taps, in pixels.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    public ConvTranspose2d(
        int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0, int outputPadding = 0, int groups = 1,
        bool bias = true, int dilation = 1, Initializer? initializer = null)
        : this(
            inChannels, outChannels, (kernelSize, kernelSize), new Conv2dGeometry(stride, padding),
            (outputPadding, outputPadding), groups, bias, (dilation, dilation), initializer)
    {
    }

    /// <summary>A transposed convolution layer whose height and width differ.</summary>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels.</param>
    /// <param name="kernelSize">The kernel's height and width.</param>
    /// <param name="geometry">Strides and paddings.</param>
    /// <param name="outputPadding">Rows and columns added behind; below the stride.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="dilation">The distance of the kernel's taps; 1 without it.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    public ConvTranspose2d(
        int inChannels, int outChannels, (int Height, int Width) kernelSize, Conv2dGeometry geometry,
        (int Height, int Width) outputPadding = default, int groups = 1, bool bias = true,
        (int Height, int Width)? dilation = null, Initializer? initializer = null)
    {
        Conv2d.Require(inChannels, outChannels, groups);

        // PyTorch counts the fan-in of these weights by the second of its axes, the outputs.
        double bound = 1 / Math.Sqrt((double)kernelSize.Height * kernelSize.Width * outChannels / groups);
        weight = new Parameter(
            new Shape(kernelSize.Height, kernelSize.Width, outChannels / groups, inChannels),
            initializer ?? Initializer.Uniform(bound));
        this.bias = bias ? new Parameter(new Shape(outChannels), Initializer.Uniform(bound)) : null;
        (this.geometry, this.outputPadding, this.dilation, this.groups) = (geometry, outputPadding, dilation ?? (1, 1), groups);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = Tensor.ConvTranspose2d(x, weight, geometry, outputPadding, dilation, groups);
        return bias is null ? y : y + bias;
    }
}
