using System.Collections.Immutable;
using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Stores what products in bfloat16 multiply in that precision (<see cref="PairMap"/>), with the bits of products that round what
/// they read: a tensor whose readers are all such products, where a map makes it; and a copy of one that others read too, where
/// the map that makes it stores both, or where it is a leaf: a parameter is small beside what the products read. The rest is read
/// in single precision as ever.
/// </summary>
internal sealed class PairPlan
{
    private static readonly Expression Rounding = Expression.Unary<BFloat16Function>();

    private readonly Device device;
    private readonly List<Step> steps;
    private readonly Func<Tensor, Tensor> source;

    /// <summary>What each rounded tensor was, and each view of one.</summary>
    private readonly IReadOnlyDictionary<Tensor, Tensor> originals;

    private readonly Dictionary<Tensor, int> makers = [];

    private PairPlan(
        List<Step> steps, Device device, IReadOnlyDictionary<Tensor, Tensor> originals, Func<Tensor, Tensor> source)
    {
        (this.steps, this.device, this.originals, this.source) = (steps, device, originals, source);
        for (int i = 0; i < steps.Count; i++)
        {
            makers[steps[i].Output] = i;
        }
    }

    /// <summary>Whether a product is to read rounded tensors: a graph has them until <see cref="Apply"/> decides.</summary>
    /// <param name="product">The product in bfloat16.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="inputs">What it multiplies.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static bool MayRead(
        Operation product, Device device, ImmutableArray<Tensor> inputs, Func<Tensor, Tensor> source) =>
        product.ReadingPairs(device, [.. inputs.Select(input => input.Shape)]) is not null
            && inputs.All(input => PairMap.Takes(source(input).Shape));

    /// <summary>The steps with pairs where they pay, and without maps that only round where they don't.</summary>
    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="device">Where they run.</param>
    /// <param name="originals">What each rounded tensor was, and each view of one.</param>
    /// <param name="kept">Tensors that are wanted in memory.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Apply(
        List<Step> steps, Device device, IReadOnlyDictionary<Tensor, Tensor> originals, IReadOnlySet<Tensor> kept,
        Func<Tensor, Tensor> source) =>
        originals.Count == 0 ? steps : new PairPlan(steps, device, originals, source).Applied(kept);

    private List<Step> Applied(IReadOnlySet<Tensor> kept)
    {
        HashSet<Tensor> pairs =
        [
            .. steps.Where(step => originals.ContainsKey(step.Output) && !kept.Contains(step.Output) && CanStore(step)).Select(
                step => step.Output),
        ];

        // A product reads pairs on both sides or on none; without them it reads what was to be rounded, where that is in memory.
        while (pairs.RemoveWhere(pair => !IsReadWell(pair)) > 0)
        {
        }

        Dictionary<Tensor, Tensor> stored = [];
        List<Step> result = [], copies = [];
        foreach (Step step in steps)
        {
            if (pairs.Contains(step.Output))
            {
                PairMap map = new(((FusedMap)step.Operation).Expression, step.Output.Shape);
                Tensor made = Tensor.Apply(map, [.. step.Inputs]);
                stored[step.Output] = made;
                Step storing = new(map, step.Inputs, made) { CopyOf = CopiedBy(step) };
                (storing.CopyOf is null ? result : copies).Add(storing);
            }
            else if (step.Operation.ReadingPairs(device, Multiplied(step)) is not { } reading)
            {
                result.Add(step);
            }
            else
            {
                result.Add(Reads(step)
                    ? step with { Operation = reading, Inputs = With(step, Stored) }
                    : step with { Inputs = With(step, Unrounded) });
            }
        }

        // The map that stores a copy does it as it stores the tensor.
        foreach (Step copy in copies)
        {
            int readers = result.Count(step => step.Inputs.Any(input => source(input) == copy.CopyOf));
            result.Insert(
                result.FindIndex(step => step.Output == copy.CopyOf) + 1,
                copy with { IsReadAlone = readers == 1 && !kept.Contains(copy.CopyOf!) });
        }

        HashSet<Tensor> read = [.. result.SelectMany(step => step.Inputs.Select(source))];
        result.RemoveAll(
            step => originals.ContainsKey(step.Output) && !read.Contains(step.Output) && !kept.Contains(step.Output));
        return result;

        bool IsReadWell(Tensor pair)
        {
            Step[] readers = [.. steps.Where(step => step.Inputs.Any(input => source(input) == pair))];
            bool isElsewhere = IsRounding(steps[makers[pair]]);
            return readers.Any(Reads) && readers.All(reader => Reads(reader) || (isElsewhere && Rounds(reader)));
        }

        bool Rounds(Step step) => step.Operation.ReadingPairs(device, Multiplied(step)) is not null;

        // Both factors, and no other input, which stays as it is.
        bool Reads(Step step) => Rounds(step) && step.Inputs.Take(2).All(input => pairs.Contains(source(input)))
            && !step.Inputs.Skip(2).Any(input => pairs.Contains(source(input)));

        Tensor Stored(Tensor input) => input == source(input) ? stored[input]
            : Tensor.Apply(new Reshape(PairMap.Places(input.Shape)), stored[source(input)]);

        // The product's own kernel rounds what a map would have done nothing else to.
        Tensor Unrounded(Tensor input) =>
            originals.TryGetValue(input, out Tensor? original) && makers.TryGetValue(source(input), out int maker)
                && IsRounding(steps[maker]) ? original : input;
    }

    /// <summary>
    /// Whether the map that makes a rounded tensor can store pairs, and is not one that only reads what others do.
    /// </summary>
    private bool CanStore(Step step)
    {
        if (step.Operation is not FusedMap)
        {
            return false;
        }

        return !IsRounding(step) || source(step.Inputs[0]).Operation is null || CopiedBy(step) is not null;
    }

    /// <summary>The tensor that a map rounds and does nothing else to, where the map that makes it can store both.</summary>
    private Tensor? CopiedBy(Step step)
    {
        Tensor read = step.Inputs[0];
        return IsRounding(step) && read == source(read) && makers.TryGetValue(read, out int maker)
            && steps[maker] is { Operation: FusedMap, Target: null } ? read : null;
    }

    private static bool IsRounding(Step step) => step.Operation is FusedMap map && map.Expression.Equals(Rounding);

    private static Shape[] Multiplied(Step step) => [.. step.Inputs.Take(2).Select(input => input.Shape)];

    private static ImmutableArray<Tensor> With(Step step, Func<Tensor, Tensor> change) =>
        [.. step.Inputs.Select((input, i) => i < 2 ? change(input) : input)];
}
