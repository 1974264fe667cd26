using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>A multilayer perceptron: linear layers with an activation between them. Images are flattened.</summary>
public sealed class Mlp : Module
{
    private readonly Linear[] layers;
    private readonly Func<Tensor, Tensor> activation;
    private readonly Dropout dropout = new(0);

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
            throw new ArgumentException(
                $"An MLP has at least an input and an output width, each at least 1; got ({string.Join(", ", widths)}).",
                nameof(widths));
        }

        this.activation = activation;
        layers = new Linear[widths.Count - 1];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new Linear(widths[i], widths[i + 1], initializer: initializer);
        }
    }

    /// <summary>p of the dropout behind each activation; 0 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1), in single precision.</exception>
    public double Dropout
    {
        get;
        init => (field, dropout) = (value, new Dropout(value));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor y = layers[0].Apply(x.Flatten());
        foreach (Linear layer in layers.AsSpan(1))
        {
            y = layer.Apply(dropout.Apply(activation(y)));
        }

        return y;
    }

    /// <summary>
    /// Re-parameterizes two consecutive layers without changing the network's function (22): W and b of one are multiplied by
    /// α and W of the next by 1/α; its b stays. With D the diagonal matrix of these factors, ∇²L̂ becomes D⁻¹∇²L̂D⁻¹ (23), for
    /// any loss of the network's output, wherever L̂ is twice differentiable.
    /// </summary>
    /// <param name="alpha">α, positive. Powers of two change no bits of the outputs short of overflow and underflow.</param>
    /// <param name="layer">The first of the two layers, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">α is not positive and finite, or there is no such pair of
    /// layers.</exception>
    /// <exception cref="ArgumentException">A weight times its factor is no single-precision number. Nothing was
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The activation is not ReLU, or the parameters have no values yet.</exception>
    public void Rescale(double alpha, int layer = 0)
    {
        if (!(alpha > 0) || !double.IsFinite(alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "α must be positive and finite.");
        }

        if (layer < 0 || layer >= layers.Length - 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(layer), layer, $"An MLP of {layers.Length} layers has {layers.Length - 1} pairs of consecutive ones; " +
                    $"the pair is named by its first, from 0.");
        }

        Tensor probe = Tensor.Input(new Kernels.Shape(1), "x"), image = activation(probe);
        if (image.Operation is not FusedMap { Expression.Function: { } function } || function != typeof(ReluFunction)
            || image.Inputs[0] != probe)
        {
            throw new InvalidOperationException(
                "Rescale: the layers can trade a factor only where the activation is positively homogeneous, and of these only " +
                    "ReLU is known here; this network has another one.");
        }

        List<(Region Region, float[] Values)> scaled =
        [
            Times(layers[layer].Weight, alpha),
            .. layers[layer].Bias is { } bias ? [Times(bias, alpha)] : Array.Empty<(Region, float[])>(),
            Times(layers[layer + 1].Weight, 1 / alpha),
        ];
        foreach ((Region region, float[] values) in scaled)
        {
            region.Write(values);
        }
    }

    private static (Region Region, float[] Values) Times(Parameter parameter, double factor)
    {
        Region region = parameter.Region
            ?? throw new InvalidOperationException(
                $"Rescale: '{parameter.Name}' has no values yet: create a ParameterArena for the network first.");
        float[] values = region.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            float value = (float)(values[i] * factor);
            values[i] = float.IsFinite(value) || !float.IsFinite(values[i])
                ? value
                : throw new ArgumentException(
                    $"Rescale: {values[i]} of '{parameter.Name}' times {factor} is no single-precision number: use an α nearer " +
                    $"to 1.");
        }

        return (region, values);
    }
}
