using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The report of a study, as the blocks of a page.</summary>
/// <param name="findings">What the study says.</param>
/// <param name="command">The command that made it.</param>
internal sealed class StudyPage(StudyFindings findings, string command)
{
    /// <summary>The page's title.</summary>
    public const string Title = "The study: which measure follows the generalization gap?";

    /// <summary>The file of a slice's plots.</summary>
    public static string PictureOf(StudySlice slice) => $"study-{Safe(slice.Data)}-{Safe(slice.Moment)}.svg";

    /// <summary>The page.</summary>
    /// <param name="plots">The plots of each slice.</param>
    /// <param name="numbers">The files that the numbers stand in.</param>
    /// <param name="other">The same report in the other form.</param>
    public IReadOnlyList<PageBlock> Blocks(
        IReadOnlyDictionary<SliceFindings, IReadOnlyList<string>> plots, string numbers, string other) =>
    [
        new PageBlock.Heading(1, Title),
        new PageBlock.Bullets([.. Head(), $"numbers: [{numbers}]({numbers}); the same report: [{other}]({other})"]),
        new PageBlock.Heading(2, "In short"),
        new PageBlock.Bullets(new VerdictSentences(findings).InShort),
        new PageBlock.Heading(2, "What to read off each number"),
        new PageBlock.Bullets(Reading()),
        .. findings.Slices.SelectMany(slice => Slice(slice, plots[slice])),
        .. Claims(),
        .. Beyond(),
        .. Collapsed(),
        new PageBlock.Heading(2, "The measures"),
        StudyTables.Legend(findings.Candidates),
        new PageBlock.Heading(2, "How it was computed"),
        new PageBlock.Bullets(Method()),
    ];

    private List<string> Head()
    {
        StudyNetworks networks = findings.Networks;
        StudyRow[] ends = [.. networks.Rows.DistinctBy(row => row.Run)];
        string collapsed = networks.Collapsed.Count is > 0 and var count
            ? $"{count} of which collapsed and are counted apart" : "none of which collapsed";
        string failed = networks.Failed == 0 ? ""
            : $"; {Prose.Count(networks.Failed, "run")} failed before the end of training";
        return
        [
            Prose.Line($"""
                {Prose.Count(networks.Runs, "trained network")}, {collapsed}{failed};
                {Prose.Count(ends.Select(row => row.Seed).Distinct().Count(), "seed")}{string.Concat(networks.Data.Select(Of))}
                """),
            $"date: {Machine.Date}; machine of the report: {Machine.Text}",
            $"command: `{command}`",
        ];

        string Of(string data) => Prose.Line($"""
            ; {data}: {Prose.Count(ends.Count(row => StudySlice.DataOf(row) == data), "network")}, moments
            {string.Join(", ", networks.Slices.Where(slice => slice.Data == data).Select(slice => $"`{slice.Moment}`"))}
            """);
    }

    private static IReadOnlyList<string> Reading() =>
    [
        Prose.Line($"""
            **τ** (Kendall's τ-b, −1 to 1): of two networks drawn at random, how much likelier the measure orders them as their
            gaps than against. 0 is a coin. It can be large because one hyper-parameter alone moves both.
            """),
        Prose.Line($"""
            **Over seeds**: where τ might have been with other seeds of the same settings; **over settings**: with other settings
            of this kind. The second is the one to believe for networks of your own. An interval that holds 0 says nothing is
            established.
            """),
        Prose.Line($"""
            **Granulated τ**: the same, but only between networks that differ in one hyper-parameter, averaged over
            hyper-parameters. A measure with a large τ and a small granulated one follows some hyper-parameters and fails at others:
            look at them one by one.
            """),
        Prose.Line($"""
            **Sign error**: of two settings that differ in one hyper-parameter, how often the measure prefers the worse. 0.5 is a
            coin; 1 at worst means that for some pair it is always wrong. The best published mean is 0.097, and every measure's
            published worst is 1.
            """),
        Prose.Line($"""
            **Conditional information** (0 to 1): what the measure tells of the order when two hyper-parameters of both networks are
            known already. Near 0: it repeats what the settings say.
            """),
        Prose.Line($"""
            **Random numbers**: what the same table gives numbers that know nothing. With many measures, the best of them looks good
            by chance: compare it with the best of as many random numbers.
            """),
        Prose.Line($"""
            **Slanted rows** are no measures: the training loss (its sign turned where it was measured: a larger one
            goes with a smaller gap) and the hyper-parameters themselves, each as it is. A measure that does not beat them is not worth its passes.
            """),
    ];

    private static IEnumerable<PageBlock> Slice(SliceFindings slice, IReadOnlyList<string> plots)
    {
        StudySlice networks = slice.Slice;
        int seeds = networks.Rows.Select(row => row.Seed).Distinct().Count();
        string absent = networks.Absent == 0 ? "" : $" {networks.Absent} more ended before this moment, or have not come to it.";
        string unmeasured = networks.Unmeasured == 0 ? "" : $" {networks.Unmeasured} more are not measured yet and left out.";
        yield return new PageBlock.Heading(2, networks.Title);
        yield return new PageBlock.Paragraph(Prose.Line($"""
            {Prose.Count(networks.Rows.Count, "network")}, {Prose.Count(networks.Design.Members.Count, "setting")},
            {Prose.Count(seeds, "seed")}; what varies:
            {(networks.Factors.Count == 0 ? "nothing but the seed" : string.Join(", ", networks.Factors))}.{absent}{unmeasured} The gap of
            losses is {networks.Gaps(GapKind.Loss).Min():F4} to {networks.Gaps(GapKind.Loss).Max():F4}{Accuracies(networks)}.
            """));
        if (plots.Count > 0)
        {
            yield return new PageBlock.Pictures(
                PictureOf(networks), $"The gap beside measures and hyper-parameters, {networks.Title}", plots,
                StudyPlots.Key(networks));
            yield return new PageBlock.Paragraph("On the HTML page each mark tells its run when it is pointed at.");
        }

        if (slice.All.Count == 0)
        {
            yield return new PageBlock.Paragraph("No measure has two different values here: there is nothing to compare.");
            yield break;
        }

        yield return StudyTables.Measures(slice);
        MeasureFindings any = slice.All[0];
        string accuracies = any.Accuracy is not { SignErrors: var errors } ? "" : Prose.Line($"""
            , those of accuracies over {errors.Environments.Count} ({errors.LeftOut} left out by Hoeffding's weight)
            """);
        yield return new PageBlock.Paragraph(Prose.Line($"""
            Sign errors of losses are over {any.Loss.SignErrors.Environments.Count} pairs of settings
            ({any.Loss.SignErrors.LeftOut} left out, whose mean gaps are within two standard errors){accuracies}.
            """));
        if (networks.Factors.Count > 1)
        {
            yield return new PageBlock.Heading(3, $"Granulated τ by hyper-parameter: {networks.Title}");
            yield return StudyTables.ByFactor(slice);
        }
    }

    private static string Accuracies(StudySlice networks) => !networks.Kinds.Contains(GapKind.Accuracy) ? ""
        : Prose.Line($"""
             nats, that of accuracies {100 * networks.Gaps(GapKind.Accuracy).Min():F2} to
            {100 * networks.Gaps(GapKind.Accuracy).Max():F2} points
            """);

    private IEnumerable<PageBlock> Claims()
    {
        yield return new PageBlock.Heading(2, "What the paper claims");
        if (findings.Trends.Count == 0)
        {
            yield return new PageBlock.Paragraph(
                "Neither batch size nor learning rate varies with all else equal: the paper's claims are not put to the test.");
            yield break;
        }

        yield return new PageBlock.Paragraph(Prose.Line($"""
            Figures 3 to 6: gap and Ψ grow with the batch size and shrink with the learning rate. Below, for each moment of training,
            the granulated τ between hyper-parameter and quantity, positive where the quantity moves as the paper says, with its
            interval over seeds: 1 where every pair of networks that differ in it alone does so.{(findings.Trends.Any(
                trend => trend.Interval is not null) ? "" : " Settings of one seed have no interval: nothing is decided.")}
            """));
        foreach ((string factor, bool grows) in Trend.Claims)
        {
            foreach (string data in findings.Networks.Data)
            {
                Trend[] trends = [.. findings.Trends.Where(trend => trend.Factor == factor && trend.Slice.Data == data)];
                if (trends.Length > 0)
                {
                    yield return new PageBlock.Heading(
                        3, $"{data}: {(grows ? "growing" : "shrinking")} with the {factor.Replace('-', ' ')}?");
                    yield return StudyTables.Trends(trends);
                    string[] ways = [.. VerdictSentences.Ways(trends)];
                    if (ways.Length > 0)
                    {
                        yield return new PageBlock.Bullets(ways);
                    }
                }
            }
        }
    }

    private IEnumerable<PageBlock> Beyond()
    {
        yield return new PageBlock.Heading(2, "Beyond: combinations and variants");
        if (findings.Beyond.Count == 0)
        {
            yield return new PageBlock.Paragraph(
                "There are too few settings, or measures that every network has, to choose on one half and try on the other.");
            yield break;
        }

        yield return new PageBlock.Bullets([.. findings.Beyond.Select(VerdictSentences.Beyond)]);
    }

    private IEnumerable<PageBlock> Collapsed()
    {
        yield return new PageBlock.Heading(2, "Runs that collapsed");
        IReadOnlyList<StudyRow> rows = findings.Networks.Collapsed;
        if (rows.Count == 0)
        {
            yield return new PageBlock.Paragraph("None.");
            yield break;
        }

        yield return new PageBlock.Paragraph(Prose.Line($"""
            {rows.Count} of {findings.Networks.Runs} runs ended with a loss that is not finite, or know their training images hardly
            better than chance (an accuracy below {Guessing.Factor} times that of guessing). They have no gap to speak of and are in no number above.
            """));
        yield return StudyTables.Collapsed(rows);
    }

    private IReadOnlyList<string> Method() =>
    [
        Prose.Line($"""
            Gap: test cross-entropy less training cross-entropy, as in Figures 3 to 6; and training accuracy less test accuracy
            (where targets are numbers, test loss less training loss alone).
            Networks are compared on one data set at one moment: after the same epoch, or at the first epoch whose training loss is
            no larger than the same number. A measure is listed where 80 % of the networks have a value of
            it. Measures are turned so that a positive τ is what is said of them.
            """),
        Prose.Line($"""
            Intervals: the percentile bootstrap, {findings.Options.Replicates} replicates ({findings.Options.TrendReplicates} where the
            paper's claims are read off), of the seeds within each setting, and of the settings. With few seeds the first is too
            narrow, since of n seeds it sees (n − 1)/n of the variance; and τ's lies too near ±1, since a network that is drawn twice
            makes no pair with itself.
            """),
        Prose.Line($"""
            Granulated τ and conditional mutual information: Jiang et al., *Fantastic generalization measures and where to find
            them*, ICLR 2020; the minimum over sets of at most two hyper-parameters (the competition *Predicting generalization in deep
            learning*, NeurIPS 2020, took sets of two).
            """),
        Prose.Line($"""
            Sign error: Dziugaite et al., *In search of robust measures of generalization*, NeurIPS 2020. For gaps of accuracies with
            their weight by Hoeffding's inequality for the number of test images; for gaps of losses, which have no
            such bound, each pair of networks counts 1 and a pair of settings counts where its mean gaps are
            {findings.Options.Separation} standard errors over seeds apart.
            """),
        Prose.Line($"""
            Random numbers: {findings.Options.RandomMeasures} measures that are a random number for each setting, of which
            {findings.Options.FewRandomMeasures} for granulated τ, sign errors and conditional information.
            """),
        Prose.Line($"""
            Combinations: a·z₁ + b·z₂ with z the standardised logarithm of a measure (or the measure, where some value is not
            positive), 12 directions (a, b) for each pair, {findings.Options.Splits} random halvings of the settings; intervals by the
            corrected resampled t-test of Nadeau and Bengio, *Machine Learning* 52, 2003.
            """),
    ];

    private static string Safe(string text) => string.Concat(text.Select(letter =>
        char.IsAsciiLetterOrDigit(letter) || letter is '.' ? letter : '-'));
}
