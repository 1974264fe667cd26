namespace PacGen.Nn;

/// <summary>Layers of a transformer encoder one after the other, PyTorch's TransformerEncoder: (N, T, E) → (N, T, E).</summary>
public sealed class TransformerEncoder : Module
{
    private readonly TransformerEncoderLayer[] layers;
    private readonly LayerNorm? norm;

    /// <summary>An encoder.</summary>
    /// <param name="layers">The layers, first to last.</param>
    /// <param name="norm">A normalisation behind the last layer, or none.</param>
    public TransformerEncoder(IReadOnlyList<TransformerEncoderLayer> layers, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        (this.layers, this.norm) = ([.. layers], norm);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = layers.Aggregate(x, (input, layer) => layer.Apply(input));
        return norm?.Apply(y) ?? y;
    }
}
