namespace PacGen.Kernels;

/// <summary>
/// How a map walks its inputs: the output's axes, merged where all inputs allow it, and for each input the step in elements
/// along each of them (0 where the input is stretched).
/// </summary>
internal sealed class BroadcastPlan
{
    private BroadcastPlan(long[] extents, long[][] strides)
    {
        Extents = extents;
        Strides = strides;
    }

    /// <summary>The merged extents, outermost first; at least one.</summary>
    public long[] Extents { get; }

    /// <summary>For each input, its step along each merged axis.</summary>
    public long[][] Strides { get; }

    public static BroadcastPlan Create(Shape output, ReadOnlySpan<Shape> inputs)
    {
        List<long> extents = [];
        List<long[]> steps = [];
        long[] natural = new long[inputs.Length];
        Array.Fill(natural, 1);

        // From the innermost axis outwards; an axis merges into the one inside it when every input steps through both evenly.
        for (int axis = 1; axis <= output.Rank; axis++)
        {
            long extent = output[-axis];
            long[] step = new long[inputs.Length];
            for (int i = 0; i < inputs.Length; i++)
            {
                int own = axis <= inputs[i].Rank ? inputs[i][-axis] : 1;
                step[i] = own == 1 ? 0 : natural[i];
                natural[i] *= own;
            }

            if (extent == 1)
            {
                continue;
            }

            if (extents.Count > 0 && Merges(extents[^1], steps[^1], step))
            {
                extents[^1] *= extent;
                continue;
            }

            extents.Add(extent);
            steps.Add(step);
        }

        if (extents.Count == 0)
        {
            extents.Add(1);
            steps.Add(new long[inputs.Length]);
        }

        extents.Reverse();
        steps.Reverse();
        long[][] strides = new long[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            int input = i;
            strides[i] = [.. steps.Select(step => step[input])];
        }

        return new BroadcastPlan([.. extents], strides);
    }

    private static bool Merges(long innerExtent, long[] inner, long[] outer)
    {
        for (int i = 0; i < inner.Length; i++)
        {
            if (outer[i] != inner[i] * innerExtent)
            {
                return false;
            }
        }

        return true;
    }
}
