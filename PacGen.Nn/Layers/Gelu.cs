namespace PacGen.Nn;

/// <summary>The Gaussian error linear unit; see <see cref="Tensor.Gelu"/>.</summary>
/// <param name="tanh">Whether by its approximation with tanh.</param>
public sealed class Gelu(bool tanh = false) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Gelu(tanh);
}
