namespace PacGen.Nn;

/// <summary>Everything but the batch axis flattened.</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Flatten();
}
