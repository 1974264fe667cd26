using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// An array of an ONNX file that is trained, or moved by training: a parameter or a state of the network. Its elements are stored
/// in the order in which the first node that takes it wants them (a convolution's are (KH, KW, C, OC) here and (OC, C, KH, KW)
/// there); a node that wants another order permutes them where it runs.
/// </summary>
/// <param name="source">The array.</param>
/// <param name="name">Its name as a parameter.</param>
internal sealed class OnnxWeight(OnnxInitializer source, string name)
{
    private int[] extents = [], order = [];

    /// <summary>Its name as a parameter.</summary>
    public string Name => name;

    /// <summary>The array in the file.</summary>
    public OnnxInitializer Source { get; private set; } = source;

    /// <summary>The parameter, once a node takes it as such.</summary>
    public Parameter? Parameter { get; private set; }

    /// <summary>The state, once a node takes it as such.</summary>
    public StateTensor? State { get; private set; }

    /// <summary>The elements in an order of axes.</summary>
    /// <param name="factors">The file's extents, where one may be written as several factors.</param>
    /// <param name="axes">Axis i of what is wanted is factor axes[i].</param>
    /// <param name="shape">The shape that is wanted, of these axes.</param>
    public Tensor Take(int[] factors, int[] axes, Shape shape)
    {
        if (State is not null)
        {
            throw new CheckpointException($"'{name}' is a running statistic elsewhere, and can't be a weight too");
        }

        if (Parameter is null)
        {
            (extents, order) = (factors, axes);
            Parameter = new Parameter(shape, Initializer.Values(Stored()));
        }

        return Same(factors, axes) ? Parameter.Tensor.Reshape(shape)
            : OnnxAxes.Permuted(
                OnnxAxes.Permuted(
                    Parameter.Tensor.Reshape(new Shape(Array.ConvertAll(order, axis => extents[axis]))), AxisOrder.Inverse(order))
                    .Reshape(new Shape(factors)),
                axes).Reshape(shape);
    }

    /// <summary>The array as a state.</summary>
    public StateTensor TakeState() => Parameter is null
        ? State ??= new StateTensor(new Shape(Source.Dims), Array.ConvertAll(Source.Numbers(), value => (float)value))
        : throw new CheckpointException($"'{name}' is a weight elsewhere, and can't be a running statistic too");

    /// <summary>Lets go of the file's values, which the parameter has.</summary>
    public void Forget() => Source = Source with { Values = null };

    /// <summary>The elements in the order in which they are stored, given them in the file's.</summary>
    public float[] InOrderOfNetwork(float[] values) =>
        State is not null ? values : Array.ConvertAll(AxisOrder.Places(extents, order), place => values[place]);

    private float[] Stored() => Source.Values is null ? new float[new Shape(Source.Dims).Count]
        : InOrderOfNetwork(Array.ConvertAll(Source.Values, value => (float)value));

    /// <summary>Whether an order of axes is the stored one, but for axes of extent 1.</summary>
    private bool Same(int[] factors, int[] axes) =>
        extents.AsSpan().SequenceEqual(factors) && order.AsSpan().SequenceEqual(axes)
        || (AxisOrder.Keeps(extents, order) && AxisOrder.Keeps(factors, axes));
}
