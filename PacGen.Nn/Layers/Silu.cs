namespace PacGen.Nn;

/// <summary>x/(1 + e⁻ˣ), element by element.</summary>
public sealed class Silu : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Silu();
}
