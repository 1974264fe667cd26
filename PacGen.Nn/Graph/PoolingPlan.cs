using System.Collections.Immutable;
using PacGen.Kernels;
using Computed = System.Collections.Generic.Dictionary<
    PacGen.Nn.Tensor, (PacGen.Kernels.Operation Operation, System.Collections.Immutable.ImmutableArray<PacGen.Nn.Tensor> Inputs)>;

namespace PacGen.Nn;

/// <summary>
/// Takes maps behind the max pooling that reads them. A rounded m that never falls, such as a ReLU or the sum with a bias, has
/// max m(x) = m(max x), bit for bit but for the sign of a zero and sums of infinities, so that m is computed of the maxima alone;
/// its derivative is wanted there alone, too, and the sum of an image's gradient, such as a bias's, is that of its windows'.
/// What m makes is never in memory. Where m makes two numbers of a window equal, the gradient goes to the larger x, not to the
/// first.
/// </summary>
internal sealed class PoolingPlan
{
    private readonly Computed computed;
    private readonly IReadOnlyList<Tensor> outputs;
    private readonly Dictionary<Tensor, int> places = [];
    private readonly Dictionary<Tensor, List<Tensor>> before = [];

    private PoolingPlan(List<Tensor> order, IReadOnlyList<Tensor> outputs, Computed computed)
    {
        this.outputs = outputs;
        this.computed = computed;
        foreach (Tensor node in order)
        {
            places[node] = places.Count;
        }
    }

    /// <summary>The tensors that are computed, each behind those that it needs.</summary>
    /// <param name="order">The same as the user built them.</param>
    /// <param name="outputs">Those that are wanted.</param>
    /// <param name="computed">Takes the operation and inputs of those that are computed another way.</param>
    public static List<Tensor> Move(List<Tensor> order, IReadOnlyList<Tensor> outputs, Computed computed)
    {
        if (!order.Exists(node => node.Operation is PoolSelect or PoolScatter))
        {
            return order;
        }

        PoolingPlan plan = new(order, outputs, computed);
        while (plan.Readers() is var readers && readers.Keys.Any(map => plan.TryMove(map, readers)))
        {
        }

        List<Tensor> result = [];
        // What the user writes has memory, read or not.
        HashSet<Tensor> wanted = [.. plan.Readers().Keys, .. outputs, .. order.Where(node => node.Operation is null)];
        foreach (Tensor node in order)
        {
            plan.Add(node, wanted, result);
        }

        return result;
    }

    private Operation? OperationOf(Tensor node) => computed.TryGetValue(node, out var other) ? other.Operation : node.Operation;

    private ImmutableArray<Tensor> InputsOf(Tensor node) =>
        computed.TryGetValue(node, out var other) ? other.Inputs : node.Inputs;

    private bool Is<TFunction>(Tensor node) => OperationOf(node) is FusedMap { Target: null, Expression.Function: { } function }
        && function == typeof(TFunction);

    /// <summary>Who reads each tensor, of those that the outputs need.</summary>
    private Dictionary<Tensor, List<Tensor>> Readers()
    {
        Dictionary<Tensor, List<Tensor>> readers = [];
        HashSet<Tensor> seen = [.. outputs];
        Stack<Tensor> open = new(seen);
        while (open.TryPop(out Tensor? node))
        {
            // The sum of what was scattered.
            if (OperationOf(node) is Reduce { Kind: ReduceKind.Sum } sum && sum.Axes.Contains(1) && sum.Axes.Contains(2)
                && InputsOf(node)[0] is var scattered && OperationOf(scattered) is PoolScatter)
            {
                computed[node] = (sum, [InputsOf(scattered)[1]]);
            }

            foreach (Tensor input in InputsOf(node).Distinct())
            {
                if (!readers.TryGetValue(input, out List<Tensor>? known))
                {
                    readers[input] = known = [];
                }

                known.Add(node);
                if (seen.Add(input))
                {
                    open.Push(input);
                }
            }
        }

        return readers;
    }

    /// <summary>Takes a map behind all poolings that read it, if nothing else does.</summary>
    private bool TryMove(Tensor map, Dictionary<Tensor, List<Tensor>> readers)
    {
        if (outputs.Contains(map) || Moving(map) is not { } argument)
        {
            return false;
        }

        Tensor x = InputsOf(map)[argument];
        List<Tensor> poolings = [], selections = [], gradients = [], masked = [];
        foreach (Tensor reader in readers[map])
        {
            ImmutableArray<Tensor> inputs = InputsOf(reader);
            if (OperationOf(reader) is PoolSelect && inputs[0] == map)
            {
                (inputs[1] == map ? poolings : selections).Add(reader);
            }
            else if (OperationOf(reader) is PoolScatter && inputs[1] != map)
            {
                gradients.Add(reader);
            }
            else if (Is<ReluFunction>(map) && Is<StepFunction>(reader) && !outputs.Contains(reader)
                && readers[reader].TrueForAll(product => Scattered(product, reader, map) is not null))
            {
                masked.AddRange(readers[reader].Where(product => !masked.Contains(product)));
            }
            else
            {
                return false;
            }
        }

        Tensor?[] pooled = [.. masked.Select(product => poolings.Find(
            pooling => OperationOf(pooling)!.Equals(new PoolSelect(GeometryOf(product))) && places[pooling] < places[product]))];
        if (poolings.Count == 0 || pooled.Contains(null))
        {
            return false;
        }

        // What is behind the ReLU is positive where the ReLU is, at the maxima as elsewhere.
        for (int i = 0; i < masked.Count; i++)
        {
            Tensor mask = Before(masked[i], Tensor.Map<StepFunction>(pooled[i]!));
            Tensor gradient = Before(masked[i], Tensor.Map<MultiplyFunction>(GradientOf(masked[i]), mask));
            computed[masked[i]] = (new PoolScatter(GeometryOf(masked[i])), [x, gradient]);
        }

        foreach (Tensor pooling in poolings)
        {
            Tensor largest = Before(pooling, Tensor.Apply(OperationOf(pooling)!, x, x));
            computed[pooling] = (OperationOf(map)!, InputsOf(map).SetItem(argument, largest));
        }

        foreach (Tensor reader in selections.Concat(gradients))
        {
            computed[reader] = (OperationOf(reader)!, InputsOf(reader).SetItem(0, x));
        }

        return true;

        PoolGeometry GeometryOf(Tensor product) => ((PoolScatter)OperationOf(ScatteredOf(product))!).Geometry;

        Tensor GradientOf(Tensor product) => InputsOf(ScatteredOf(product))[1];

        Tensor ScatteredOf(Tensor product) => InputsOf(product).First(
            factor => OperationOf(factor) is PoolScatter && InputsOf(factor)[0] == map);
    }

    /// <summary>The gradient of a map's pooling in a product of it with the map's mask; null in other tensors.</summary>
    private Tensor? Scattered(Tensor product, Tensor mask, Tensor map) =>
        Is<MultiplyFunction>(product) && InputsOf(product) is var factors && factors.Contains(mask)
            ? factors.FirstOrDefault(factor => OperationOf(factor) is PoolScatter && InputsOf(factor)[0] == map) : null;

    /// <summary>
    /// Which argument a map never falls in, the others being the same for all pixels of an image; null where there is none.
    /// </summary>
    private int? Moving(Tensor map)
    {
        ImmutableArray<Tensor> inputs = InputsOf(map);
        return Is<ReluFunction>(map) || ((Is<AddFunction>(map) || Is<SubtractFunction>(map)) && Stays(inputs[1])) ? Whole(0)
            : Is<AddFunction>(map) && Stays(inputs[0]) ? Whole(1) : null;

        int? Whole(int argument) => map.Shape.Rank == 4 && inputs[argument].Shape == map.Shape ? argument : null;

        static bool Stays(Tensor tensor) => tensor.Shape is var shape
            && (shape.Rank < 2 || shape[-2] == 1) && (shape.Rank < 3 || shape[-3] == 1);
    }

    private Tensor Before(Tensor node, Tensor added)
    {
        if (!before.TryGetValue(node, out List<Tensor>? first))
        {
            before[node] = first = [];
        }

        first.Add(added);
        places[added] = places[node];
        return added;
    }

    private void Add(Tensor node, HashSet<Tensor> wanted, List<Tensor> result)
    {
        // What stands before a node that is no longer wanted may be wanted by another.
        foreach (Tensor first in before.GetValueOrDefault(node, []))
        {
            Add(first, wanted, result);
        }

        if (wanted.Contains(node))
        {
            result.Add(node);
        }
    }
}
