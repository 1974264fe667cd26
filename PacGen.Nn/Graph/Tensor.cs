using System.Collections.Immutable;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A node of the graph: a shape and the operation that makes it from other tensors. Nothing is computed when it is built, but
/// its shapes are checked, so an error points at the line that wrote it. <see cref="CompiledGraph"/> computes it.
/// </summary>
public sealed partial class Tensor
{
    private static long created;

    // What SumTo gave last.
    private Tensor? sumOf;

    private Tensor(Shape shape, Operation? operation, ImmutableArray<Tensor> inputs, float[]? values, string? name)
    {
        Shape = shape;
        Operation = operation;
        Inputs = inputs;
        Values = values;
        Name = name;
        Order = Interlocked.Increment(ref created);
    }

    /// <summary>The extents, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>The operation that makes the tensor, or null for a leaf: an input, a parameter or a constant.</summary>
    public Operation? Operation { get; }

    /// <summary>What the operation takes, in its order; none for a leaf. A rule of <see cref="Gradients"/> reads them.</summary>
    public ImmutableArray<Tensor> Inputs { get; }

    /// <summary>The name of a leaf, for messages.</summary>
    public string? Name { get; }

    /// <summary>The values of a constant.</summary>
    internal float[]? Values { get; }

    /// <summary>The parameter that this leaf stands for.</summary>
    internal Parameter? Parameter { get; init; }

    /// <summary>The state that this leaf stands for.</summary>
    internal StateTensor? State { get; init; }

    /// <summary>Creation order: every tensor comes after its inputs.</summary>
    internal long Order { get; }

    /// <summary>The <see cref="Order"/> of the tensor that was made last.</summary>
    internal static long LastOrder => Interlocked.Read(ref created);

    /// <summary>A leaf whose values are given when the graph runs: a batch of images, labels, a step number.</summary>
    /// <param name="shape">The shape of the values.</param>
    /// <param name="name">What messages call it.</param>
    public static Tensor Input(Shape shape, string name) => new(shape, null, [], null, name);

    /// <summary>A scalar constant.</summary>
    /// <param name="value">The value.</param>
    public static Tensor Constant(float value) => new(Shape.Scalar, null, [], [value], null);

    /// <summary>A constant of any shape.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="values">The values in row-major order, which are copied.</param>
    /// <exception cref="ShapeException">The number of values is not the shape's.</exception>
    public static Tensor Constant(Shape shape, float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Length == shape.Count
            ? new(shape, null, [], [.. values], null)
            : throw new ShapeException($"Constant: {values.Length} values don't fill shape {shape} of {shape.Count}.");
    }

    internal static Tensor Leaf(Parameter parameter) =>
        new(parameter.Shape, null, [], null, parameter.Name) { Parameter = parameter };

    internal static Tensor Leaf(StateTensor state) => new(state.Shape, null, [], null, state.Name) { State = state };

    /// <summary>The tensor that an operation makes of others: the way to use a primitive operation of one's own.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="inputs">What it takes, in its order.</param>
    /// <exception cref="ShapeException">The shapes don't fit the operation.</exception>
    public static Tensor Apply(Operation operation, params Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(inputs);
        Shape shape = operation.Infer([.. inputs.Select(input => input.Shape)]);
        return new(shape, operation, [.. inputs], null, null);
    }

    /// <summary>
    /// The tensor that a unary function of one's own makes, element by element; its derivative is registered with
    /// <see cref="Gradients"/>.
    /// </summary>
    /// <param name="x">Of any shape.</param>
    public static Tensor Map<TFunction>(Tensor x)
        where TFunction : struct, IUnaryFunction => Apply(FusedMap.Unary<TFunction>(), x);

    /// <summary>The tensor that a binary function makes of two, element by element, with broadcasting.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="y">Of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Map<TFunction>(Tensor x, Tensor y)
        where TFunction : struct, IBinaryFunction => Apply(FusedMap.Binary<TFunction>(), x, y);

    /// <summary>
    /// Computes the tensor now and returns its values in row-major order: for looking at things interactively. Parameters have
    /// their current values; a graph that runs more than once is compiled with <see cref="CompiledGraph"/> instead.
    /// </summary>
    /// <param name="device">Where to compute; null for where its parameters are, or the CPU.</param>
    /// <returns>The values; the last axis changes fastest.</returns>
    /// <exception cref="InvalidOperationException">The tensor depends on an input, whose value is not known.</exception>
    public float[] Evaluate(Device? device = null)
    {
        using CompiledGraph graph = CompiledGraph.Compile(device ?? DeviceOf(this), [this]);
        if (graph.Inputs.Count > 0)
        {
            throw new InvalidOperationException(
                $"Evaluate: the tensor depends on the input '{graph.Inputs[0].Name}', which has no value here; compile a " +
                    $"CompiledGraph and write the input.");
        }

        graph.Run();
        return graph[this].ToArray();
    }

    private static Device DeviceOf(Tensor tensor) =>
        Gradients.Ordered(tensor).Select(node => node.Parameter?.Region?.Buffer.Device).FirstOrDefault(
            device => device is not null) ?? Device.Cpu;

    /// <summary>MatMul (64, 10)</summary>
    public override string ToString() => $"{Operation?.Name ?? Name ?? "constant"} {Shape}";
}
