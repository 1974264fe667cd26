using PacGen.Core.Lanes;

namespace PacGen.Nn;

/// <summary>
/// In training, zeroes each element with probability p and multiplies the rest by 1/(1 − p); otherwise the identity. The masks
/// come from Philox by (seed, stream, step): a seed repeats them.
/// </summary>
public sealed class Dropout : Module
{
    private readonly float probability;

    /// <summary>A dropout layer.</summary>
    /// <param name="p">p, in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1), in single precision.</exception>
    public Dropout(double p)
    {
        probability = (float)SinglePrecision.Fraction(p, "p of Dropout");
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        if (Context is not { } context || probability == 0)
        {
            return x;
        }

        Tensor uniform = Tensor.RandomUniform(x.Shape, context.Step, context.Seed, context.NextStream());
        return x * ((1f - Tensor.Less(uniform, probability)) * (1f / (1f - probability)));
    }
}
