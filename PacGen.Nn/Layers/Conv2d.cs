using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A convolution of images (N, H, W, inputs) → (N, OH, OW, outputs). Weights are HWIO: (KH, KW, inputs, outputs).
/// </summary>
public sealed class Conv2d : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly int stride;
    private readonly int padding;

    /// <summary>A convolution layer.</summary>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">The step between output pixels, in input pixels.</param>
    /// <param name="padding">Zeros added on each side.</param>
    /// <param name="bias">Whether a bias is added for each output channel.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    /// <param name="biasInitializer">How the bias is drawn; U(±1/√fan-in) of the weights, PyTorch's default, without it.</param>
    public Conv2d(
        int inputs, int outputs, int kernel, int stride = 1, int padding = 0, bool bias = true, Initializer? initializer = null,
        Initializer? biasInitializer = null)
    {
        weight = new Parameter(new Shape(kernel, kernel, inputs, outputs), initializer ?? Initializer.PyTorchDefault);
        this.bias = bias ? new Parameter(
            new Shape(outputs), biasInitializer ?? Initializer.Uniform(1 / Math.Sqrt((double)kernel * kernel * inputs))) : null;
        this.stride = stride;
        this.padding = padding;
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = Tensor.Conv2d(x, weight, stride, padding);
        return bias is null ? y : y + bias;
    }
}
