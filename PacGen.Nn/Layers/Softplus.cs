namespace PacGen.Nn;

/// <summary>ln(1 + e^(βx))/β, element by element.</summary>
/// <param name="beta">β.</param>
public sealed class Softplus(double beta = 1) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Softplus(beta);
}
