namespace PacGen.Nn;

/// <summary>The mean over all pixels: (N, H, W, C) → (N, C).</summary>
public sealed class GlobalAveragePool : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Mean([1, 2]);
}
