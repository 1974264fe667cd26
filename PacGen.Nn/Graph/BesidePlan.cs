using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Lets steps whose results no other step reads, such as gradients by weights, run beside those that follow, which wait for the
/// last but one of them each time that another begins.
/// </summary>
internal static class BesidePlan
{
    /// <summary>How many may run beside the others.</summary>
    private const int Most = 2;

    /// <summary>The same steps, with the times until which those beside others run.</summary>
    /// <param name="steps">The steps in the order of their times, which count from 0.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Spread(List<Step> steps, Func<Tensor, Tensor> source)
    {
        if (steps.Count == 0)
        {
            return steps;
        }

        // What is written where others read, at the end, waits for all.
        int last = steps[^1].Time;
        int end = steps.Find(step => step.Target is not null)?.Time ?? last + 1;
        HashSet<Tensor> read = [.. steps.SelectMany(step => step.Inputs.Select(source))];
        int[] beside =
        [
            .. steps.GroupBy(step => step.Time).Where(group => group.Key < Math.Min(last, end)
                && group.All(step => !read.Contains(step.Output))).Select(group => group.Key),
        ];
        Dictionary<int, int> until = [];
        for (int i = 0; i < beside.Length; i++)
        {
            until[beside[i]] = Math.Min(end, i + Most < beside.Length ? beside[i + Most] : last + 1);
        }

        return [.. steps.Select(step => until.TryGetValue(step.Time, out int time) ? step with { Until = time } : step)];
    }
}
