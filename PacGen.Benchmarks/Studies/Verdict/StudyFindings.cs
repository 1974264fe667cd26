namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>All that a study says.</summary>
internal sealed class StudyFindings
{
    private StudyFindings(
        StudyNetworks networks, IReadOnlyList<Candidate> candidates, IReadOnlyList<SliceFindings> slices,
        IReadOnlyList<Trend> trends, IReadOnlyList<BeyondFindings> beyond, VerdictOptions options) =>
        (Networks, Candidates, Slices, Trends, Beyond, Options) = (networks, candidates, slices, trends, beyond, options);

    /// <summary>The networks.</summary>
    public StudyNetworks Networks { get; }

    /// <summary>Measures and references.</summary>
    public IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>How the measures did, where the report stands on it: at equal epoch and at equal loss, by data set.</summary>
    public IReadOnlyList<SliceFindings> Slices { get; }

    /// <summary>How gaps and Ψ move with batch size and learning rate, at every moment.</summary>
    public IReadOnlyList<Trend> Trends { get; }

    /// <summary>What combinations and variants do.</summary>
    public IReadOnlyList<BeyondFindings> Beyond { get; }

    /// <summary>How it was computed.</summary>
    public VerdictOptions Options { get; }

    /// <summary>The name of the gap of losses among the trends.</summary>
    public const string LossGap = "gap of losses";

    /// <summary>The name of the gap of accuracies among the trends.</summary>
    public const string AccuracyGap = "gap of accuracies";

    /// <summary>The slices that the report stands on.</summary>
    public static IReadOnlyList<StudySlice> Standing(StudyNetworks networks) =>
        [.. networks.Data.SelectMany(networks.Standing)];

    /// <summary>The parts of the work.</summary>
    public static int Parts(StudyNetworks networks)
    {
        int standing = Standing(networks).Count;
        return (standing * Candidate.In(networks.Slices).Count) + standing + networks.Slices.Count;
    }

    /// <summary>Computes what a study says.</summary>
    /// <param name="networks">Its networks.</param>
    /// <param name="options">How.</param>
    /// <param name="after">Called after each of the <see cref="Parts"/>.</param>
    /// <param name="stop">Stops the work.</param>
    public static StudyFindings Of(StudyNetworks networks, VerdictOptions options, Action after, CancellationToken stop)
    {
        IReadOnlyList<Candidate> candidates = Candidate.In(networks.Slices);
        SliceFindings[] slices = [.. Standing(networks).Select(
            slice => new SliceFindings(slice, candidates, options, after, stop))];
        List<Trend> trends = [];
        foreach (StudySlice slice in networks.Slices)
        {
            stop.ThrowIfCancellationRequested();
            trends.AddRange(TrendsOf(slice, candidates, options));
            after();
        }

        List<BeyondFindings> beyond = [];
        foreach (SliceFindings slice in slices)
        {
            if (BeyondFindings.Of(slice.Slice, candidates, GapKind.Loss, options, stop) is { } found)
            {
                beyond.Add(found);
            }

            after();
        }

        return new StudyFindings(networks, candidates, slices, trends, beyond, options);
    }

    private static IEnumerable<Trend> TrendsOf(StudySlice slice, IReadOnlyList<Candidate> candidates, VerdictOptions options)
    {
        (string Name, double[] Values)[] quantities =
        [
            .. slice.Kinds.Select(kind => (kind == GapKind.Loss ? LossGap : AccuracyGap, slice.Gaps(kind))),
            .. candidates.Where(candidate => candidate.IsPsi).Select(candidate => (candidate.Name, candidate.Of(slice))),
        ];
        return from claim in Trend.Claims
               from quantity in quantities
               let trend = Trend.Of(slice, claim.Factor, claim.Grows, quantity.Name, quantity.Values, options)
               where trend is not null
               select trend;
    }
}
