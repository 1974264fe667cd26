using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A convolution of images (N, H, W, inChannels) → (N, OH, OW, outChannels). Weights are HWIO: (KH, KW, inChannels/groups,
/// outChannels).
/// </summary>
public sealed class Conv2d : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly Conv2dGeometry geometry;
    private readonly (int Height, int Width) dilation;
    private readonly int groups;
    private readonly bool same;

    /// <summary>A convolution layer.</summary>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels.</param>
    /// <param name="kernelSize">The kernel's height and width.</param>
    /// <param name="stride">The step between output pixels, in input pixels.</param>
    /// <param name="padding">Zeros added on each side.</param>
    /// <param name="dilation">The distance of the kernel's taps, in pixels.</param>
    /// <param name="groups">The groups of channels that are convolved on their own; as many as input channels for a depthwise
    /// convolution.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    /// <param name="biasInitializer">How the bias is drawn; U(±1/√fan-in) of the weights, PyTorch's default, without it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The channels can't be cut into as many groups.</exception>
    public Conv2d(
        int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0, int dilation = 1, int groups = 1,
        bool bias = true, Initializer? initializer = null, Initializer? biasInitializer = null)
        : this(
            inChannels, outChannels, (kernelSize, kernelSize), new Conv2dGeometry(stride, padding), (dilation, dilation), groups,
            false, bias, initializer, biasInitializer)
    {
    }

    /// <summary>A convolution layer whose height and width differ, or whose output has its input's extents.</summary>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels.</param>
    /// <param name="kernelSize">The kernel's height and width.</param>
    /// <param name="geometry">Strides and paddings.</param>
    /// <param name="dilation">The distance of the kernel's taps; 1 without it.</param>
    /// <param name="groups">The groups of channels that are convolved on their own.</param>
    /// <param name="same">Whether as many zeros are added, one more behind than before where they are odd, that the output has
    /// the input's height and width, PyTorch's padding="same"; strides are then 1 and paddings 0.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    /// <param name="biasInitializer">How the bias is drawn; U(±1/√fan-in) of the weights, PyTorch's default, without it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The channels can't be cut into as many groups.</exception>
    /// <exception cref="ArgumentException">"Same" with a stride or a padding.</exception>
    public Conv2d(
        int inChannels, int outChannels, (int Height, int Width) kernelSize, Conv2dGeometry geometry,
        (int Height, int Width)? dilation = null, int groups = 1, bool same = false, bool bias = true,
        Initializer? initializer = null, Initializer? biasInitializer = null)
    {
        Require(inChannels, outChannels, groups);
        if (same && geometry != new Conv2dGeometry(1, 0))
        {
            throw new ArgumentException(
                $"A convolution whose output has its input's extents has stride 1 and no other padding, not {geometry}.",
                nameof(geometry));
        }

        weight = new Parameter(
            new Shape(kernelSize.Height, kernelSize.Width, inChannels / groups, outChannels),
            initializer ?? Initializer.PyTorchDefault);
        double fanIn = (double)kernelSize.Height * kernelSize.Width * inChannels / groups;
        this.bias = bias ? new Parameter(
            new Shape(outChannels), biasInitializer ?? Initializer.Uniform(1 / Math.Sqrt(fanIn))) : null;
        this.geometry = geometry;
        this.dilation = dilation ?? (1, 1);
        this.groups = groups;
        this.same = same;
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Conv2dGeometry padded = geometry;
        if (same)
        {
            int height = dilation.Height * (weight.Shape[0] - 1), width = dilation.Width * (weight.Shape[1] - 1);
            padded = new Conv2dGeometry(1, 1, height / 2, width / 2);
            x = x.Pad(1, 0, height % 2).Pad(2, 0, width % 2);
        }

        Tensor y = Tensor.Conv2d(x, weight, padded, dilation, groups);
        return bias is null ? y : y + bias;
    }

    /// <summary>Both numbers of channels must be multiples of the groups.</summary>
    internal static void Require(int inputs, int outputs, int groups)
    {
        if (groups < 1 || inputs % groups != 0 || outputs % groups != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(groups), groups, $"{inputs} input and {outputs} output channels can't be cut into {groups} equal groups.");
        }
    }
}
