namespace PacGen.Nn;

/// <summary>x where it is positive, else α(eˣ − 1), element by element.</summary>
/// <param name="alpha">α.</param>
public sealed class Elu(double alpha = 1) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Elu(alpha);
}
