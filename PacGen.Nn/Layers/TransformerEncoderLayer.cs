namespace PacGen.Nn;

/// <summary>
/// A layer of a transformer encoder, PyTorch's TransformerEncoderLayer with batch_first: attention of (N, T, E) to itself and a
/// perceptron of one hidden layer at each place, each added to its input, with a layer normalisation behind the sum or, with
/// <c>normFirst</c>, in front of attention and perceptron.
/// </summary>
public sealed class TransformerEncoderLayer : Module
{
    private readonly MultiheadAttention selfAttn;
    private readonly Linear linear1;
    private readonly Linear linear2;
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly Dropout dropout;
    private readonly Dropout dropout1;
    private readonly Dropout dropout2;
    private readonly Func<Tensor, Tensor> activation;
    private readonly bool normFirst;

    /// <summary>A layer.</summary>
    /// <param name="dModel">E.</param>
    /// <param name="nHead">The attention's heads; E is a multiple.</param>
    /// <param name="dimFeedforward">The width of the perceptron's hidden layer.</param>
    /// <param name="dropout">p of dropout of the attention's weights, the hidden layer and both sums' terms.</param>
    /// <param name="activation">The hidden layer's activation; ReLU without it.</param>
    /// <param name="layerNormEps">ε of the normalisations.</param>
    /// <param name="normFirst">Whether normalisation comes first.</param>
    /// <exception cref="ArgumentOutOfRangeException">E is no multiple of the heads, or another number is out of
    /// range.</exception>
    public TransformerEncoderLayer(
        int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1, Func<Tensor, Tensor>? activation = null,
        double layerNormEps = 1e-5, bool normFirst = false)
    {
        selfAttn = new MultiheadAttention(dModel, nHead, dropout);
        linear1 = new Linear(dModel, dimFeedforward);
        linear2 = new Linear(dimFeedforward, dModel);
        norm1 = new LayerNorm(dModel, layerNormEps);
        norm2 = new LayerNorm(dModel, layerNormEps);
        (this.dropout, dropout1, dropout2) = (new Dropout(dropout), new Dropout(dropout), new Dropout(dropout));
        this.activation = activation ?? (x => x.Relu());
        this.normFirst = normFirst;
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>The layer's output with a mask for its attention; see <see cref="MultiheadAttention.Attend"/>.</summary>
    /// <param name="x">(N, T, C).</param>
    /// <param name="mask">What is added to the scores, (T, T) or (N·heads, T, T); null for none.</param>
    public Tensor Forward(Tensor x, Tensor? mask)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (normFirst)
        {
            x += Attention(norm1.Apply(x));
            return x + Perceptron(norm2.Apply(x));
        }

        x = norm1.Apply(x + Attention(x));
        return norm2.Apply(x + Perceptron(x));

        Tensor Attention(Tensor y) =>
            dropout1.Apply(mask is null ? selfAttn.Apply(y) : selfAttn.Attend(y, y, y, mask));

        Tensor Perceptron(Tensor y) =>
            dropout2.Apply(linear2.Apply(dropout.Apply(activation(linear1.Apply(y)))));
    }
}
