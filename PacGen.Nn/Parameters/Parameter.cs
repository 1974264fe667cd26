using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A trainable tensor of a module: its shape, how it is initialised, and, once a <see cref="ParameterArena"/> is made, where it
/// lives.
/// </summary>
public sealed class Parameter
{
    private string name = "parameter";

    /// <summary>A parameter.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">How its first values are drawn.</param>
    public Parameter(Shape shape, Initializer initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        Shape = shape;
        Initializer = initializer;
    }

    /// <summary>The shape.</summary>
    public Shape Shape { get; }

    /// <summary>How the first values are drawn.</summary>
    public Initializer Initializer { get; }

    /// <summary>The path of fields that leads to it from the outermost module, such as <c>conv1.weight</c>.</summary>
    public string Name
    {
        get => name;
        internal set => name = value;
    }

    /// <summary>
    /// For each axis, which axis of the same array in PyTorch it is; null for the usual ones: (out, in) of a matrix, OIHW of four
    /// axes, the same of others.
    /// </summary>
    public IReadOnlyList<int>? PyTorchAxes { get; init; }

    /// <summary>Where its values are: a part of the arena's weights; null before an arena was made.</summary>
    public Region? Region { get; internal set; }

    /// <summary>The leaf of the graph that stands for it.</summary>
    public Tensor Tensor => field ??= Tensor.Leaf(this);

    /// <summary>The <see cref="PyTorchAxes"/> of an array that has its axes in PyTorch's order.</summary>
    internal static int[] SameAxes(Shape shape) => [.. Enumerable.Range(0, shape.Rank)];

    /// <summary>A parameter where a tensor is wanted.</summary>
    public static implicit operator Tensor(Parameter parameter) => parameter.Tensor;
}
