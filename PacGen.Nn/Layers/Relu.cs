namespace PacGen.Nn;

/// <summary>max(0, x), element by element.</summary>
public sealed class Relu : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Relu();
}
