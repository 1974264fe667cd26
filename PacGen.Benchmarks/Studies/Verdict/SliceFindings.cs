using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>How all measures did in a slice.</summary>
internal sealed class SliceFindings
{
    /// <summary>The fewest networks with a value that a measure is judged by.</summary>
    public const int Fewest = 4;

    /// <summary>
    /// The share of a slice's networks that have to have a value: else measures are compared on different networks.
    /// </summary>
    public const double Most = 0.8;

    /// <param name="slice">The networks.</param>
    /// <param name="candidates">The measures and references.</param>
    /// <param name="options">How to compute.</param>
    /// <param name="after">Called after each of them.</param>
    /// <param name="stop">Stops the work.</param>
    public SliceFindings(
        StudySlice slice, IReadOnlyList<Candidate> candidates, VerdictOptions options, Action after, CancellationToken stop)
    {
        Slice = slice;
        List<MeasureFindings> findings = [];
        foreach (Candidate candidate in candidates)
        {
            stop.ThrowIfCancellationRequested();
            if (Find(candidate, options) is { } found)
            {
                findings.Add(found);
            }

            after();
        }

        All = [.. findings.OrderByDescending(one => Rank(one.Loss.Tau))];
        int measures = Measures.Count();
        Loss = ChanceBeside(GapKind.Loss);
        Accuracy = slice.Kinds.Contains(GapKind.Accuracy) ? ChanceBeside(GapKind.Accuracy) : null;

        Chance ChanceBeside(GapKind kind) => Chance.Of(
            slice.Design, slice.Gaps(kind), measures, options.Noise(kind, slice.Design, slice.TestImages(options.TestImages)),
            options);
    }

    /// <summary>The networks.</summary>
    public StudySlice Slice { get; }

    /// <summary>The measures and references, from the largest τ beside the gap of losses down.</summary>
    public IReadOnlyList<MeasureFindings> All { get; }

    /// <summary>The measures alone.</summary>
    public IEnumerable<MeasureFindings> Measures => All.Where(one => !one.Candidate.IsReference);

    /// <summary>What chance gives beside the gap of losses.</summary>
    public Chance Loss { get; }

    /// <summary>What chance gives beside the gap of accuracies; null where there is none.</summary>
    public Chance? Accuracy { get; }

    /// <summary>The findings of a measure; null where it has none here.</summary>
    public MeasureFindings? Of(string measure) => All.FirstOrDefault(one => one.Candidate.Name == measure);

    /// <summary>A measure's place among the measures, from 1, by a number of which the larger is the better.</summary>
    public int Place(MeasureFindings measure, Func<MeasureFindings, double> number) =>
        1 + Measures.Count(other => Rank(number(other)) > Rank(number(measure)));

    private static double Rank(double value) => double.IsNaN(value) ? double.NegativeInfinity : value;

    private MeasureFindings? Find(Candidate candidate, VerdictOptions options)
    {
        double[] all = candidate.Of(Slice);
        int[] defined = [.. Enumerable.Range(0, all.Length).Where(i => !double.IsNaN(all[i]))];
        if (defined.Length < Math.Max(Fewest, Most * all.Length) || defined.Select(i => all[i]).Distinct().Count() < 2)
        {
            return null;
        }

        double[] values = [.. defined.Select(i => candidate.Sign * all[i])];
        ExperimentDesign design =
            defined.Length == all.Length ? Slice.Design : Slice.DesignOf(defined.Select(i => Slice.Rows[i]));
        return new MeasureFindings(
            candidate, defined.Length, Beside(GapKind.Loss),
            Slice.Kinds.Contains(GapKind.Accuracy) ? Beside(GapKind.Accuracy) : null);

        RankFindings Beside(GapKind kind)
        {
            double[] gaps = Slice.Gaps(kind);
            return RankFindings.Of(
                design, values, [.. defined.Select(i => gaps[i])],
                options.Noise(kind, design, Slice.TestImages(options.TestImages)), options);
        }
    }
}
