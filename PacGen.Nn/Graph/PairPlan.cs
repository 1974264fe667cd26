using System.Collections.Immutable;
using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Stores what products in bfloat16 multiply in that precision (<see cref="PairMap"/>), with the bits of products that round what
/// they read: a tensor whose readers are all such products, where a map or a product makes it; and a copy of one that others read
/// too, where what makes it stores both, or where it is a leaf: a parameter is small beside what the products read.
/// </summary>
internal sealed class PairPlan
{
    private static readonly Expression Rounding = Expression.Unary<BFloat16Function>();

    private readonly Device device;
    private readonly List<Step> steps;
    private readonly IReadOnlySet<Tensor> kept;
    private readonly Func<Tensor, Tensor> source;
    private readonly Dictionary<Tensor, int> makers = [];
    private readonly HashSet<Tensor> stored;

    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="device">Where they run.</param>
    /// <param name="rounded">The rounded tensors that products are to read as pairs.</param>
    /// <param name="kept">Tensors that are wanted in memory.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public PairPlan(
        List<Step> steps, Device device, IReadOnlySet<Tensor> rounded, IReadOnlySet<Tensor> kept, Func<Tensor, Tensor> source)
    {
        (this.steps, this.device, this.kept, this.source) = (steps, device, kept, source);
        for (int i = 0; i < steps.Count; i++)
        {
            makers[steps[i].Output] = i;
        }

        stored =
        [
            .. steps.Where(step => rounded.Contains(step.Output) && !kept.Contains(step.Output) && CanStore(step)).Select(
                step => step.Output),
        ];

        // A product reads pairs on both sides or on none.
        while (stored.RemoveWhere(pair => !IsRead(pair)) > 0)
        {
        }

        bool IsRead(Tensor pair)
        {
            Step[] readers = [.. steps.Where(step => step.Inputs.Any(input => source(input) == pair))];
            return readers.Any(Reads) && readers.All(reader => Reading(reader) is not null);
        }
    }

    /// <summary>The rounded tensors that can be stored as pairs.</summary>
    public IReadOnlySet<Tensor> Stored => stored;

    /// <summary>The steps with pairs, once all products read either what is stored or nothing rounded.</summary>
    /// <param name="regions">The memory of leaves; takes that of spans of them.</param>
    public List<Step> WithPairs(Dictionary<Tensor, Region> regions)
    {
        Dictionary<Tensor, Tensor> places = [];
        List<Step> result = LeafSpans.Store(
            [.. steps.Where(step => stored.Contains(step.Output) && IsOfLeaf(step))], Rounding, regions, places), copies = [];
        foreach (Step step in steps.Where(step => !places.ContainsKey(step.Output)))
        {
            Step now = Reads(step) ? step with
            {
                Operation = Reading(step)!, Inputs = [.. step.Inputs.Select((input, i) => i < 2 ? Places(input) : input)],
            } : step;
            if (stored.Contains(step.Output))
            {
                Operation storing = now.Operation is FusedProduct product ? product with { StoresPairs = true }
                    : new PairMap(((FusedMap)now.Operation).Expression, step.Output.Shape);
                Tensor made = places[step.Output] = Tensor.Apply(storing, [.. now.Inputs]);
                now = new Step(storing, now.Inputs, made) { CopyOf = CopiedBy(step) };
            }

            (now.CopyOf is null ? result : copies).Add(now);
        }

        // What makes a tensor of which there is a copy stores that too.
        foreach (Step copy in copies)
        {
            int readers = result.Count(step => step.Inputs.Any(input => source(input) == copy.CopyOf));
            int maker = result.FindIndex(step => step.Output == copy.CopyOf);
            if (result[maker] is { Operation: ProductOperation product, Output: var made })
            {
                result[maker] = result[maker] with
                {
                    Operation = new FusedProduct(product, Expression.Argument(0), made.Shape),
                };
            }

            result.Insert(
                maker + 1,
                copy with
                {
                    IsReadAlone = readers == 1 && !kept.Contains(copy.CopyOf!) && result[maker].Operation is FusedMap,
                });
        }

        return result;

        Tensor Places(Tensor input) => input == source(input) ? places[input]
            : Tensor.Apply(new Reshape(PairMap.Places(input.Shape)), places[source(input)]);
    }

    /// <summary>
    /// Whether what makes a rounded tensor can store pairs, and is not a map that only reads what others make.
    /// </summary>
    private bool CanStore(Step step) => step.Operation is FusedProduct
        || (step.Operation is FusedMap && (!IsRounding(step) || IsOfLeaf(step) || CopiedBy(step) is not null));

    /// <summary>The tensor that a map rounds and does nothing else to, where what makes it can store both.</summary>
    private Tensor? CopiedBy(Step step)
    {
        Tensor read = step.Inputs[0];
        return IsRounding(step) && read == source(read) && makers.TryGetValue(read, out int maker)
            && (steps[maker].Operation is FusedMap
                || (steps[maker].Operation is FusedProduct or ProductOperation && device is GpuDevice { JoinsPasses: true }))
            ? read : null;
    }

    /// <summary>The same step of pairs; null where the device has no kernel for that.</summary>
    private Operation? Reading(Step step) =>
        step.Operation.ReadingPairs(device, [.. step.Inputs.Take(2).Select(input => input.Shape)]);

    /// <summary>Whether a step multiplies what is stored as pairs.</summary>
    private bool Reads(Step step) =>
        Reading(step) is not null && step.Inputs.Take(2).All(input => stored.Contains(source(input)));

    private bool IsOfLeaf(Step step) => IsRounding(step) && source(step.Inputs[0]).Operation is null;

    private static bool IsRounding(Step step) => step.Operation is FusedMap map && map.Expression.Equals(Rounding);
}
