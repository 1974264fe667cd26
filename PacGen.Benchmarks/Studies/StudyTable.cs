using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Studies;

/// <summary>A study's numbers as a report reads them, and as CSV.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="AllEpochs">The epochs of all runs.</param>
/// <param name="Moments">Each moment of a run with its measures, by run, epoch and name.</param>
internal sealed record StudyTable(
    IReadOnlyList<StoredRun> Runs, IReadOnlyList<StoredEpoch> AllEpochs, IReadOnlyList<StudyRow> Moments)
{
    private static readonly string[] EpochColumns =
        ["epoch", "train-loss", "test-loss", "train-accuracy", "test-accuracy", "gap"];

    /// <summary>The settings that some run has, in their order.</summary>
    public IReadOnlyList<string> Settings { get; } = Order(Runs.SelectMany(run => run.Settings.Keys));

    /// <summary>Reads a study.</summary>
    public static StudyTable Of(StudyStore store)
    {
        IReadOnlyList<StoredRun> runs = store.Runs();
        IReadOnlyList<StoredEpoch> epochs = store.Epochs();
        Dictionary<(int, int), StoredEpoch> known = epochs.ToDictionary(epoch => (epoch.Run, epoch.Epoch));
        Dictionary<int, StoredRun> byNumber = runs.ToDictionary(run => run.Run);
        ILookup<(int, string), StoredMeasure> measures = store.Measures(layers: false).ToLookup(one => (one.Run, one.Moment));
        IReadOnlyList<string> settings = Order(runs.SelectMany(run => run.Settings.Keys));
        return new StudyTable(
            runs,
            epochs,
            [
                .. from moment in store.Moments()
                   where known.ContainsKey((moment.Run, moment.Epoch))
                   let epoch = known[(moment.Run, moment.Epoch)]
                   let run = byNumber[moment.Run]
                   select new StudyRow(
                       moment.Run,
                       settings.Where(run.Settings.ContainsKey).ToDictionary(name => name, name => run.Settings[name]),
                       run.Seed,
                       moment.Moment,
                       moment.Epoch,
                       epoch.TrainLoss,
                       epoch.TestLoss,
                       epoch.TrainAccuracy,
                       epoch.TestAccuracy,
                       measures[(moment.Run, moment.Moment)].ToDictionary(one => one.Name, one => one.Value))
                   {
                       ImagesName = run.Counts?.Name, TestImages = run.Counts?.Test,
                   },
            ]);
    }

    /// <summary>Some of the runs alone.</summary>
    /// <param name="numbers">Their numbers.</param>
    public StudyTable Only(HashSet<int> numbers) => new(
        [.. Runs.Where(run => numbers.Contains(run.Run))], [.. AllEpochs.Where(epoch => numbers.Contains(epoch.Run))],
        [.. Moments.Where(row => numbers.Contains(row.Run))]);

    /// <summary>The moments as CSV: a row for each, with its measures.</summary>
    public IEnumerable<string> Rows()
    {
        string[] measures = [.. Nn.Measures.All.Select(measure => measure.Name)
            .Union(Moments.SelectMany(row => row.Measures.Keys).Order(StringComparer.Ordinal))
            .Where(name => Moments.Any(row => row.Measures.ContainsKey(name)))];
        yield return CsvText.Line([.. Head, "moment", .. EpochColumns, .. measures]);
        Dictionary<int, StoredRun> runs = Runs.ToDictionary(run => run.Run);
        foreach (StudyRow row in Moments)
        {
            yield return CsvText.Line(
            [
                .. Start(runs[row.Run]), row.Moment, $"{row.Epoch}", CsvText.Exact(row.TrainLoss), CsvText.Exact(row.TestLoss),
                CsvText.Exact(row.TrainAccuracy), CsvText.Exact(row.TestAccuracy), CsvText.Exact(row.LossGap),
                .. measures.Select(name => row.Measures.TryGetValue(name, out double value) ? CsvText.Exact(value) : ""),
            ]);
        }
    }

    /// <summary>The runs as CSV: where each stands, and its last epoch.</summary>
    /// <param name="epochs">The epochs of each run.</param>
    public IEnumerable<string> RunsWith(ILookup<int, StoredEpoch> epochs)
    {
        yield return CsvText.Line([.. Head, "failure", .. EpochColumns]);
        foreach (StoredRun run in Runs)
        {
            StoredEpoch? last = epochs[run.Run].LastOrDefault();
            yield return CsvText.Line(
            [
                .. Start(run), run.Failure ?? "", $"{last?.Epoch ?? 0}",
                CsvText.Exact(last?.TrainLoss), CsvText.Exact(last?.TestLoss), CsvText.Exact(last?.TrainAccuracy),
                CsvText.Exact(last?.TestAccuracy), CsvText.Exact(last?.Gap),
            ]);
        }
    }

    /// <summary>The epochs as CSV.</summary>
    /// <param name="times">Whether with the time that each took.</param>
    public IEnumerable<string> Epochs(bool times)
    {
        yield return CsvText.Line([.. Head, .. EpochColumns, "steps", "step-loss", .. times ? (string[])["seconds"] : []]);
        Dictionary<int, StoredRun> runs = Runs.ToDictionary(run => run.Run);
        foreach (StoredEpoch epoch in AllEpochs)
        {
            yield return CsvText.Line(
            [
                .. Start(runs[epoch.Run]), $"{epoch.Epoch}", CsvText.Exact(epoch.TrainLoss), CsvText.Exact(epoch.TestLoss),
                CsvText.Exact(epoch.TrainAccuracy), CsvText.Exact(epoch.TestAccuracy), CsvText.Exact(epoch.Gap), $"{epoch.Steps}",
                CsvText.Exact(epoch.StepLoss), .. times ? (string[])[CsvText.Exact(epoch.Seconds)] : [],
            ]);
        }
    }

    /// <summary>Measures as CSV, a row for each and for each of its layers.</summary>
    /// <param name="measures">The measures.</param>
    /// <param name="times">Whether with the time that each took.</param>
    public IEnumerable<string> Measures(IReadOnlyList<StoredMeasure> measures, bool times)
    {
        yield return CsvText.Line(
        [
            .. Head, "moment", "measure", "layer", "value", "low", "high", "meaning", "obstacle", "loss-passes",
            "gradient-passes", "product-passes", .. times ? (string[])["seconds"] : [],
        ]);
        Dictionary<int, StoredRun> runs = Runs.ToDictionary(run => run.Run);
        foreach (StoredMeasure one in measures)
        {
            yield return CsvText.Line(
            [
                .. Start(runs[one.Run]), one.Moment, one.Name, one.Layer, CsvText.Exact(one.Value), CsvText.Exact(one.Low),
                CsvText.Exact(one.High), one.Meaning ?? "", one.Obstacle ?? "", CsvText.Exact(one.Cost.Losses),
                CsvText.Exact(one.Cost.Gradients), CsvText.Exact(one.Cost.Products),
                .. times ? (string[])[CsvText.Exact(one.Seconds)] : [],
            ]);
        }
    }

    private IEnumerable<string> Head => ["run", .. Settings, "seed", "state"];

    private IEnumerable<string> Start(StoredRun run) =>
    [
        $"{run.Run}", .. Settings.Select(name => run.Settings.GetValueOrDefault(name, "")),
        run.Seed.ToString(CultureInfo.InvariantCulture), run.State.ToString().ToLowerInvariant(),
    ];

    /// <summary>Settings in the order of their options; those that this version doesn't know behind them.</summary>
    private static IReadOnlyList<string> Order(IEnumerable<string> names)
    {
        HashSet<string> there = [.. names];
        string[] known = [.. new StudySettings().Names.Where(there.Contains)];
        return [.. known, .. there.Except(known).Order(StringComparer.Ordinal)];
    }
}
