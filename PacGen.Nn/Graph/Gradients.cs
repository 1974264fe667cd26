using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Differentiation: the gradient of a scalar as graph, made of the same primitives, so that a gradient can be differentiated
/// again. One table says what each operation's gradient is; a new operation or function is one row.
/// </summary>
public static class Gradients
{
    /// <summary>
    /// For an operation or function: for each input, its gradient from the node and the gradient of its output; null where it is
    /// zero.
    /// </summary>
    /// <param name="node">The tensor that the operation made.</param>
    /// <param name="gradient">The gradient of the scalar with respect to the node, of the node's shape.</param>
    public delegate Tensor Rule(Tensor node, Tensor gradient);

    private static readonly Dictionary<Type, Rule?[]> Table = new()
    {
        // Elementwise functions. Gradients come in the output's shape and are summed to the input's where it was stretched.
        [typeof(AddFunction)] = [(_, g) => g, (_, g) => g],
        [typeof(SubtractFunction)] = [(_, g) => g, (_, g) => -g],
        [typeof(MultiplyFunction)] = [(n, g) => Times(g, n.Inputs[1]), (n, g) => Times(g, n.Inputs[0])],
        [typeof(DivideFunction)] = [(n, g) => g / n.Inputs[1], (n, g) => -(g * n) / n.Inputs[1]],
        [typeof(MaximumFunction)] =
            [(n, g) => g * Tensor.Less(n.Inputs[1], n.Inputs[0]), (n, g) => g - (g * Tensor.Less(n.Inputs[1], n.Inputs[0]))],
        [typeof(LessFunction)] = [null, null],
        [typeof(EqualFunction)] = [null, null],
        [typeof(KeepFunction)] = [null, (n, g) => Tensor.Map<KeepFunction>(n.Inputs[0], g)],
        [typeof(PowFunction)] =
        [
            (n, g) => g * n.Inputs[1] * Tensor.Map<PowFunction>(n.Inputs[0], n.Inputs[1] - 1f),
            (n, g) => g * n * n.Inputs[0].Log(),
        ],
        [typeof(NegateFunction)] = [(_, g) => -g],
        [typeof(ExpFunction)] = [(n, g) => g * n],
        [typeof(LogFunction)] = [(n, g) => g / n.Inputs[0]],
        [typeof(SqrtFunction)] = [(n, g) => g * 0.5f / n],
        [typeof(SquareFunction)] = [(n, g) => g * 2f * n.Inputs[0]],
        [typeof(AbsFunction)] = [(n, g) => g * Tensor.Map<SignFunction>(n.Inputs[0])],
        [typeof(TanhFunction)] = [(n, g) => g * (1f - n.Square())],
        [typeof(SigmoidFunction)] = [(n, g) => g * n * (1f - n)],
        [typeof(ErfFunction)] = [(n, g) => g * ((-n.Inputs[0].Square()).Exp() * (2 / Math.Sqrt(Math.PI)))],
        [typeof(NormalDistributionFunction)] =
            [(n, g) => g * ((n.Inputs[0].Square() * -0.5f).Exp() * (1 / Math.Sqrt(2 * Math.PI)))],
        [typeof(SoftplusFunction)] = [(n, g) => g * n.Inputs[0].Sigmoid()],
        [typeof(ReciprocalFunction)] = [(n, g) => -(g * n.Square())],
        [typeof(ReluFunction)] = [(n, g) => g * Tensor.Map<StepFunction>(n)],
        [typeof(StepFunction)] = [null],
        [typeof(SignFunction)] = [null],
        [typeof(StopGradientFunction)] = [null],
        [typeof(BFloat16Function)] = [(n, g) => g],

        // Everything else.
        [typeof(Reshape)] = [(n, g) => g.Reshape(n.Inputs[0].Shape)],
        [typeof(Transpose)] = [(_, g) => g.Transpose()],
        [typeof(Permute)] = [(n, g) => Tensor.Apply(((Permute)n.Operation!).Inverse(), g)],
        [typeof(Slice)] = [(n, g) => Tensor.Apply(((Slice)n.Operation!).Adjoint(n.Inputs[0].Shape), g)],
        [typeof(Reduce)] = [OfReduce],
        [typeof(SquaredDeviations)] =
            [(n, g) => Stretched(n, g * 2f, ((SquaredDeviations)n.Operation!).Axes) * (n.Inputs[0] - n.Inputs[1]), null],
        [typeof(MatMul)] =
        [
            (n, g) => n.Operation is MatMul { TransposeA: true } m ? Product(n.Inputs[1], g, m.TransposeB, true)
                : Product(g, n.Inputs[1], false, !((MatMul)n.Operation!).TransposeB),
            (n, g) => n.Operation is MatMul { TransposeB: true } m ? Product(g, n.Inputs[0], true, m.TransposeA)
                : Product(n.Inputs[0], g, !((MatMul)n.Operation!).TransposeA, false),
        ],
        [typeof(BatchMatMul)] =
        [
            (n, g) => n.Operation is BatchMatMul { TransposeA: true } m ? Products(n.Inputs[1], g, m.TransposeB, true)
                : Products(g, n.Inputs[1], false, !((BatchMatMul)n.Operation!).TransposeB),
            (n, g) => n.Operation is BatchMatMul { TransposeB: true } m ? Products(g, n.Inputs[0], true, m.TransposeA)
                : Products(n.Inputs[0], g, !((BatchMatMul)n.Operation!).TransposeA, false),
        ],
        [typeof(Conv2dForward)] =
        [
            (n, g) => Geometry(n).InputGradient(n.Inputs[0].Shape, g, n.Inputs[1]),
            (n, g) => Geometry(n).WeightGradient(n.Inputs[1].Shape, n.Inputs[0], g),
        ],
        [typeof(Conv2dInputGradient)] =
        [
            (n, g) => Tensor.Apply(new Conv2dForward(Geometry(n)), g, n.Inputs[1]),
            (n, g) => Geometry(n).WeightGradient(n.Inputs[1].Shape, g, n.Inputs[0]),
        ],
        [typeof(Conv2dWeightGradient)] =
        [
            (n, g) => Geometry(n).InputGradient(n.Inputs[0].Shape, n.Inputs[1], g),
            (n, g) => Tensor.Apply(new Conv2dForward(Geometry(n)), n.Inputs[0], g),
        ],
        [typeof(DepthwiseConv2d)] =
        [
            (n, g) => Tensor.DepthwiseInputGradient(((DepthwiseConv2d)n.Operation!).Geometry, n.Inputs[0].Shape, g, n.Inputs[1]),
            (n, g) => Tensor.Apply(
                new DepthwiseWeightGradient(
                    ((DepthwiseConv2d)n.Operation!).Geometry, n.Inputs[1].Shape[0], n.Inputs[1].Shape[1]),
                n.Inputs[0], g),
        ],
        [typeof(DepthwiseWeightGradient)] =
        [
            (n, g) => Tensor.DepthwiseInputGradient(
                ((DepthwiseWeightGradient)n.Operation!).Geometry, n.Inputs[0].Shape, n.Inputs[1], g),
            (n, g) => Tensor.Apply(new DepthwiseConv2d(((DepthwiseWeightGradient)n.Operation!).Geometry), n.Inputs[0], g),
        ],
        [typeof(PoolSelect)] =
            [null, (n, g) => Tensor.Apply(new PoolScatter(((PoolSelect)n.Operation!).Geometry), n.Inputs[0], g)],
        [typeof(PoolScatter)] =
            [null, (n, g) => Tensor.Apply(new PoolSelect(((PoolScatter)n.Operation!).Geometry), n.Inputs[0], g)],
        [typeof(AveragePool)] =
        [
            (n, g) => Tensor.Apply(
                new AveragePoolGradient(((AveragePool)n.Operation!).Geometry, n.Inputs[0].Shape[1], n.Inputs[0].Shape[2]), g),
        ],
        [typeof(AveragePoolGradient)] =
            [(n, g) => Tensor.Apply(new AveragePool(((AveragePoolGradient)n.Operation!).Geometry), g)],
        [typeof(GatherColumn)] = [(n, g) => Tensor.Apply(new ScatterColumn(n.Inputs[0].Shape[1]), g, n.Inputs[1]), null],
        [typeof(ScatterColumn)] = [(n, g) => g.GatherColumn(n.Inputs[1]), null],
        [typeof(GatherRows)] = [(n, g) => Tensor.Apply(new ScatterRows(n.Inputs[0].Shape[0]), g, n.Inputs[1]), null],
        [typeof(ScatterRows)] = [(n, g) => g.GatherRows(n.Inputs[1]), null],
        [typeof(Softmax)] = [(n, g) => OfSoftmax(n, g)],
        [typeof(SoftmaxCrossEntropy)] =
        [
            (n, g) => g.Reshape(-1, 1) * Tensor.Apply(new SoftmaxCrossEntropyGradient(), n.Inputs[0], n.Inputs[1]),
            null,
        ],
        [typeof(SoftmaxCrossEntropyGradient)] = [(n, g) => OfSoftmax(n.Inputs[0].Softmax(), g), null],
        [typeof(RandomUniform)] = [null],
    };

    /// <summary>
    /// Adds the gradient of a function or operation of one's own: a rule for each input, null where it is zero.
    /// </summary>
    /// <typeparam name="T">The function (an <see cref="IUnaryFunction"/> or <see cref="IBinaryFunction"/>) or
    /// <see cref="Operation"/>.</typeparam>
    /// <param name="rules">For each input, what makes its gradient of the node and the gradient of its output.</param>
    /// <exception cref="ArgumentException">A function comes with another number of rules than it takes arguments.</exception>
    public static void Register<T>(params Rule?[] rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        int arguments = typeof(IUnaryFunction).IsAssignableFrom(typeof(T)) ? 1 : typeof(IBinaryFunction).IsAssignableFrom(
            typeof(T)) ? 2 : rules.Length;
        if (rules.Length != arguments)
        {
            throw new ArgumentException(
                $"{typeof(T).Name} takes {arguments} argument{(arguments == 1 ? "" : "s")}, but {rules.Length} rules came.",
                nameof(rules));
        }

        lock (Table)
        {
            Table[typeof(T)] = rules;
        }
    }

    /// <summary>
    /// ∂scalar/∂x for each x in <paramref name="of"/>, as graph. A tensor that the scalar does not depend on gets zeros.
    /// The gradient of ⟨gradient, v⟩ is a Hessian-vector product.
    /// </summary>
    /// <param name="scalar">What is differentiated.</param>
    /// <param name="of">By what.</param>
    /// <exception cref="ShapeException"><paramref name="scalar"/> has more than one element.</exception>
    /// <exception cref="NotSupportedException">An operation on the way has no row in the table.</exception>
    public static Tensor[] Of(Tensor scalar, IReadOnlyList<Tensor> of)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        ArgumentNullException.ThrowIfNull(of);
        if (scalar.Shape.Count != 1)
        {
            throw new ShapeException($"Gradient: only a scalar has one, and this is {scalar}; sum or average it first.");
        }

        List<Tensor> order = Ordered(scalar);
        HashSet<Tensor> depends = [.. of];
        foreach (Tensor node in order)
        {
            if (node.Inputs.Any(depends.Contains))
            {
                depends.Add(node);
            }
        }

        Dictionary<Tensor, Tensor> gradients = new() { [scalar] = Tensor.Constant(1f).Reshape(scalar.Shape) };
        for (int i = order.Count - 1; i >= 0; i--)
        {
            Tensor node = order[i];
            if (node.Operation is null || !depends.Contains(node) || !gradients.TryGetValue(node, out Tensor? gradient))
            {
                continue;
            }

            Rule?[] rules = node.Operation is Concatenate ? OfConcatenate(node) : RulesOf(node.Operation);
            for (int input = 0; input < node.Inputs.Length; input++)
            {
                Tensor source = node.Inputs[input];
                if (!depends.Contains(source) || rules[input] is not { } rule)
                {
                    continue;
                }

                Tensor part = rule(node, gradient).SumTo(source.Shape);
                gradients[source] = gradients.TryGetValue(source, out Tensor? sum) ? sum + part : part;
            }
        }

        return [.. of.Select(
            x => gradients.TryGetValue(x, out Tensor? gradient) ? gradient.BroadcastTo(x.Shape)
            : Tensor.Constant(0f).BroadcastTo(x.Shape))];
    }

    /// <summary>All tensors that some depend on, inputs first.</summary>
    internal static List<Tensor> Ordered(params ReadOnlySpan<Tensor> roots)
    {
        HashSet<Tensor> seen = [];
        Stack<Tensor> open = new();
        foreach (Tensor root in roots)
        {
            open.Push(root);
        }

        while (open.TryPop(out Tensor? node))
        {
            if (seen.Add(node))
            {
                foreach (Tensor input in node.Inputs)
                {
                    open.Push(input);
                }
            }
        }

        return [.. seen.OrderBy(node => node.Order)];
    }

    private static Rule?[] RulesOf(Operation operation)
    {
        Type? key = operation is FusedMap map ? map.Expression.Function : operation.GetType();
        if (operation is FusedMap { Expression.Size: 0 })
        {
            return [(_, g) => g];
        }

        lock (Table)
        {
            return key is not null && Table.TryGetValue(key, out Rule?[]? rules)
                ? rules
                : throw new NotSupportedException($"{operation.Name} has no gradient: add its row with Gradients.Register.");
        }
    }

    /// <summary>A rule for each of the parts, of which there may be any number.</summary>
    private static Rule[] OfConcatenate(Tensor node)
    {
        int axis = ((Concatenate)node.Operation!).Axis, start = 0;
        return [.. node.Inputs.Select(input =>
        {
            int first = start;
            start += input.Shape[axis];
            return (Rule)((_, g) => g.Slice(axis, first, first + input.Shape[axis]));
        })];
    }

    private static Tensor OfReduce(Tensor node, Tensor gradient)
    {
        Tensor source = node.Inputs[0];
        Reduce reduce = (Reduce)node.Operation!;
        if (reduce.Kind == ReduceKind.Sum)
        {
            return Stretched(node, gradient, reduce.Axes);
        }

        // Those that are the maximum share its gradient evenly, so that it sums to what came: a subgradient, and PyTorch's amax.
        Shape kept = Kept(source.Shape, reduce.Axes);
        Tensor largest = 1f - Tensor.Less(source, node.Reshape(kept));
        Tensor share = gradient.Reshape(kept) / Tensor.Apply(new Reduce(ReduceKind.Sum, reduce.Axes, true), largest);
        return largest * share;
    }

    /// <summary>A value for each element that a reduction kept, stretched along the axes that it reduced.</summary>
    private static Tensor Stretched(Tensor reduction, Tensor value, Axes axes)
    {
        Shape source = reduction.Inputs[0].Shape;
        return value.Reshape(Kept(source, axes)).BroadcastTo(source);
    }

    private static Shape Kept(Shape source, Axes axes) => new Reduce(ReduceKind.Sum, axes, true).Infer([source]);

    private static Tensor OfSoftmax(Tensor softmax, Tensor gradient) =>
        softmax * (gradient - (gradient * softmax).Sum([-1], true));

    /// <summary>g · x, which is x where g is all ones, as in the gradient of ⟨x, v⟩ by v.</summary>
    private static Tensor Times(Tensor g, Tensor x)
    {
        Tensor source = g;
        while (source.Operation is Reshape or FusedMap { Expression.Size: 0 })
        {
            source = source.Inputs[0];
        }

        return source.Values is [1f] && x.Shape == g.Shape ? x : g * x;
    }

    private static Tensor Product(Tensor a, Tensor b, bool transposeA, bool transposeB) =>
        Tensor.Apply(new MatMul(transposeA, transposeB), a, b);

    private static Tensor Products(Tensor a, Tensor b, bool transposeA, bool transposeB) =>
        Tensor.Apply(new BatchMatMul(transposeA, transposeB), a, b);

    private static Conv2dGeometry Geometry(Tensor node) => node.Operation switch
    {
        Conv2dForward forward => forward.Geometry,
        Conv2dInputGradient input => input.Geometry,
        Conv2dWeightGradient weight => weight.Geometry,
        _ => throw new InvalidOperationException($"{node} is no convolution."),
    };

    private static Tensor InputGradient(this Conv2dGeometry geometry, Shape images, Tensor gradient, Tensor weights) =>
        Tensor.Apply(new Conv2dInputGradient(geometry, images[1], images[2]), gradient, weights);

    private static Tensor WeightGradient(this Conv2dGeometry geometry, Shape weights, Tensor images, Tensor gradient) =>
        Tensor.Apply(new Conv2dWeightGradient(geometry, weights[0], weights[1]), images, gradient);
}
