using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Brings passes of the CPU over the same elements together: a map or a reduction, and the reductions behind it that read what it
/// reads or makes. They then take the elements range by range, each while it is in the cache (<see cref="Device.Join"/>), and
/// what was pulled forward frees its inputs the sooner. A sum and the squares about its mean are one pass
/// (<see cref="Moments"/>).
/// </summary>
internal sealed class SweepPlan
{
    private readonly List<Step> steps;
    private readonly Func<Tensor, Tensor> source;
    private readonly bool[] placed;
    private readonly List<Step> result = [];

    /// <summary>What is not computed yet.</summary>
    private readonly HashSet<Tensor> open;

    private SweepPlan(List<Step> steps, Func<Tensor, Tensor> source)
    {
        (this.steps, this.source) = (steps, source);
        placed = new bool[steps.Count];
        open = [.. steps.Where(step => step.Target is null).Select(step => step.Output)];
    }

    /// <summary>The steps in an order in which those with the same time run together.</summary>
    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="joins">Whether the device runs sweeps together; without it each has a time of its own.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Join(List<Step> steps, bool joins, Func<Tensor, Tensor> source) =>
        joins ? new SweepPlan(steps, source).Joined() : [.. steps.Select((step, time) => step with { Time = time })];

    private List<Step> Joined()
    {
        for (int i = 0, time = 0; i < steps.Count; i++)
        {
            if (!placed[i])
            {
                int first = result.Count;
                Together(i, time++);
                foreach (Step done in result.Skip(first))
                {
                    open.Remove(done.Output);
                }
            }
        }

        return result;
    }

    /// <summary>Places a step, and those that run together with it.</summary>
    private void Together(int index, int time)
    {
        Step step = steps[index];
        Tensor? made = step is { Target: null, Operation: FusedMap } ? step.Output : null;
        Place(index, time, made);
        if (step.Target is not null || Swept(step) is not { } shape)
        {
            return;
        }

        HashSet<Tensor> near = [.. Whole(step, shape)];
        if (made is not null)
        {
            near.Add(made);
        }

        for (int j = index + 1; j < steps.Count; j++)
        {
            Step other = steps[j];
            if (!placed[j] && other.Target is null && other.Operation is not FusedMap && Swept(other) == shape
                && other.Inputs.All(input => MayRead(input, made, shape)) && Whole(other, shape).Any(near.Contains))
            {
                near.UnionWith(Whole(other, shape));
                Place(j, time, made);
            }
        }
    }

    /// <summary>Places a step, and with a sum the squares about its mean.</summary>
    private void Place(int index, int time, Tensor? made)
    {
        Step step = steps[index] with { Time = time };
        Shape[] shapes = [.. step.Inputs.Select(input => input.Shape)];
        placed[index] = true;
        if (step is { Target: null, Operation: not FusedMap } && step.Operation.AsReduction(shapes) is { } sum
            && Moments.Takes(sum, shapes))
        {
            for (int j = index + 1; j < steps.Count; j++)
            {
                Step other = steps[j];
                if (!placed[j] && other.Target is null
                    && other.Operation.AsReduction([.. other.Inputs.Select(input => input.Shape)]) is { } squares
                    && (squares.Reduction with { KeepDims = sum.Reduction.KeepDims }) == sum.Reduction
                    && MomentsPair.Mean(steps, (step, sum), (other, squares), source) is { } mean
                    && other.Inputs.All(input => input == mean || MayRead(input, made, sum.Source)))
                {
                    placed[j] = true;
                    result.Add(step with { Moments = (new Moments(sum.Expression, sum.Source), other.Output) });
                    result.Add(other with { Time = time, IsDone = true });
                    return;
                }
            }
        }

        result.Add(step);
    }

    /// <summary>What was made before, or what the map of the same launch makes, element by element.</summary>
    private bool MayRead(Tensor input, Tensor? made, Shape shape) =>
        !open.Contains(source(input)) || (source(input) == made && input.Shape == shape);

    private IEnumerable<Tensor> Whole(Step step, Shape shape) => step.Inputs.Where(input => input.Shape == shape).Select(source);

    /// <summary>The shape whose elements a step takes in order; null where it is no sweep.</summary>
    private static Shape? Swept(Step step)
    {
        if (step.Operation is FusedMap)
        {
            return step.Output.Shape;
        }

        if (step.Operation.AsReduction([.. step.Inputs.Select(input => input.Shape)]) is not { } reduction)
        {
            return null;
        }

        // The first axes are summed, and no others.
        int summed = 0;
        while (summed < reduction.Source.Rank && reduction.Reduction.Axes.Contains(summed))
        {
            summed++;
        }

        return summed > 0 && summed == reduction.Reduction.Axes.Rank ? reduction.Source : null;
    }
}
