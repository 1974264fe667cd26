namespace PacGen.Nn;

/// <summary>A multilayer perceptron: linear layers with an activation between them. Images are flattened.</summary>
public sealed class Mlp : Module
{
    private readonly Linear[] layers;
    private readonly Func<Tensor, Tensor> activation;

    /// <summary>An MLP with ReLU.</summary>
    /// <param name="widths">The lengths of the input, of each hidden layer, and of the output: at least two.</param>
    /// <exception cref="ArgumentException">There are fewer than two widths, or one is below 1.</exception>
    public Mlp(params int[] widths)
        : this(widths, x => x.Relu())
    {
    }

    /// <summary>An MLP with an activation of one's choice.</summary>
    /// <param name="widths">The lengths of the input, of each hidden layer, and of the output: at least two.</param>
    /// <param name="activation">The activation, such as <c>x =&gt; x.Tanh()</c> or <c>Tensor.Map&lt;Softplus&gt;</c>.</param>
    /// <param name="initializer">How the weights are drawn; PyTorch's default without it.</param>
    /// <exception cref="ArgumentException">There are fewer than two widths, or one is below 1.</exception>
    public Mlp(IReadOnlyList<int> widths, Func<Tensor, Tensor> activation, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(widths);
        ArgumentNullException.ThrowIfNull(activation);
        if (widths.Count < 2 || widths.Any(width => width < 1))
        {
            throw new ArgumentException($"An MLP has at least an input and an output width, each at least 1; got ({string.Join(", ", widths)}).", nameof(widths));
        }

        this.activation = activation;
        layers = new Linear[widths.Count - 1];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new Linear(widths[i], widths[i + 1], initializer: initializer);
        }
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor y = layers[0].Forward(x.Flatten());
        foreach (Linear layer in layers.AsSpan(1))
        {
            y = layer.Forward(activation(y));
        }

        return y;
    }
}
