using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A row of numbers for each of some words, channels or other indices: indices (N, …), whole numbers from 0, become (N, …,
/// embeddingDim). An index that has no row is an error when the graph runs. Weights are (numEmbeddings, embeddingDim).
/// </summary>
public sealed class Embedding : Module
{
    private readonly Parameter weight;

    /// <summary>An embedding.</summary>
    /// <param name="numEmbeddings">How many rows.</param>
    /// <param name="embeddingDim">The length of a row.</param>
    /// <param name="initializer">How they are drawn; N(0, 1), PyTorch's default, without it.</param>
    public Embedding(int numEmbeddings, int embeddingDim, Initializer? initializer = null)
    {
        weight = new Parameter(new Shape(numEmbeddings, embeddingDim), initializer ?? Initializer.Normal(1))
        {
            PyTorchAxes = [0, 1],
        };
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return weight.Tensor.GatherRows(x.Reshape(-1)).Reshape(new Shape([.. x.Shape.AsSpan(), weight.Shape[1]]));
    }
}
