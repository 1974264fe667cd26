using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Numbers that a module keeps beside its parameters and that no optimizer trains, such as the running statistics of
/// <see cref="BatchNorm"/>: they have no gradient, no perturbation and no part in Ψ. A training pass may move them, see
/// <see cref="TrainingContext.Average"/>; evaluation reads them.
/// </summary>
public sealed class StateTensor
{
    private string name = "state";

    /// <summary>A state.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="initial">The value of every element at first.</param>
    public StateTensor(Shape shape, float initial)
    {
        Shape = shape;
        Initial = new float[shape.Count];
        Array.Fill(Initial, initial);
    }

    /// <summary>A state that is known, such as that of a file.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="initial">The value of each element at first.</param>
    /// <exception cref="ArgumentException">There are more or fewer values than elements.</exception>
    public StateTensor(Shape shape, ReadOnlySpan<float> initial)
    {
        if (initial.Length != shape.Count)
        {
            throw new ArgumentException($"{initial.Length} values don't fill a state of shape {shape}.", nameof(initial));
        }

        Shape = shape;
        Initial = initial.ToArray();
    }

    /// <summary>The shape.</summary>
    public Shape Shape { get; }

    /// <summary>The value of each element at first.</summary>
    internal float[] Initial { get; }

    /// <summary>The path of fields that leads to it from the outermost module, such as <c>bn1.runningMean</c>.</summary>
    public string Name
    {
        get => name;
        internal set => name = value;
    }

    /// <summary>Where its values are: a part of <see cref="ParameterArena.State"/>; null before an arena was made.</summary>
    public Region? Region { get; internal set; }

    /// <summary>The leaf of the graph that stands for it.</summary>
    public Tensor Tensor => field ??= Tensor.Leaf(this);

    /// <summary>A state where a tensor is wanted.</summary>
    public static implicit operator Tensor(StateTensor state) => state.Tensor;
}
