using System.Collections.Immutable;
using PacGen.Kernels;
using BoundPass = PacGen.Nn.GraphCompiler.BoundPass;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Brings steps of a GPU together that one <see cref="ColumnPass"/> does: a sum along all axes but the last with another of the
/// same numbers, with the squares about its mean, or with the map whose values it sums, and behind them the maps of what they
/// give, a number a column. A map or product and the copy of it in bfloat16 (<see cref="PairPlan"/>) are one launch too, and a
/// product and the moments of its result that its kernel gathers (<see cref="ProductMoments"/>).
/// </summary>
internal sealed class ColumnPassPlan
{
    private readonly GpuDevice device;
    private readonly List<Step> steps, result = [];
    private readonly Func<Tensor, Tensor> source;
    private readonly bool[] placed;

    /// <summary>What is not computed yet.</summary>
    private readonly HashSet<Tensor> open;

    private ColumnPassPlan(GpuDevice device, List<Step> steps, Func<Tensor, Tensor> source)
    {
        (this.device, this.steps, this.source) = (device, steps, source);
        placed = new bool[steps.Count];
        open = [.. steps.Where(step => step.Target is null).Select(step => step.Output)];
    }

    /// <summary>The steps in an order in which those with the same time are one launch.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Join(GpuDevice device, List<Step> steps, Func<Tensor, Tensor> source) =>
        new ColumnPassPlan(device, steps, source).Joined();

    private List<Step> Joined()
    {
        int time = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            if (placed[i])
            {
                continue;
            }

            List<int> members = [i];
            BoundPass? pass = steps[i].Target is null ? Of(i, members) : null;
            int first = result.Count;
            foreach (int member in members)
            {
                placed[member] = true;
                open.Remove(steps[member].Output);
                result.Add(steps[member] with { Time = time });
            }

            // What was gathered is read by no member of its own.
            result[first] = result[first] with
            {
                Pass = pass,
                Inputs = [.. result[first].Inputs, .. pass?.Operands.Where(operand => operand.Operation is ProductMoments) ?? []],
            };
            time++;
        }

        return result;
    }

    /// <summary>The pass that begins with a step, and the steps that are in it; null where none does.</summary>
    private BoundPass? Of(int index, List<int> members)
    {
        Step step = steps[index];
        int copy = steps.FindIndex(index + 1, other => other.CopyOf == step.Output);
        if (step.Operation is FusedMap map)
        {
            int reader = steps.FindIndex(index + 1, other => other.Target is null && other.Inputs.Length > 0
                && source(other.Inputs[0]) == step.Output && AsSum(other) is { Expression.Size: 0 } sum
                && sum.Source == step.Output.Shape);
            bool alone = copy >= 0 && steps[copy].IsReadAlone;
            ColumnPass stored = new(
                copy < 0 ? ColumnPassKind.StoredSum : alone ? ColumnPassKind.PairedSum : ColumnPassKind.StoredPairedSum,
                step.Output.Shape, map.Expression, null, []);
            bool joins = reader >= 0 && CanRead(stored, step.Inputs);
            if (joins && alone)
            {
                // The numbers themselves are nowhere in memory.
                steps[index] = steps[copy] with
                {
                    Operation = new PairMap(map.Expression, step.Output.Shape), Inputs = step.Inputs, CopyOf = null,
                };
                steps[reader] = steps[reader] with
                {
                    Operation = AsSum(steps[reader])! with { Expression = map.Expression }, Inputs = step.Inputs,
                };
                placed[copy] = true;
            }
            else if (copy >= 0)
            {
                members.Add(copy);
            }

            if (!joins)
            {
                return null;
            }

            members.Add(reader);
            return WithMaps(stored, step.Inputs, members);
        }

        if (AsSum(step) is not { } first)
        {
            members.AddRange(copy < 0 ? [] : [copy]);
            return null;
        }

        ColumnPass pass = new(ColumnPassKind.Sum, first.Source, first.Expression, null, []);
        if (!CanRead(pass, step.Inputs))
        {
            return null;
        }

        for (int j = index + 1; j < steps.Count; j++)
        {
            if (!placed[j] && steps[j].Target is null && AsSum(steps[j]) is { } second && second.Source == first.Source
                && Together(index, first, j, second) is { } both)
            {
                members.Add(j);
                return WithMaps(both.Pass, both.Arguments, members);
            }
        }

        return WithMaps(pass, step.Inputs, members);
    }

    /// <summary>Two sums as one pass; null where they can't be.</summary>
    private (ColumnPass Pass, ImmutableArray<Tensor> Arguments)? Together(int i, FusedReduce first, int j, FusedReduce second)
    {
        ImmutableArray<Tensor> arguments = [.. steps[i].Inputs.Concat(steps[j].Inputs).Distinct()];
        if (arguments.Length > Expression.MaxArguments || !steps[i].Inputs.Intersect(steps[j].Inputs).Any(
            input => input.Shape.Count == first.Source.Count))
        {
            return null;
        }

        if (steps[j].Inputs.All(input => !open.Contains(source(input))))
        {
            ColumnPass sums = new(
                ColumnPassKind.Sums, first.Source, In(first, steps[i]), In(second, steps[j]), []);
            return CanRead(sums, arguments) ? (sums, arguments) : null;
        }

        return MomentsPair.Mean(steps, (steps[i], first), (steps[j], second), source) is { } mean
            && steps[j].Inputs.All(input => input == mean || !open.Contains(source(input)))
            ? Gathered(first, steps[i].Inputs)
                ?? (new ColumnPass(ColumnPassKind.Moments, first.Source, first.Expression, null, []), steps[i].Inputs)
            : null;

        Expression In(FusedReduce sum, Step step) =>
            sum.Expression.Substitute([.. step.Inputs.Select(input => Expression.Argument(arguments.IndexOf(input)))]);
    }

    /// <summary>
    /// A sum and the squares about its mean of what a product stores, or of that and a bias, of the moments that its kernel
    /// gathers meanwhile; null where it gathers none.
    /// </summary>
    private (ColumnPass Pass, ImmutableArray<Tensor> Arguments)? Gathered(FusedReduce sum, ImmutableArray<Tensor> inputs)
    {
        int place = ColumnPass.TakesGathered(sum.Expression)
            ? result.FindIndex(step => step.Output == source(inputs[0])) : -1;
        if (place < 0 || result[place] is not { Target: null, Pass: null } product
            || result.Exists(step => step != product && step.Time == product.Time)
            || ProductMoments.Of(product.Operation, device, [.. product.Inputs.Select(input => input.Shape)]) is not { } gathers)
        {
            return null;
        }

        Step moments = new(gathers, product.Inputs, Tensor.Apply(gathers, [.. product.Inputs])) { Time = product.Time };
        ColumnPass pass = new(ColumnPassKind.GatheredMoments, sum.Source, sum.Expression, null, []);
        if (!pass.CanRead([.. inputs.Select(input => input.Shape), moments.Output.Shape]))
        {
            return null;
        }

        result.Insert(place + 1, moments);
        return (pass, [.. inputs, moments.Output]);
    }

    /// <summary>The pass with the maps of a number a column that need nothing but its sums and what is there.</summary>
    private BoundPass WithMaps(ColumnPass pass, ImmutableArray<Tensor> arguments, List<int> members)
    {
        List<Tensor> operands = [.. arguments], results = [.. members.Select(member => steps[member].Output)];
        List<Tensor> made = [.. results];
        int columns = pass.Source[-1];
        made.RemoveRange(0, pass.Stored);
        List<int> maps = [];
        for (int j = members[0] + 1; j < steps.Count && maps.Count < ColumnPass.MostMaps; j++)
        {
            Step step = steps[j];
            if (!placed[j] && step is { Target: null, Operation: FusedMap } && step.Output.Shape.Count == columns
                && step.Inputs.All(input => IsThere(input) && (input.Shape.Count == columns || input.Shape.Count == 1))
                && step.Inputs.Any(input => made.Contains(source(input))))
            {
                maps.Add(j);
                members.Add(j);
                made.Add(step.Output);
                results.Add(step.Output);
                operands.AddRange(step.Inputs.Where(input => !made.Contains(source(input)) && !operands.Contains(input)));
            }
        }

        ImmutableArray<ColumnMap> behind = [.. maps.Select(j => new ColumnMap(
            ((FusedMap)steps[j].Operation).Expression,
            [.. steps[j].Inputs.Select(input => results.Contains(source(input)) ? operands.Count + results.IndexOf(source(input))
                : operands.IndexOf(input))]))];
        return new BoundPass(pass with { Maps = behind }, [.. operands], [.. results]);

        bool IsThere(Tensor input) => !open.Contains(source(input)) || made.Contains(source(input));
    }

    private bool CanRead(ColumnPass pass, ImmutableArray<Tensor> inputs) =>
        pass.Source.Rank > 0 && pass.CanRead([.. inputs.Select(input => input.Shape)])
            && inputs.All(input => !open.Contains(source(input)));

    /// <summary>The step as a sum along all axes but the last; null where it is none.</summary>
    private static FusedReduce? AsSum(Step step) =>
        step.Operation.AsReduction([.. step.Inputs.Select(input => input.Shape)]) is { } reduce && ColumnPass.Takes(reduce)
            ? reduce : null;
}
