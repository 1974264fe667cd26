using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Shows a run as it goes, and in any case a line after each epoch.</summary>
/// <param name="terminal">Where to show it.</param>
/// <param name="name">What is being trained, in a word or two.</param>
internal sealed class TrainingReport(Terminal terminal, string name)
{
    /// <summary>A report of several runs at once, in which this one shows itself; without it, it has a bar of its own.</summary>
    public IProgress<string>? Among { get; init; }

    /// <summary>Runs a training under this report.</summary>
    /// <param name="epochs">How many epochs there will be.</param>
    /// <param name="run">The training; it reports to what it is given.</param>
    public void Show(int epochs, Action<IProgress<TrainingProgress>> run)
    {
        if (Among is { } all)
        {
            run(new Part(at => all.Report($"{name}: {Where(at)}")));
            return;
        }

        new ProgressReport<TrainingProgress>(terminal, name, at => ($"{name}: {Where(at)}", Done(at), epochs)).Show(progress =>
        {
            run(progress);
            return true;
        });
    }

    /// <summary>A line about an epoch that is done.</summary>
    public void Epoch(EpochResult result) => terminal.Line(result.ToString());

    /// <summary>A line that begins with the name.</summary>
    public void Line(string text) => terminal.Line($"{name}{text}");

    /// <summary>A time in two units, such as <c>3 min 05 s</c>.</summary>
    internal static string Left(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes:00} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds:00} s"
        : $"{Math.Ceiling(time.TotalSeconds):F0} s";

    /// <summary>The epochs that are done.</summary>
    internal static double Done(in TrainingProgress at) => at.Phase == TrainingPhase.Training
        ? at.Epoch - 1 + ((double)at.Batch / Math.Max(at.Batches, 1))
        : at.Epoch;

    /// <summary>What a run is at.</summary>
    internal static string Where(in TrainingProgress at)
    {
        string epoch = $"epoch {at.Epoch}/{at.Epochs}", left = $", {Left(at.Remaining)} left";
        return at.Phase switch
        {
            TrainingPhase.Training =>
                $"{epoch}, batch {at.Batch}/{at.Batches}, loss {at.Loss:F4}, {at.ImagesPerSecond:N0} samples/s{left}",
            _ => Prose.Line($"""
                {epoch}, {(at.Phase == TrainingPhase.Evaluating ? "evaluating" : "scoring")}{(at.Epoch < at.Epochs ? left : "")}
                """),
        };
    }

    private sealed class Part(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
