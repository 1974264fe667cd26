using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A transposed convolution of images (N, H, W, inputs) → (N, OH, OW, outputs), OH = (H − 1)·stride − 2·padding +
/// dilation·(KH − 1) + 1 + outputPadding. Weights are (KH, KW, outputs/groups, inputs).
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
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">The step between the input's pixels, in output pixels.</param>
    /// <param name="padding">Pixels of the output cut off on each side.</param>
    /// <param name="outputPadding">Rows and columns added behind; below the stride.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="dilation">The distance of the kernel's taps, in pixels.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    public ConvTranspose2d(
        int inputs, int outputs, int kernel, int stride = 1, int padding = 0, int outputPadding = 0, bool bias = true,
        int dilation = 1, int groups = 1, Initializer? initializer = null)
        : this(
            inputs, outputs, (kernel, kernel), new Conv2dGeometry(stride, padding), (outputPadding, outputPadding), bias,
            (dilation, dilation), groups, initializer)
    {
    }

    /// <summary>A transposed convolution layer whose height and width differ.</summary>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="geometry">Strides and paddings.</param>
    /// <param name="outputPadding">Rows and columns added behind; below the stride.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="dilation">The distance of the kernel's taps; 1 without it.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    public ConvTranspose2d(
        int inputs, int outputs, (int Height, int Width) kernel, Conv2dGeometry geometry,
        (int Height, int Width) outputPadding = default, bool bias = true, (int Height, int Width)? dilation = null,
        int groups = 1, Initializer? initializer = null)
    {
        Conv2d.Require(inputs, outputs, groups);

        // PyTorch counts the fan-in of these weights by the second of its axes, the outputs.
        double bound = 1 / Math.Sqrt((double)kernel.Height * kernel.Width * outputs / groups);
        weight = new Parameter(
            new Shape(kernel.Height, kernel.Width, outputs / groups, inputs), initializer ?? Initializer.Uniform(bound));
        this.bias = bias ? new Parameter(new Shape(outputs), Initializer.Uniform(bound)) : null;
        (this.geometry, this.outputPadding, this.dilation, this.groups) = (geometry, outputPadding, dilation ?? (1, 1), groups);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = Tensor.ConvTranspose2d(x, weight, geometry, outputPadding, dilation, groups);
        return bias is null ? y : y + bias;
    }
}
