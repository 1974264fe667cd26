using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// One layer of long short-term memory over sequences (N, T, inputs) → (N, T, hidden), PyTorch's LSTM with batch_first: from zero
/// states, with i, f, g, o = x·W + h·U + both biases in four parts, c ← σ(f)·c + σ(i)·tanh g and h ← σ(o)·tanh c. It is unrolled
/// over T.
/// </summary>
public sealed class Lstm : Module
{
    private readonly Parameter weightIhL0;
    private readonly Parameter weightHhL0;
    private readonly Parameter? biasIhL0;
    private readonly Parameter? biasHhL0;

    /// <summary>A layer.</summary>
    /// <param name="inputs">The length of an input.</param>
    /// <param name="hidden">The length of the states.</param>
    /// <param name="bias">Whether there are biases.</param>
    public Lstm(int inputs, int hidden, bool bias = true)
    {
        Initializer initializer = Initializer.Uniform(1 / Math.Sqrt(hidden));
        weightIhL0 = new Parameter(new Shape(inputs, 4 * hidden), initializer);
        weightHhL0 = new Parameter(new Shape(hidden, 4 * hidden), initializer);
        biasIhL0 = bias ? new Parameter(new Shape(4 * hidden), initializer) : null;
        biasHhL0 = bias ? new Parameter(new Shape(4 * hidden), initializer) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeException">x is not (N, T, inputs).</exception>
    public override Tensor Forward(Tensor x)
    {
        Tensor[] inputs = Steps(x, weightIhL0.Shape[0], nameof(Lstm)), outputs = new Tensor[inputs.Length];
        Tensor? h = null, c = null;
        for (int t = 0; t < inputs.Length; t++)
        {
            Tensor gates = Tensor.MatMul(inputs[t], weightIhL0);
            gates = biasIhL0 is null ? gates : gates + biasIhL0 + biasHhL0!;
            gates = h is null ? gates : gates + Tensor.MatMul(h, weightHhL0);
            Tensor[] parts = gates.Split(1, 4);
            Tensor added = parts[0].Sigmoid() * parts[2].Tanh();
            c = c is null ? added : (parts[1].Sigmoid() * c) + added;
            h = parts[3].Sigmoid() * c.Tanh();
            outputs[t] = h;
        }

        return Tensor.Stack(1, outputs);
    }

    /// <summary>The inputs of each step, (N, inputs).</summary>
    internal static Tensor[] Steps(Tensor x, int inputs, string layer)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Shape.Rank == 3 && x.Shape[2] == inputs
            ? [.. x.Split(1, x.Shape[1]).Select(step => step.Reshape(x.Shape[0], inputs))]
            : throw new ShapeException($"{layer} takes sequences (N, T, {inputs}), not {x.Shape}.");
    }
}
