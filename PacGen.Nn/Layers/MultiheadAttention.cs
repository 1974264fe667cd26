using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Attention in several heads, PyTorch's MultiheadAttention with batch_first: each head's softmax(QKᵀ/√d)·V of linear maps of
/// queries, keys and values (N, T, E), d = E/heads, joined and mapped linearly once more.
/// </summary>
public sealed class MultiheadAttention : Module
{
    private readonly Parameter inProjWeight;
    private readonly Parameter? inProjBias;
    private readonly Linear outProj;
    private readonly Dropout dropout;
    private readonly int embedding;
    private readonly int heads;

    /// <summary>An attention layer.</summary>
    /// <param name="embedDim">E.</param>
    /// <param name="numHeads">The heads; E is a multiple.</param>
    /// <param name="dropout">p of dropout of the attention's weights.</param>
    /// <param name="bias">Whether the linear maps have biases.</param>
    /// <exception cref="ArgumentOutOfRangeException">E is no multiple of the heads, or p not in [0, 1).</exception>
    public MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true)
    {
        if (numHeads < 1 || embedDim < numHeads || embedDim % numHeads != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numHeads), numHeads, $"An embedding of {embedDim} can't be cut into {numHeads} equal heads.");
        }

        (embedding, heads) = (embedDim, numHeads);
        inProjWeight = new Parameter(new Shape(embedDim, 3 * embedDim), Initializer.XavierUniform());
        inProjBias = bias ? new Parameter(new Shape(3 * embedDim), Initializer.Zeros) : null;
        outProj = new Linear(embedDim, embedDim, bias, biasInitializer: Initializer.Zeros);
        this.dropout = new Dropout(SinglePrecision.Fraction(dropout, "p of MultiheadAttention"));
    }

    /// <summary>The attention of (N, T, E) to itself.</summary>
    public override Tensor Forward(Tensor x) => Attend(x, x, x);

    /// <summary>The attention of a sequence to itself, each place to itself and those before it.</summary>
    /// <param name="x">(N, T, C).</param>
    public Tensor Causal(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Attend(x, x, x, CausalMask(x.Shape[1]));
    }

    /// <summary>The attention of queries (N, T, E) to keys and values (N, S, E) → (N, T, E).</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values.</param>
    /// <param name="mask">Added to the scores before the softmax, (T, S) or (N·heads, T, S); a large negative number where a
    /// query is not to see a key.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public Tensor Attend(Tensor queries, Tensor keys, Tensor values, Tensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        foreach (Tensor x in (Tensor[])[queries, keys, values])
        {
            if (x.Shape.Rank != 3 || x.Shape[2] != embedding)
            {
                throw new ShapeException($"MultiheadAttention takes sequences (N, T, {embedding}), not {x.Shape}.");
            }
        }

        // Cut before the product: a gradient then adds to its part of the weights alone.
        Tensor[] weights = inProjWeight.Tensor.Split(1, 3);
        Tensor?[] biases = inProjBias is null ? new Tensor?[3] : inProjBias.Tensor.Split(0, 3);
        int batch = queries.Shape[0], length = queries.Shape[1], width = embedding / heads;
        Tensor q = Heads(queries, 0, 1 / Math.Sqrt(width)), k = Heads(keys, 1), v = Heads(values, 2);
        Tensor scores = Tensor.Apply(new BatchMatMul(false, true), q, k);
        Tensor attention = dropout.Apply((mask is null ? scores : scores + mask).Softmax());
        return outProj.Apply(Tensor.MatMul(attention, v).Reshape(batch, heads, length, width).Permute(0, 2, 1, 3).Reshape(
            batch, length, embedding));

        Tensor Heads(Tensor x, int part, double factor = 1)
        {
            Tensor y = Tensor.MatMul(x, weights[part]);
            y = biases[part] is { } b ? y + b : y;
            y = factor == 1 ? y : y * factor;
            return y.Reshape(x.Shape[0], x.Shape[1], heads, width).Permute(0, 2, 1, 3).Reshape(-1, x.Shape[1], width);
        }
    }

    /// <summary>The mask of places behind one's own, (T, T): 0 for those that are seen, −10⁹ for the others.</summary>
    /// <param name="length">T.</param>
    public static Tensor CausalMask(int length)
    {
        float[] mask = new float[checked(length * length)];
        for (int row = 0; row < length; row++)
        {
            mask.AsSpan((row * length) + row + 1, length - row - 1).Fill(-1e9f);
        }

        return Tensor.Constant(new Shape(length, length), mask);
    }
}
