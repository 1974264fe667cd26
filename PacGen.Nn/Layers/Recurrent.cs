using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Layers of recurrent units over sequences (N, T, inputs) → (N, T, hidden), each over the outputs of the one before, unrolled
/// over T; in both directions (N, T, 2·hidden), the outputs of the one that begins at the end behind the others. PyTorch's with
/// batch_first and its names: <c>weight_ih_l0</c>, <c>bias_hh_l1_reverse</c>, ….
/// </summary>
public abstract class Recurrent : Module
{
    private readonly Cell[][] layers;
    private readonly Dropout dropout;
    private readonly int inputs;

    /// <summary>Layers.</summary>
    /// <param name="gates">How many parts of the hidden length a unit's products have.</param>
    /// <param name="inputs">The length of an input.</param>
    /// <param name="hidden">The length of the states.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="layers">How many layers.</param>
    /// <param name="bidirectional">Whether each goes in both directions.</param>
    /// <param name="dropout">p of dropout behind all layers but the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no layer, or p is not in [0, 1).</exception>
    private protected Recurrent(
        int gates, int inputs, int hidden, bool bias, int layers, bool bidirectional, double dropout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        (this.inputs, this.dropout) = (inputs, new Dropout(dropout));
        this.layers = new Cell[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            int length = layer == 0 ? inputs : bidirectional ? 2 * hidden : hidden;
            this.layers[layer] = [
                new Cell($"L{layer}", gates, length, hidden, bias),
                .. bidirectional ? [new Cell($"L{layer}Reverse", gates, length, hidden, bias)] : Array.Empty<Cell>()];
        }
    }

    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, object? Part)> Parts =>
        layers.SelectMany(layer => layer).SelectMany(cell => cell.Parts).Append(("dropout", dropout));

    /// <inheritdoc/>
    /// <exception cref="ShapeException">x is not (N, T, inputs).</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 3 || x.Shape[2] != inputs)
        {
            throw new ShapeException($"{GetType().Name} takes sequences (N, T, {inputs}), not {x.Shape}.");
        }

        foreach (Cell[] layer in layers)
        {
            Tensor y = Run(x, layer[0], backwards: false);
            y = layer.Length == 1 ? y : Tensor.Concatenate(2, y, Run(x, layer[1], backwards: true));
            x = layer == layers[^1] ? y : dropout.Apply(y);
        }

        return x;
    }

    /// <summary>One step: the next output.</summary>
    /// <param name="ofInput">x·W with its bias, (N, gates·hidden).</param>
    /// <param name="ofState">h·U with its bias; null without a bias where h is 0.</param>
    /// <param name="h">The output before; null at the first step, for 0.</param>
    /// <param name="memory">What a unit keeps besides; null at the first step.</param>
    private protected abstract Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory);

    private Tensor Run(Tensor x, Cell cell, bool backwards)
    {
        (int count, int length) = (x.Shape[0], x.Shape[1]);

        // Of all steps at once; what is left to each is the product with the state.
        Tensor products = Tensor.MatMul(x.Reshape(count * length, x.Shape[2]), cell.WeightIh);
        products = cell.BiasIh is null ? products : products + cell.BiasIh;
        Tensor[] steps = Array.ConvertAll(
            products.Reshape(count, length, -1).Split(1, length), step => step.Reshape(count, -1));
        Tensor? memory = null;
        return Tensor.Stack(1, Unrolled(steps, cell.WeightHh, cell.BiasHh?.Tensor, null, ref memory, backwards, Step));
    }

    /// <summary>A unit's step: the next output; see <see cref="Step"/>.</summary>
    internal delegate Tensor UnitStep(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory);

    /// <summary>The outputs of all steps, in the order of the sequence.</summary>
    /// <param name="steps">x·W of each step with its bias, (N, gates·hidden).</param>
    /// <param name="weights">U, (hidden, gates·hidden).</param>
    /// <param name="bias">The bias of h·U; null for none.</param>
    /// <param name="h">The output before the first step; null for 0.</param>
    /// <param name="memory">What a unit keeps besides, before the first step and after the last.</param>
    /// <param name="backwards">Whether the first step is the sequence's last.</param>
    /// <param name="step">The unit.</param>
    internal static Tensor[] Unrolled(
        Tensor[] steps, Tensor weights, Tensor? bias, Tensor? h, ref Tensor? memory, bool backwards, UnitStep step)
    {
        Tensor[] outputs = new Tensor[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            int t = backwards ? steps.Length - 1 - i : i;
            Tensor? ofState = h is null ? bias?.BroadcastTo(steps[t].Shape)
                : bias is null ? Tensor.MatMul(h, weights) : Tensor.MatMul(h, weights) + bias;
            outputs[t] = h = step(steps[t], ofState, h, ref memory);
        }

        return outputs;
    }

    /// <summary>The parameters of a layer in one direction.</summary>
    private sealed class Cell(string suffix, int gates, int inputs, int hidden, bool bias)
    {
        private readonly Initializer initializer = Initializer.Uniform(1 / Math.Sqrt(hidden));

        public Parameter WeightIh => field ??= new Parameter(new Shape(inputs, gates * hidden), initializer);

        public Parameter WeightHh => field ??= new Parameter(new Shape(hidden, gates * hidden), initializer);

        public Parameter? BiasIh => field ??= Bias();

        public Parameter? BiasHh => field ??= Bias();

        public IEnumerable<(string Name, object? Part)> Parts =>
            [($"weightIh{suffix}", WeightIh), ($"weightHh{suffix}", WeightHh), ($"biasIh{suffix}", BiasIh),
                ($"biasHh{suffix}", BiasHh)];

        private Parameter? Bias() => bias ? new Parameter(new Shape(gates * hidden), initializer) : null;
    }
}
