using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>x where it is positive, else weight·x, the weight being trained: one for all, or one for each channel of the last
/// axis.</summary>
public sealed class PRelu : Module
{
    private readonly Parameter weight;

    /// <summary>The layer.</summary>
    /// <param name="numParameters">How many weights: 1, or the extent of the last axis.</param>
    /// <param name="init">Each weight at first.</param>
    public PRelu(int numParameters = 1, double init = 0.25)
    {
        weight = new Parameter(new Shape(numParameters), Initializer.Constant(init));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.LeakyRelu(weight);
}
