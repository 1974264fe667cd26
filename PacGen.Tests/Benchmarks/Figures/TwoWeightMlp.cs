using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Figure 1's network as a module of the library: every layer is made of the same two parameters. The logits are (0, z).
/// </summary>
internal sealed class TwoWeightMlp : Module
{
    private readonly Parameter w1 = new(new Shape(1), Initializer.Zeros);
    private readonly Parameter w2 = new(new Shape(1), Initializer.Zeros);

    public override Tensor Forward(Tensor x)
    {
        // x·Wᵀ with W = [[w₁, w₂], [−w₂, w₁]].
        Tensor hidden = ((Tensor)w1 * Tensor.Constant(new Shape(2, 2), [1, 0, 0, 1])) + (
            (Tensor)w2 * Tensor.Constant(new Shape(2, 2), [0, -1, 1, 0]));
        Tensor last = ((Tensor)w1 * Tensor.Constant(new Shape(2, 2), [0, 1, 0, 0])) + (
            (Tensor)w2 * Tensor.Constant(new Shape(2, 2), [0, 0, 0, 1]));
        for (int layer = 1; layer < 5; layer++)
        {
            x = Tensor.MatMul(x, hidden).Sigmoid();
        }

        return Tensor.MatMul(x, last);
    }
}
