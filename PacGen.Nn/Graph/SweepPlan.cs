using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Brings passes over the same elements together: a map or a reduction, and the reductions behind it that read what it reads or
/// makes. They then take the elements range by range, each while it is in the cache (<see cref="Device.Join"/>), and what was
/// pulled forward frees its inputs the sooner.
/// </summary>
internal static class SweepPlan
{
    /// <summary>The steps in an order in which those with the same time run together.</summary>
    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="joins">Whether the device runs sweeps together; without it each has a time of its own.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Join(List<Step> steps, bool joins, Func<Tensor, Tensor> source)
    {
        if (!joins)
        {
            return [.. steps.Select((step, time) => step with { Time = time })];
        }

        HashSet<Tensor> open = [.. steps.Where(step => step.Target is null).Select(step => step.Output)];
        bool[] placed = new bool[steps.Count];
        List<Step> result = [];
        int time = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            if (placed[i])
            {
                continue;
            }

            result.Add(steps[i] with { Time = time });
            if (steps[i].Target is null && Swept(steps[i]) is { } shape)
            {
                HashSet<Tensor> near = [.. Whole(steps[i], shape)];
                Tensor? made = steps[i].Operation is FusedMap ? steps[i].Output : null;
                if (made is not null)
                {
                    near.Add(made);
                }

                for (int j = i + 1; j < steps.Count; j++)
                {
                    Step other = steps[j];
                    if (!placed[j] && other.Target is null && other.Operation is not FusedMap && Swept(other) == shape
                        && other.Inputs.All(input => MayRead(input, made, shape)) && Whole(other, shape).Any(near.Contains))
                    {
                        placed[j] = true;
                        near.UnionWith(Whole(other, shape));
                        result.Add(other with { Time = time });
                    }
                }
            }

            foreach (Step done in result.SkipWhile(step => step.Time < time))
            {
                open.Remove(done.Output);
            }

            time++;
        }

        return result;

        // What was made before, or what the map makes, element by element.
        bool MayRead(Tensor input, Tensor? made, Shape shape) =>
            !open.Contains(source(input)) || (source(input) == made && input.Shape == shape);

        IEnumerable<Tensor> Whole(Step step, Shape shape) => step.Inputs.Where(input => input.Shape == shape).Select(source);
    }

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
