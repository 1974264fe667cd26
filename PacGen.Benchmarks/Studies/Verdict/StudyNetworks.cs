using System.Globalization;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The networks of a study, sorted by data set and moment; runs that collapsed are set apart.</summary>
internal sealed class StudyNetworks
{
    /// <summary>The share of the usual number of measures with which a network counts as measured.</summary>
    private const double NearlyAll = 0.9;

    /// <summary>The share of a data set's runs that a moment needs to be one that the report stands on.</summary>
    private const double MostEpoch = 0.9, MostLoss = 2.0 / 3;

    /// <param name="rows">What the study's file has.</param>
    /// <exception cref="DataException">There is nothing to report.</exception>
    public StudyNetworks(IReadOnlyList<StudyRow> rows)
    {
        if (rows.Count == 0)
        {
            throw new DataException("This study has no measured network yet: run it first, pacgen study run.");
        }

        rows = ByTests(OfOneNetwork(rows));
        Rows = rows;
        StudyRow[] last = [.. rows.GroupBy(row => row.Run).Select(run => run.MaxBy(row => row.Epoch)!)];
        Collapsed = [.. last.Where(HasCollapsed).OrderBy(row => row.Run)];
        HashSet<int> collapsed = [.. Collapsed.Select(row => row.Run)];
        StudyRow[] kept = [.. rows.Where(row => !collapsed.Contains(row.Run))];
        Runs = last.Length;
        Slices = [.. kept.GroupBy(row => (Data: StudySlice.DataOf(row), row.Moment))
            .OrderBy(slice => slice.Key.Data, StringComparer.Ordinal).ThenBy(slice => Order(slice.Key.Moment))
            .Select(slice => (slice.Key, All: slice.ToArray(), Measured: Measured([.. slice.Where(IsFinite).OrderBy(
                row => row.Run)])))
            .Select(slice => new StudySlice(
                slice.Key.Data, slice.Key.Moment, slice.Measured,
                kept.Where(row => StudySlice.DataOf(row) == slice.Key.Data).Select(row => row.Run).Distinct().Count()
                    - slice.All.Length) { Unmeasured = slice.All.Length - slice.Measured.Length })
            .Where(slice => slice.Rows.Count > 0)];
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<StudyRow> Rows { get; }

    /// <summary>The number of runs, collapsed ones too.</summary>
    public int Runs { get; }

    /// <summary>How many runs failed, those with no moment too.</summary>
    public int Failed { get; init; }

    /// <summary>Runs that learnt nothing, each as it ended.</summary>
    public IReadOnlyList<StudyRow> Collapsed { get; }

    /// <summary>The other networks, by data set and moment.</summary>
    public IReadOnlyList<StudySlice> Slices { get; }

    /// <summary>The data sets.</summary>
    public IEnumerable<string> Data => Slices.Select(slice => slice.Data).Distinct();

    /// <summary>
    /// The moments of a data set that the report stands on: the last epoch that nearly all runs came to, and the smallest
    /// training loss that most came to; where there is neither, the end.
    /// </summary>
    public IReadOnlyList<StudySlice> Standing(string data)
    {
        StudySlice[] all = [.. Slices.Where(slice => slice.Data == data)];
        StudySlice? epoch = all.Where(slice => IsMoment(slice, "epoch") && Share(slice) >= MostEpoch).Reverse().MaxBy(Measures);
        StudySlice? end = all.FirstOrDefault(slice => slice.Moment == "end");
        if (end is not null && Measures(end) >= (epoch is null ? 0 : Measures(epoch))
            && end.Rows.Select(row => row.Epoch).Distinct().Count() == 1)
        {
            epoch = end;
        }

        StudySlice? loss = all.Where(slice => IsMoment(slice, "loss") && Share(slice) >= MostLoss).MaxBy(Measures)
            ?? all.Where(slice => IsMoment(slice, "loss")).MaxBy(slice => slice.Rows.Count);
        bool isEndNeeded = end is not null && end != epoch && (epoch is null || Measures(end) > Measures(epoch));
        StudySlice[] standing = [.. new[] { epoch, loss, isEndNeeded && (epoch ?? loss) is not null ? end : null }
            .OfType<StudySlice>()];
        return standing.Length > 0 ? standing : [.. all.Where(slice => slice == (end ?? all[^1]))];
    }

    /// <summary>
    /// Whether a run learnt nothing: its loss is not finite, or it knows its training images hardly better than chance, which
    /// is told for the data sets whose number of classes is known by their name.
    /// </summary>
    public static bool HasCollapsed(StudyRow end) =>
        !double.IsFinite(end.TrainLoss) || !double.IsFinite(end.TestLoss)
            || (Classes(end.ImagesName ?? StudySlice.DataSetOf(end)) is { } classes
                && Guessing.Explains(end.TrainAccuracy, classes));

    /// <summary>
    /// Networks of one data set whose gaps are over different test images are kept apart: each is compared with its own alone.
    /// </summary>
    private static IReadOnlyList<StudyRow> ByTests(IReadOnlyList<StudyRow> rows)
    {
        HashSet<string> mixed = [.. rows.Select(row => (Data: StudySlice.DataOf(row), Tested(row))).Distinct()
            .CountBy(one => one.Data).Where(count => count.Value > 1).Select(count => count.Key)];
        return
        [
            .. rows.Select(row => !mixed.Contains(StudySlice.DataOf(row)) ? row : row with
            {
                Settings = new Dictionary<string, string>(row.Settings) { [StudySlice.TestedSetting] = Tested(row) },
            }),
        ];

        static string Tested(StudyRow row) =>
            row.TestImages is { } count ? $"{count} test samples"
            : StudySlice.SettingOf(row, StudySlice.TestImagesSetting) is { Length: > 0 } limit ? $"{limit} test samples"
            : "all test samples";
    }

    /// <summary>Two moments at one epoch of a run are one network: what was measured at one holds at the other.</summary>
    private static IReadOnlyList<StudyRow> OfOneNetwork(IReadOnlyList<StudyRow> rows)
    {
        ILookup<(int, int), StudyRow> networks = rows.ToLookup(row => (row.Run, row.Epoch));
        return
        [
            .. rows.Select(row => networks[(row.Run, row.Epoch)].Count() == 1 ? row : row with
            {
                Measures = networks[(row.Run, row.Epoch)].OrderByDescending(one => one == row).SelectMany(one => one.Measures)
                    .DistinctBy(measure => measure.Key).ToDictionary(measure => measure.Key, measure => measure.Value),
            }),
        ];
    }

    /// <summary>
    /// Of networks some of which are measured, those that are, with nearly all measures that most of these have: a study is
    /// reported on while it is measured, too.
    /// </summary>
    private static StudyRow[] Measured(StudyRow[] rows)
    {
        int[] counts = [.. rows.Select(row => row.Measures.Count).Where(count => count > 0).Order()];
        double least = counts.Length == 0 ? 0 : NearlyAll * counts[counts.Length / 2];
        return [.. rows.Where(row => row.Measures.Count >= least)];
    }

    /// <summary>How many measures nearly all of a slice's networks have.</summary>
    private static int Measures(StudySlice slice) => slice.Rows.SelectMany(row => row.Measures)
        .Where(measure => !double.IsNaN(measure.Value)).CountBy(measure => measure.Key)
        .Count(measure => measure.Value >= SliceFindings.Most * slice.Rows.Count);

    private static bool IsFinite(StudyRow row) => double.IsFinite(row.LossGap);

    private static bool IsMoment(StudySlice slice, string kind) => slice.Moment.StartsWith($"{kind}:", StringComparison.Ordinal);

    private static double Share(StudySlice slice) =>
        (double)(slice.Rows.Count + slice.Unmeasured) / (slice.Rows.Count + slice.Unmeasured + slice.Absent);

    private static int? Classes(string data) => data switch
    {
        "cifar-100" => 100,
        "cifar-100-coarse" => 20,
        "tiny-imagenet" => 200,
        "penguins" => null,
        _ => data.Contains(':', StringComparison.Ordinal) ? null : 10,
    };

    /// <summary>Epochs in order, then losses from the smallest up, then the end.</summary>
    private static (int Kind, double At) Order(string moment)
    {
        double at = moment.Split(':') is [_, var number]
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) ? parsed : 0;
        return (moment.StartsWith("epoch:", StringComparison.Ordinal) ? 0
            : moment.StartsWith("loss:", StringComparison.Ordinal) ? 1 : 2, at);
    }
}
