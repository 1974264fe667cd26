using System.Globalization;
using System.Text.Json;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>A number of an <see cref="EpochResult"/>: what it is called, and how it is written.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Key">Its name in JSON.</param>
/// <param name="Of">The number; NaN where an epoch has none.</param>
/// <param name="Text">How people read it.</param>
internal sealed record EpochColumn(string Name, string Key, Func<EpochResult, double> Of, Func<double, string> Text)
{
    /// <summary>The least and the largest value that it can have.</summary>
    public (double Least, double Largest) Range { get; init; } = (double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>What a run has of it: that of its last epoch, or the mean of all.</summary>
    public Func<IReadOnlyList<EpochResult>, double> OfRun { get; init; } = run => Of(run[^1]);

    /// <summary>Its name in a file of comma-separated values.</summary>
    public string Heading => JsonNamingPolicy.SnakeCaseLower.ConvertName(Key);

    /// <summary>The numbers that some of the epochs have.</summary>
    public static IReadOnlyList<EpochColumn> In(IReadOnlyCollection<EpochResult> epochs)
    {
        string[] metrics = [.. epochs.SelectMany(epoch => epoch.Metrics ?? []).Select(metric => metric.Name).Distinct()];
        EpochColumn[] all =
        [
            Number("train loss", "trainLoss", epoch => epoch.TrainLoss),
            Number("test loss", "testLoss", epoch => epoch.TestLoss),
            Number("gap (test − train loss)", "gap", epoch => epoch.Gap),
            Share("train accuracy", "trainAccuracy", epoch => epoch.TrainAccuracy),
            Share("test accuracy", "testAccuracy", epoch => epoch.TestAccuracy),
            .. metrics.SelectMany(metric => (EpochColumn[])
            [
                Number($"train {metric}", $"train_{metric}", epoch => Metric(epoch, metric)?.Train ?? double.NaN),
                Number($"test {metric}", $"test_{metric}", epoch => Metric(epoch, metric)?.Test ?? double.NaN),
            ]),
            new("Ψ", "psi", epoch => epoch.Score?.Psi ?? double.NaN, value => Invariant($"{value:N0}")),
            Share("weights in Ψ's 1/κ branch", "psiKappaShare", epoch => epoch.Score?.KappaShare ?? double.NaN),
            new("seconds an epoch", "seconds", epoch => epoch.Seconds, Time)
            {
                Range = (0, double.PositiveInfinity),
                OfRun = run => run.Average(epoch => epoch.Seconds),
            },
        ];
        return [.. all.Where(column => epochs.Any(epoch => !double.IsNaN(column.Of(epoch))))];
    }

    /// <summary>A number as far as it can be one of these.</summary>
    public double Possible(double value) => Math.Clamp(value, Range.Least, Range.Largest);

    private static EpochColumn Number(string name, string key, Func<EpochResult, double> of) =>
        new(name, key, of, value => Invariant($"{Math.Round(value, 4) + 0.0:F4}"));

    private static EpochColumn Share(string name, string key, Func<EpochResult, double> of) =>
        new(name, key, of, value => Invariant($"{100 * value:F2} %")) { Range = (0, 1) };

    // Three digits: an epoch may take milliseconds or hours.
    private static string Time(double seconds) =>
        seconds >= 100 ? Invariant($"{seconds:F0}") : Invariant($"{seconds:G3}");

    private static MetricValue? Metric(EpochResult epoch, string name) =>
        epoch.Metrics?.FirstOrDefault(metric => metric.Name == name);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture).Replace('-', '−');
}
