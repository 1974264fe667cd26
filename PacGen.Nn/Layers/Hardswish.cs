namespace PacGen.Nn;

/// <summary>x·min(max(x + 3, 0), 6)/6, element by element.</summary>
public sealed class Hardswish : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Hardswish();
}
