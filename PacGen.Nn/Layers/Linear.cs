using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// y = x·W + b: (…, inFeatures) → (…, outFeatures). W is (inFeatures, outFeatures), the transpose of PyTorch's.
/// </summary>
public sealed class Linear : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;

    /// <summary>A linear layer.</summary>
    /// <param name="inFeatures">The length of an input row.</param>
    /// <param name="outFeatures">The length of an output row.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="initializer">How W is drawn; PyTorch's default without it.</param>
    /// <param name="biasInitializer">How b is drawn; U(±1/√inFeatures), PyTorch's default, without it.</param>
    public Linear(
        int inFeatures, int outFeatures, bool bias = true, Initializer? initializer = null, Initializer? biasInitializer = null)
    {
        weight = new Parameter(new Shape(inFeatures, outFeatures), initializer ?? Initializer.PyTorchDefault);
        this.bias = bias
            ? new Parameter(new Shape(outFeatures), biasInitializer ?? Initializer.Uniform(1 / Math.Sqrt(inFeatures))) : null;
    }

    /// <summary>W.</summary>
    internal Parameter Weight => weight;

    /// <summary>b, or null.</summary>
    internal Parameter? Bias => bias;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int inputs = weight.Shape[0];
        if (x.Shape.Rank > 1 && x.Shape[-1] != inputs)
        {
            string advice = x.Shape.Count / x.Shape[0] == inputs ? " A sample has as many numbers: put a Flatten before it." : "";
            throw new ShapeException(
                $"Linear with weights {weight.Shape} takes rows of {inputs} numbers, but its input is {x.Shape}.{advice}");
        }

        Tensor y = Tensor.MatMul(x, weight);
        return bias is null ? y : y + bias;
    }
}
