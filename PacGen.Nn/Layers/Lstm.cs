namespace PacGen.Nn;

/// <summary>
/// Long short-term memory, PyTorch's LSTM: from zero states, with i, f, g, o = x·W + h·U + both biases in four parts, c ← σ(f)·c
/// + σ(i)·tanh g and h ← σ(o)·tanh c.
/// </summary>
public sealed class Lstm : Recurrent
{
    /// <summary>Layers.</summary>
    /// <param name="inputSize">The length of an input.</param>
    /// <param name="hiddenSize">The length of the states.</param>
    /// <param name="numLayers">How many layers.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="dropout">p of dropout behind all layers but the last.</param>
    /// <param name="bidirectional">Whether each goes in both directions.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no layer, or p is not in [0, 1).</exception>
    public Lstm(
        int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, double dropout = 0, bool bidirectional = false)
        : base(4, inputSize, hiddenSize, bias, numLayers, bidirectional, dropout)
    {
    }

    /// <inheritdoc/>
    private protected override Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory)
    {
        Tensor[] gates = (ofState is null ? ofInput : ofInput + ofState).Split(1, 4);
        return Next(gates[0], gates[1], gates[2], gates[3], ref memory);
    }

    /// <summary>The next h and c.</summary>
    internal static Tensor Next(Tensor i, Tensor f, Tensor g, Tensor o, ref Tensor? memory)
    {
        Tensor added = i.Sigmoid() * g.Tanh();
        memory = memory is null ? added : (f.Sigmoid() * memory) + added;
        return o.Sigmoid() * memory.Tanh();
    }
}
