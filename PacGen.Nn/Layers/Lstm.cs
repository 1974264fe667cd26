namespace PacGen.Nn;

/// <summary>
/// Long short-term memory, PyTorch's LSTM: from zero states, with i, f, g, o = x·W + h·U + both biases in four parts, c ← σ(f)·c
/// + σ(i)·tanh g and h ← σ(o)·tanh c.
/// </summary>
public sealed class Lstm : Recurrent
{
    /// <summary>Layers.</summary>
    /// <param name="inputs">The length of an input.</param>
    /// <param name="hidden">The length of the states.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="layers">How many layers.</param>
    /// <param name="bidirectional">Whether each goes in both directions.</param>
    /// <param name="dropout">p of dropout behind all layers but the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no layer, or p is not in [0, 1).</exception>
    public Lstm(int inputs, int hidden, bool bias = true, int layers = 1, bool bidirectional = false, double dropout = 0)
        : base(4, inputs, hidden, bias, layers, bidirectional, dropout)
    {
    }

    /// <inheritdoc/>
    private protected override Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory)
    {
        Tensor[] gates = (ofState is null ? ofInput : ofInput + ofState).Split(1, 4);
        Tensor added = gates[0].Sigmoid() * gates[2].Tanh();
        memory = memory is null ? added : (gates[1].Sigmoid() * memory) + added;
        return gates[3].Sigmoid() * memory.Tanh();
    }
}
