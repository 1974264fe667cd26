using System.Globalization;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The networks of a study on one data set at one moment of their training, without those that collapsed.</summary>
internal sealed class StudySlice
{
    /// <summary>The setting under which a network's study stands where a report has several.</summary>
    public const string StudySetting = "study";

    /// <summary>The setting that tells data sets apart: measures of different data are never compared.</summary>
    private const string DataSetting = "dataset";

    /// <summary>The setting of how many test images there are.</summary>
    public const string TestImagesSetting = "test-limit";

    /// <summary>The test images of a network, where networks of one data set are tested on different ones.</summary>
    public const string TestedSetting = "tested on";

    private const string Joined = ", ";

    /// <summary>What is no hyper-parameter of a network: networks that differ in it are never compared.</summary>
    private static readonly string[] NoFactors = [StudySetting, DataSetting, TestImagesSetting, TestedSetting];

    /// <param name="data">The data set, and the study where there are several.</param>
    /// <param name="moment">The moment, as <see cref="StudyRow"/> has it.</param>
    /// <param name="rows">Its networks.</param>
    /// <param name="absent">How many runs on this data set never came to the moment.</param>
    public StudySlice(string data, string moment, IReadOnlyList<StudyRow> rows, int absent)
    {
        (Data, Moment, Rows, Absent) = (data, moment, rows, absent);
        string[] varied = [.. rows.SelectMany(row => row.Settings.Keys).Distinct()
            .Where(name => !NoFactors.Contains(name) && rows.Select(row => SettingOf(row, name)).Distinct().Count() > 1)];

        // What only the same runs have is one hyper-parameter: without perturbation there is no γ of it.
        Factors = [.. varied.GroupBy(name => rows.All(row => row.Settings.ContainsKey(name)) ? name
                : string.Concat(rows.Select(row => row.Settings.ContainsKey(name) ? '1' : '0')))
            .Select(together => string.Join(Joined, together))];
        Design = DesignOf(rows);
    }

    /// <summary>The data set.</summary>
    public string Data { get; }

    /// <summary>The moment: <c>end</c>, <c>epoch:20</c>, <c>loss:0.01</c>.</summary>
    public string Moment { get; }

    /// <summary>The networks.</summary>
    public IReadOnlyList<StudyRow> Rows { get; }

    /// <summary>How many runs never came to the moment.</summary>
    public int Absent { get; }

    /// <summary>How many of its networks are left out because they are not measured yet.</summary>
    public int Unmeasured { get; init; }

    /// <summary>The hyper-parameters that vary, seeds apart.</summary>
    public IReadOnlyList<string> Factors { get; }

    /// <summary>The settings.</summary>
    public ExperimentDesign Design { get; }

    /// <summary>The moment in words.</summary>
    public string When => WhenIs(Moment);

    /// <summary>Data set and moment in words.</summary>
    public string Title => $"{Data}, {When}";

    /// <summary>What a moment is in words.</summary>
    public static string WhenIs(string moment) => moment.Split(':') switch
    {
        ["epoch", var epoch] => $"epoch {epoch}",
        ["loss", var loss] => $"training loss {loss}",
        ["end"] => "end of training",
        _ => moment,
    };

    /// <summary>A network's data set, and the study that it is of where that is called otherwise.</summary>
    public static string DataOf(StudyRow row)
    {
        string data = DataSetOf(row), study = SettingOf(row, StudySetting), tested = SettingOf(row, TestedSetting);
        data = study.Length == 0 || study == data ? data : $"{study} ({data})";
        return tested.Length == 0 ? data : $"{data}, {tested}";
    }

    /// <summary>A network's data set.</summary>
    public static string DataSetOf(StudyRow row) =>
        SettingOf(row, DataSetting) is { Length: > 0 } name ? name : row.ImagesName ?? "the data";

    /// <summary>The gaps that its networks have: targets that are numbers have no accuracy.</summary>
    public IEnumerable<GapKind> Kinds => Rows.All(row => double.IsFinite(row.AccuracyGap))
        ? [GapKind.Loss, GapKind.Accuracy] : [GapKind.Loss];

    /// <summary>How many test images the gaps are over.</summary>
    /// <param name="all">How many there are where nobody knows.</param>
    public int TestImages(int all) => Rows.Min(row => row.TestImages ?? (
        int.TryParse(SettingOf(row, TestImagesSetting), NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
            ? Math.Min(limit, all) : all));

    /// <summary>The value of a hyper-parameter; empty where a run has none.</summary>
    public static string SettingOf(StudyRow row, string name) => string.Join(
        Joined, name.Split(Joined).Select(part => row.Settings.GetValueOrDefault(part, "")).Where(value => value.Length > 0));

    /// <summary>The design of some of the networks.</summary>
    public ExperimentDesign DesignOf(IEnumerable<StudyRow> rows) =>
        new(Factors, [.. rows.Select(row => (IReadOnlyList<string>)[.. Factors.Select(name => SettingOf(row, name))])]);

    /// <summary>The networks' gaps.</summary>
    public double[] Gaps(GapKind kind) => [.. Rows.Select(row => GapOf(row, kind))];

    /// <summary>A network's gap.</summary>
    public static double GapOf(StudyRow row, GapKind kind) => kind == GapKind.Loss ? row.LossGap : row.AccuracyGap;

    /// <summary>A hyper-parameter's values as numbers; null where one is none.</summary>
    public double[]? Numbers(string factor)
    {
        double[] numbers = [.. Rows.Select(row => double.TryParse(
            SettingOf(row, factor), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN)];
        return numbers.Any(double.IsNaN) ? null : numbers;
    }
}
