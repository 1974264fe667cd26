using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Studies;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>What networks that differ in one setting and in their seeds show of a measure and the gap.</summary>
internal sealed class GapFindings
{
    private readonly Dictionary<int, StoredRun> runs;

    /// <param name="table">The networks.</param>
    /// <param name="varied">The setting in which they differ.</param>
    /// <param name="measure">The measure.</param>
    /// <param name="classes">How many classes their images have.</param>
    public GapFindings(StudyTable table, string varied, string measure, int classes)
    {
        (Table, Varied, Measure) = (table, varied, measure);
        runs = table.Runs.ToDictionary(run => run.Run);
        Dictionary<int, StoredEpoch> last = table.AllEpochs.GroupBy(epoch => epoch.Run).ToDictionary(
            epochs => epochs.Key, epochs => epochs.MaxBy(epoch => epoch.Epoch)!);
        Collapsed =
        [
            .. table.Runs.Where(run => run.State == StudyRunState.Failed
                || !last.TryGetValue(run.Run, out StoredEpoch? end) || Guessing.Explains(end.TrainAccuracy, classes)),
        ];
        HashSet<int> gone = [.. Collapsed.Select(run => run.Run)];
        Kept = [.. table.Moments.Where(row => !gone.Contains(row.Run))];
        Values = [.. table.Runs.Select(ValueOf).Distinct().OrderBy(value => double.Parse(value, CultureInfo.InvariantCulture))];
        Comparisons = [.. Moments().Select(Compare).Where(one => one.Rows.Count > 1)];
    }

    /// <summary>All networks.</summary>
    public StudyTable Table { get; }

    /// <summary>The setting in which they differ.</summary>
    public string Varied { get; }

    /// <summary>The measure.</summary>
    public string Measure { get; }

    /// <summary>The setting's values, the smallest first.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>The networks that learnt nothing: accuracy at chance, or a number that wasn't finite.</summary>
    public IReadOnlyList<StoredRun> Collapsed { get; }

    /// <summary>The moments of the others.</summary>
    public IReadOnlyList<StudyRow> Kept { get; }

    /// <summary>Ψ against the gap: at equal training loss, the smallest first, at the latest equal epoch, at the end.</summary>
    public IReadOnlyList<GapComparison> Comparisons { get; }

    /// <summary>The comparison that is drawn: the first that has two thirds of the networks; else the end.</summary>
    public GapComparison? Drawn =>
        Comparisons.FirstOrDefault(one => 3 * one.Rows.Count >= 2 * Table.Runs.Count)
        ?? (Comparisons is [.., { } last] ? last : null);

    /// <summary>What was found, in sentences.</summary>
    public IEnumerable<string> Sentences =>
    [
        .. Comparisons.Select(one => one.Sentence(Measure)),
        Collapsed.Count == 0 ? "No network collapsed." : Prose.Line($"""
            Collapsed, and not among the points: {string.Join("; ", Collapsed.Select(run => Name(run)
                + (run.Failure is { } why ? $" ({why.TrimEnd('.')})" : " (accuracy at chance)")))}.
            """),
    ];

    /// <summary>What all networks have in common.</summary>
    public static string Common(StudyRun run, string varied) => string.Join(
        ", ", run.Settings.Where(pair => pair.Key != varied && pair.Key is not ("dataset" or "model" or "test-limit"))
            .Select(pair => $"{GapFigure.Words(pair.Key)} {pair.Value}"));

    /// <summary>A title.</summary>
    public string Title(StudyRun run) => Prose.Line($"""
        {run.Training.Model.TitleOn(run.Images!)} ({run.Images!.Train.Count:N0} training images),
        {GapFigure.Words(Varied)}s
        """);

    /// <summary>The setting's value of a run.</summary>
    public string ValueOf(StoredRun run) => run.Settings.GetValueOrDefault(Varied, "");

    /// <summary>The setting's value of a moment's run.</summary>
    public string ValueOf(StudyRow row) => row.Settings.GetValueOrDefault(Varied, "");

    /// <summary>The gap by epoch of the networks of a value: the mean and the range over seeds, where all of them are.</summary>
    public IReadOnlyList<GapPoint> Gaps(string value)
    {
        HashSet<int> of = [.. Kept.Where(row => ValueOf(row) == value).Select(row => row.Run)];
        return Points(Table.AllEpochs.Where(epoch => of.Contains(epoch.Run)).Select(epoch => (epoch.Epoch, epoch.Gap)), of.Count);
    }

    /// <summary>The measure by epoch of the networks of a value, as <see cref="Gaps"/>.</summary>
    public IReadOnlyList<GapPoint> Scores(string value)
    {
        StudyRow[] of = [.. Kept.Where(row => ValueOf(row) == value)];
        return Points(
            of.Where(row => StudyMoments.IsByEpoch(row.Moment)).Select(
                row => (row.Epoch, row.Measures.GetValueOrDefault(Measure, double.NaN))),
            of.Select(row => row.Run).Distinct().Count());
    }

    private static IReadOnlyList<GapPoint> Points(IEnumerable<(int Epoch, double Value)> values, int runs) =>
    [
        .. from one in values
           group one.Value by one.Epoch into epoch
           where epoch.Count() == runs
           orderby epoch.Key
           select new GapPoint(epoch.Key, epoch.Average(), epoch.Min(), epoch.Max()),
    ];

    private string Name(StoredRun run) => $"{GapFigure.Words(Varied)} {ValueOf(run)}, seed {run.Seed}";

    /// <summary>The moments at which networks are compared, in the order in which they are to be drawn.</summary>
    private IEnumerable<string> Moments()
    {
        string[] names = [.. Kept.Select(row => row.Moment).Distinct()];
        int networks = Kept.Select(row => row.Run).Distinct().Count();
        return
        [
            .. names.Where(name => name.StartsWith("loss:", StringComparison.Ordinal)).OrderBy(
                name => double.Parse(name[5..], CultureInfo.InvariantCulture)),
            .. names.Where(name => StudyMoments.IsByEpoch(name) && Kept.Count(row => row.Moment == name) == networks)
                .OrderByDescending(name => int.Parse(name[6..], CultureInfo.InvariantCulture)).Take(1),
            .. names.Where(name => name == "end"),
        ];
    }

    private GapComparison Compare(string moment)
    {
        StudyRow[] rows =
        [
            .. Kept.Where(row => row.Moment == moment && double.IsFinite(row.Measures.GetValueOrDefault(Measure, double.NaN))
                && double.IsFinite(row.LossGap)),
        ];
        double Tau(int[] indices) => KendallTau.Of(
            [.. indices.Select(i => rows[i].Measures[Measure])], [.. indices.Select(i => rows[i].LossGap)]);
        int[] all = [.. Enumerable.Range(0, rows.Length)];
        IReadOnlyList<int>[] bySetting = [.. all.GroupBy(i => ValueOf(rows[i])).Select(group => (IReadOnlyList<int>)[.. group])];
        return new GapComparison(
            moment, rows, rows.Length > 1 ? Tau(all) : double.NaN,
            Bootstrap.Interval(bySetting, Resampling.Members, Tau), runs.Count - rows.Length);
    }
}
