using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>What the numbers of a study say, in sentences that are chosen by the numbers.</summary>
/// <param name="findings">The numbers.</param>
internal sealed class VerdictSentences(StudyFindings findings)
{
    /// <summary>The best mean sign error that was published.</summary>
    private const double PublishedSignError = 0.097;

    private static readonly string NothingToCompare = Prose.Line($"""
        No measure can be judged: that takes at least {SliceFindings.Fewest} networks at one moment, runs that collapsed or failed
        left out, of which nearly all have a value of it, and not all the same.
        """);

    /// <summary>The verdict in short.</summary>
    public IReadOnlyList<string> InShort =>
    [
        .. findings.Slices.Where(slice => slice.Measures.Any()).Select(Slice),
        .. findings.Slices.Where(slice => slice.Measures.Any()).Take(1).Select(_ => Worst()),
        .. Claims(),
        .. findings.Beyond.Select(Beyond),
        .. findings.Slices.Any(slice => slice.Measures.Any()) ? (string[])[] : [NothingToCompare],
    ];

    /// <summary>What a combination, and a variant of Ψ, do beyond the best measure.</summary>
    public static string Beyond(BeyondFindings beyond)
    {
        (string single, int singleTimes) = beyond.Favourite(split => split.Single);
        (string pair, int pairTimes) = beyond.Favourite(split => split.Pair);
        (string? reference, int referenceTimes) = beyond.Favourite(split => split.Reference);
        int splits = beyond.Splits.Count;
        string combination = Prose.Line($"""
            On {beyond.Slice.Title}, of {beyond.MeasureCount} measures, {Compare(
                beyond.Interval(split => split.PairTau - split.SingleTau),
                "a combination of two beats the best single measure",
                "a combination of two does worse than the best single measure",
                "that a combination of two beats the best single measure is not established")}:
            chosen on one half of the settings and tried on the other, in {splits} splits, τ is
            {Signed(beyond.Mean(split => split.PairTau))} against {Signed(beyond.Mean(split => split.SingleTau))}{Difference(
                beyond.Interval(split => split.PairTau - split.SingleTau))}. Chosen most often: `{single}` ({singleTimes} of
            {splits}); `{pair}` ({pairTimes}).
            """);
        string known = double.IsNaN(beyond.Mean(split => split.ReferenceTau)) ? "" : Prose.Line($"""
             What is known without measuring (most often `{reference}`, {referenceTimes} of {splits}) has
            {Signed(beyond.Mean(split => split.ReferenceTau))}: {Compare(
                beyond.Interval(split => split.SingleTau - split.ReferenceTau),
                "the best measure beats that", "the best measure does worse than that",
                "no difference from the best measure is established")}{Difference(
                beyond.Interval(split => split.SingleTau - split.ReferenceTau))}.
            """);
        return combination + known + Psi(beyond);
    }

    /// <summary>Which claim of the paper holds where, by hyper-parameter.</summary>
    public IEnumerable<string> Claims() =>
        from claim in Trend.Claims
        from data in findings.Networks.Data
        let trends = findings.Trends.Where(trend => trend.Factor == claim.Factor && trend.Slice.Data == data).ToArray()
        where trends.Length > 0
        select Claim(claim.Factor, claim.Grows, data, trends);

    private static string Psi(BeyondFindings beyond)
    {
        if (beyond.PsiCount < 2 || beyond.Splits.Any(split => split.Psi is null || double.IsNaN(split.PublishedTau)))
        {
            return "";
        }

        (string variant, int times) = beyond.Favourite(split => split.Psi);
        ConfidenceInterval? interval = beyond.Interval(split => split.PsiTau - split.PublishedTau);
        return Prose.Line($"""
             Of Ψ's variants the chosen one (most often `{variant}`, {times} of {beyond.Splits.Count}) has
            {Signed(beyond.Mean(split => split.PsiTau))}, `{Candidate.PublishedPsi}`
            {Signed(beyond.Mean(split => split.PublishedTau))}: {Compare(
                interval, "a variant is better", "the variants are worse", "no variant is established to be better")}{Difference(
                interval)}.
            """);
    }

    private static string Slice(SliceFindings slice)
    {
        MeasureFindings best = slice.Measures.First();
        int measures = slice.Measures.Count();
        MeasureFindings? reference = slice.All.Where(one => one.Candidate.IsReference).MaxBy(one => Math.Abs(one.Loss.Tau));
        string trivial = reference is null ? "" : Prose.Line($"""
             Without measuring, `{reference.Candidate.Name}` has |τ| = {Math.Abs(reference.Loss.Tau):F2}.
            """);
        string psi = slice.Of(Candidate.PublishedPsi) is { } score && score != best ? Prose.Line($"""
             Ψ (`{Candidate.PublishedPsi}`) {Orders(score, slice.Loss.Tau)}: τ = {Signed(score.Loss.Tau)}{PageCell.Range(
                score.Loss.OverSeeds)}, place {slice.Place(score, one => one.Loss.Tau)} of {measures}.
            """) : "";
        string signs = double.IsNaN(best.Loss.SignErrors.Mean) ? "" : Prose.Line($"""
             Its sign error is {best.Loss.SignErrors.Mean:F2} on average and {best.Loss.SignErrors.Worst:F2} at worst.
            """);
        string granulated =
            double.IsNaN(best.Loss.Granulated) ? "" : $" Its granulated τ is {Signed(best.Loss.Granulated)}.";
        return Prose.Line($"""
            **{slice.Slice.Title}**, {slice.Slice.Rows.Count} networks of {slice.Slice.Design.Members.Count} settings: {(measures == 1
                ? "the one measure that was taken" : $"the first of {measures} measures")} is `{best.Candidate.Name}`, which {Orders(best, slice.Loss.BestTau)}: τ =
            {Signed(best.Loss.Tau)}{PageCell.Range(best.Loss.OverSeeds)}, where the best of as many random numbers reaches
            {Signed(slice.Loss.BestTau)}.{signs}{granulated}{psi}{trivial}
            """);
    }

    /// <summary>What a measure's τ means beside its intervals and what chance gives.</summary>
    private static string Orders(MeasureFindings measure, double chance)
    {
        double tau = measure.Loss.Tau;
        string settings = HoldsZero(measure.Loss.OverSettings) ? " here, which for other settings is not established" : "";
        return Math.Abs(tau) <= chance || HoldsZero(measure.Loss.OverSeeds) ? "orders the gaps no better than chance"
            : tau < 0 ? $"orders the gaps the wrong way round{settings}"
            : tau < 0.5 ? $"follows the gap weakly{settings}" : $"follows the gap{settings}";

        static bool HoldsZero(ConfidenceInterval? interval) => interval is { Low: <= 0, High: >= 0 };
    }

    private string Worst()
    {
        SliceFindings most = findings.Slices.MaxBy(slice => (Pairs(slice), slice.Measures.Count()))!;
        if (Pairs(most) == 0)
        {
            return "No two settings that differ in one hyper-parameter have gaps that are apart beyond the noise: there are no " +
                "sign errors to count.";
        }

        MeasureFindings[] all = [.. most.Measures.Where(one => !double.IsNaN(one.Loss.SignErrors.Mean))];
        MeasureFindings best = all.MinBy(one => one.Loss.SignErrors.Mean)!;
        int never = all.Count(one => one.Loss.SignErrors.Worst < 1);
        string robust = never == 0
            ? "Every measure is wrong for some pair of settings in all networks (a worst sign error of 1), as was published"
            : $"{never} of {all.Length} measures have a worst sign error below 1";
        return Prose.Line($"""
            Sign errors, over {Pairs(most)} pairs of settings ({most.Slice.Title}): the best mean is
            {best.Loss.SignErrors.Mean:F3} (`{best.Candidate.Name}`); the best published one, over other networks and gaps of
            accuracies, is {PublishedSignError}. {robust}.
            """);

        static int Pairs(SliceFindings slice) => slice.Measures.Select(one => one.Loss.SignErrors.Environments.Count)
            .DefaultIfEmpty(0).Max();
    }

    private static string Claim(string factor, bool grows, string data, Trend[] trends)
    {
        Trend[] gaps = [.. trends.Where(trend => trend.Quantity == StudyFindings.LossGap)];
        Trend[] published = [.. trends.Where(trend => trend.Quantity == Candidate.PublishedPsi)];
        string moves = grows ? "grow with" : "shrink with";
        return Prose.Line($"""
            The paper: gap and Ψ {moves} the {factor.Replace('-', ' ')}. On {data} the gap of losses {Moments(gaps)}; Ψ
            (`{Candidate.PublishedPsi}`) {Moments(published)}.{Together(gaps, published)}{Hangs(trends)}
            """);
    }

    /// <summary>Whether Ψ moves as the gap does, whatever the paper says of both.</summary>
    private static string Together(Trend[] gaps, Trend[] psi)
    {
        (Trend Gap, Trend Psi)[] decided =
        [
            .. from gap in gaps
               join other in psi on gap.Slice equals other.Slice
               where (gap.Holds || gap.IsOpposite) && (other.Holds || other.IsOpposite)
               select (gap, other),
        ];
        int same = decided.Count(pair => pair.Gap.Holds == pair.Psi.Holds);
        return decided.Length == 0 ? ""
            : $" Where both are decided, they move together at {same} of {decided.Length} moments.";
    }

    /// <summary>What hangs on how Ψ is estimated, a sentence for each of the ways.</summary>
    /// <param name="trends">How Ψ's variants move with one hyper-parameter on one data set.</param>
    public static IEnumerable<string> Ways(IReadOnlyList<Trend> trends) =>
        from way in Candidate.Ways
        let variants = trends.Where(trend => trend.Quantity == Candidate.PublishedPsi || way.Has(trend.Quantity)).ToArray()
        let names = variants.Select(trend => trend.Quantity).Distinct().ToArray()
        where names.Length > 1
        let against = Contradictions(variants)
        select Prose.Line($"""
            {way.Name}: {string.Join("; ", names.Select(name => Count(name, variants)))}. {(against.Length == 0
                ? "They contradict each other at no moment." : $"They contradict each other at {string.Join(", ", against)}.")}
            """);

    private static string Count(string name, Trend[] variants)
    {
        Trend[] own = [.. variants.Where(trend => trend.Quantity == name)];
        return Prose.Line($"""
            `{name}` as said at {own.Count(trend => trend.Holds)}, opposite at {own.Count(trend => trend.IsOpposite)} of
            {own.Length} moments
            """);
    }

    /// <summary>The moments at which one variant does what is said and another the opposite.</summary>
    private static string[] Contradictions(IReadOnlyList<Trend> variants) =>
    [
        .. variants.GroupBy(trend => trend.Slice.When)
            .Where(moment => moment.Any(trend => trend.Holds) && moment.Any(trend => trend.IsOpposite))
            .Select(moment => moment.Key),
    ];

    /// <summary>At how many moments a quantity does what is said, and at which where they are few.</summary>
    private static string Moments(Trend[] trends)
    {
        const int Few = 3;
        if (trends.Length == 0)
        {
            return "was not measured";
        }

        string[] parts =
        [
            .. from word in new[] { (Does: "does", Trends: trends.Where(trend => trend.Holds)),
                   (Does: "does the opposite", Trends: trends.Where(trend => trend.IsOpposite)),
                   (Does: "is undecided", Trends: trends.Where(trend => !trend.Holds && !trend.IsOpposite)) }
               let moments = word.Trends.Select(trend => trend.Slice.When).ToArray()
               where moments.Length > 0
               select moments.Length == trends.Length && trends.Length > 1
                   ? $"{word.Does} at {(trends.Length == 2 ? "both" : $"all {trends.Length}")} moments"
                   : moments.Length <= Few ? $"{word.Does} at {string.Join(", ", moments)}"
                   : $"{word.Does} at {moments.Length} of {trends.Length} moments",
        ];
        return string.Join("; it ", parts);
    }

    /// <summary>On what of its estimation Ψ's behaviour hangs.</summary>
    private static string Hangs(Trend[] trends)
    {
        if (trends.Select(trend => trend.Quantity).Distinct().Count(Candidate.IsPsiName) < 2)
        {
            return "";
        }

        string[] ways =
        [
            .. from way in Candidate.Ways
               let against = Contradictions([.. trends.Where(
                   trend => trend.Quantity == Candidate.PublishedPsi || way.Has(trend.Quantity))])
               where against.Length > 0
               select $"{way.Name} (at {against.Length} of {trends.Select(trend => trend.Slice.When).Distinct().Count()} " +
                   $"moments)",
        ];
        return ways.Length == 0 ? " No variant of Ψ contradicts it at any moment."
            : $" What Ψ does hangs on {string.Join(", ", ways)}.";
    }

    private static string Compare(ConfidenceInterval? interval, string better, string worse, string open) =>
        interval is null ? open : interval.Low > 0 ? better : interval.High < 0 ? worse : open;

    private static string Difference(ConfidenceInterval? interval) => interval is null ? ""
        : $" (difference {Signed((interval.Low + interval.High) / 2)}, 95 % interval {Signed(interval.Low)} to " +
            $"{Signed(interval.High)})";

    private static string Signed(double value) => PageCell.Signed(value);
}
