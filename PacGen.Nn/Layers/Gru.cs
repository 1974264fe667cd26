namespace PacGen.Nn;

/// <summary>
/// Gated recurrent units, PyTorch's GRU: from a zero state, with r, z, n of x·W and of h·U, each with its bias, in three parts:
/// h ← (1 − σ(z))·tanh(nₓ + σ(r)·nₕ) + σ(z)·h.
/// </summary>
public sealed class Gru : Recurrent
{
    /// <inheritdoc cref="Lstm(int, int, int, bool, double, bool)"/>
    public Gru(
        int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, double dropout = 0, bool bidirectional = false)
        : base(3, inputSize, hiddenSize, bias, numLayers, bidirectional, dropout)
    {
    }

    /// <inheritdoc/>
    private protected override Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory)
    {
        Tensor[] x = ofInput.Split(1, 3);
        return Next(x, ofState?.Split(1, 3), h);
    }

    /// <summary>The next h.</summary>
    /// <param name="x">r, z and n of the input.</param>
    /// <param name="state">Those of the state; null for 0.</param>
    /// <param name="h">The state; null for 0.</param>
    internal static Tensor Next(Tensor[] x, Tensor[]? state, Tensor? h)
    {
        if (state is null)
        {
            return (1f - x[1].Sigmoid()) * x[2].Tanh();
        }

        Tensor reset = (x[0] + state[0]).Sigmoid(), kept = (x[1] + state[1]).Sigmoid();
        Tensor fresh = (1f - kept) * (x[2] + (reset * state[2])).Tanh();
        return h is null ? fresh : fresh + (kept * h);
    }
}
