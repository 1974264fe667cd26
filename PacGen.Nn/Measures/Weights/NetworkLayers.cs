using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The weight matrices of a network and what kind of function it is, read off the graph of its output in evaluation mode: so it
/// holds for any module, whatever its fields. Weights of a matrix product are a linear layer's, those of a convolution a
/// convolution's; what has one axis (biases, the factors of batch norm) is in no matrix.
/// </summary>
/// <example>
/// <code>
/// NetworkLayers layers = new(model, trainer.Arena, 28, 28, 1);
/// foreach (WeightMatrix matrix in layers.Matrices)
/// {
///     Console.WriteLine($"{matrix.Name}: {matrix.Shape}");
/// }
/// </code>
/// </example>
public sealed class NetworkLayers
{
    // Between the squared weights of a path these keep sums and products of numbers that are not negative.
    private static readonly HashSet<Type> OfPaths = [typeof(ReluFunction), typeof(AddFunction), typeof(MultiplyFunction)];

    // Twice differentiable wherever their inputs may lie in a network that has a loss at all.
    private static readonly HashSet<Type> Smooth =
    [
        typeof(AddFunction), typeof(SubtractFunction), typeof(MultiplyFunction), typeof(DivideFunction), typeof(NegateFunction),
        typeof(ReciprocalFunction), typeof(ExpFunction), typeof(LogFunction), typeof(SqrtFunction), typeof(SquareFunction),
        typeof(SigmoidFunction), typeof(TanhFunction), typeof(ErfFunction), typeof(NormalDistributionFunction),
        typeof(SoftplusFunction),
    ];

    /// <summary>Looks at a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="image">The extents of one sample: height, width, channels of an image.</param>
    /// <exception cref="ShapeException">The network doesn't take such images.</exception>
    public NetworkLayers(Module model, ParameterArena arena, params ReadOnlySpan<int> image)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arena);
        Dictionary<Parameter, int> starts = [];
        int start = 0;
        foreach (Parameter parameter in arena.Parameters)
        {
            starts[parameter] = start;
            start += checked((int)parameter.Shape.Count);
        }

        model.Eval();
        Input = Tensor.Input(new Shape([1, .. image]), "image");
        Output = model.Apply(Input);
        List<WeightMatrix> found = [];
        HashSet<Parameter> seen = [], odd = [], repeated = [];
        foreach (Tensor node in Gradients.Ordered(Output).OrderBy(node => node.Order))
        {
            HasState |= node.State is not null;
            NotOfPaths ??= Refusal(node);
            Kink ??= node.Operation is PoolSelect or Reduce { Kind: ReduceKind.Max }
                || (node.Operation is FusedMap map && !map.Expression.AppliesOnly(Smooth))
                ? node.Operation.Name : null;
            for (int i = 0; i < node.Inputs.Length; i++)
            {
                if (node.Inputs[i].Parameter is not { Shape.Rank: > 1 } weights)
                {
                    continue;
                }

                if (node.Operation is not (MatMul or Conv2dForward))
                {
                    odd.Add(weights);
                }
                else if (seen.Add(weights))
                {
                    found.Add(new WeightMatrix(
                        weights.Name, weights.Shape, starts[weights], node.Inputs[1 - i].Shape,
                        (node.Operation as Conv2dForward)?.Geometry));
                }
                else
                {
                    repeated.Add(weights);
                }
            }
        }

        odd.UnionWith(arena.Parameters.Where(parameter => parameter.Shape.Rank > 1 && !seen.Contains(parameter)));
        Matrices = found;
        Unknown = arena.Parameters.FirstOrDefault(odd.Contains) is { } first
            ? $"{first.Name} {first.Shape} is the weight of neither a linear nor a convolution layer, so that its matrix is " +
                $"not known."
            : arena.Parameters.FirstOrDefault(repeated.Contains) is { } again
            ? $"{again.Name} {again.Shape} is used more than once, as in a recurrent network: the layers are no chain of " +
                $"matrices."
            : found.Count == 0 ? $"{model.GetType().Name} has no linear or convolution layer." : null;
    }

    /// <summary>The weight matrices, in the order in which an image meets them.</summary>
    public IReadOnlyList<WeightMatrix> Matrices { get; }

    /// <summary>A sentence that names a weight whose matrix isn't known; null where all are known.</summary>
    public string? Unknown { get; }

    /// <summary>Whether the output depends on state such as batch norm's running statistics.</summary>
    public bool HasState { get; }

    /// <summary>
    /// An operation of the network that has kinks (ReLU, largest values), or is not known to have none; null where the network is
    /// twice differentiable in its weights, as the bounds from curvature ask.
    /// </summary>
    internal string? Kink { get; }

    /// <summary>The image that <see cref="Output"/> is of.</summary>
    internal Tensor Input { get; }

    /// <summary>The output for one image.</summary>
    internal Tensor Output { get; }

    /// <summary>What the network does beside sums of products along paths and ReLU; null for nothing else.</summary>
    internal string? NotOfPaths { get; }

    /// <summary>The layers of a measure's subject.</summary>
    internal static NetworkLayers Of(EmpiricalLoss subject) => subject.Once(
        nameof(NetworkLayers),
        () => new NetworkLayers(
            subject.Model, subject.Arena, subject.Images.SampleShape.AsSpan()));

    private static string? Refusal(Tensor node) => node.Operation switch
    {
        null when node.State is not null => "batch norm",
        null or MatMul or Conv2dForward or DepthwiseConv2d or PoolSelect or AveragePool or Reduce or Kernels.Reshape
            or RearrangeOperation => null,
        FusedMap map when map.Expression.AppliesOnly(OfPaths) => null,
        { } other => other.Name,
    };
}
