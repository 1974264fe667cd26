using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// One layer of gated recurrent units over sequences (N, T, inputs) → (N, T, hidden), PyTorch's GRU with batch_first: from a zero
/// state, with r, z, n of x·W and of h·U, each with its bias, in three parts: h ← (1 − σ(z))·tanh(nₓ + σ(r)·nₕ) + σ(z)·h. It is
/// unrolled over T.
/// </summary>
public sealed class Gru : Module
{
    private readonly Parameter weightIhL0;
    private readonly Parameter weightHhL0;
    private readonly Parameter? biasIhL0;
    private readonly Parameter? biasHhL0;
    private readonly int hidden;

    /// <summary>A layer.</summary>
    /// <param name="inputs">The length of an input.</param>
    /// <param name="hidden">The length of the state.</param>
    /// <param name="bias">Whether there are biases.</param>
    public Gru(int inputs, int hidden, bool bias = true)
    {
        this.hidden = hidden;
        Initializer initializer = Initializer.Uniform(1 / Math.Sqrt(hidden));
        weightIhL0 = new Parameter(new Shape(inputs, 3 * hidden), initializer);
        weightHhL0 = new Parameter(new Shape(hidden, 3 * hidden), initializer);
        biasIhL0 = bias ? new Parameter(new Shape(3 * hidden), initializer) : null;
        biasHhL0 = bias ? new Parameter(new Shape(3 * hidden), initializer) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">x is not (N, T, inputs).</exception>
    public override Tensor Forward(Tensor x)
    {
        Tensor[] inputs = Lstm.Steps(x, weightIhL0.Shape[0], nameof(Gru)), outputs = new Tensor[inputs.Length];
        Tensor h = Tensor.Constant(0f).BroadcastTo(new Shape(x.Shape[0], hidden));
        for (int t = 0; t < inputs.Length; t++)
        {
            Tensor[] ofInput = Gates(inputs[t], weightIhL0, biasIhL0), ofState = Gates(h, weightHhL0, biasHhL0);
            Tensor reset = (ofInput[0] + ofState[0]).Sigmoid(), kept = (ofInput[1] + ofState[1]).Sigmoid();
            Tensor fresh = (ofInput[2] + (reset * ofState[2])).Tanh();
            h = ((1f - kept) * fresh) + (kept * h);
            outputs[t] = h;
        }

        return Tensor.Stack(1, outputs);
    }

    private static Tensor[] Gates(Tensor x, Parameter weight, Parameter? bias)
    {
        Tensor gates = Tensor.MatMul(x, weight);
        return (bias is null ? gates : gates + bias).Split(1, 3);
    }
}
