using System.Diagnostics;
using System.Globalization;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Shows a run as it goes: a bar on a terminal, and in any case a line after each epoch.</summary>
/// <param name="terminal">Where to show it.</param>
/// <param name="name">What is being trained, in a word or two.</param>
internal sealed class TrainingReport(Terminal terminal, string name)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs a training under this report.</summary>
    /// <param name="epochs">How many epochs there will be.</param>
    /// <param name="run">The training; it reports to what it is given.</param>
    public void Show(int epochs, Action<IProgress<TrainingProgress>> run)
    {
        if (!terminal.IsInteractive)
        {
            run(new PlainProgress(terminal, name));
            return;
        }

        terminal.Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(name), maxValue: epochs);
                run(new BarProgress(task, name));
            });
    }

    /// <summary>A line about an epoch that is done.</summary>
    public void Epoch(EpochResult result) => terminal.Line(result.ToString());

    private static string Where(in TrainingProgress at) => at.Phase switch
    {
        TrainingPhase.Training => string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {at.Epoch}/{at.Epochs}, batch {at.Batch}/{at.Batches}, loss {at.Loss:F4}, {at.ImagesPerSecond:N0} images/s, {Left(at.Remaining)} left"),
        _ => $"epoch {at.Epoch}/{at.Epochs}, {(at.Phase == TrainingPhase.Evaluating ? "evaluating" : "scoring")}{(at.Epoch < at.Epochs ? $", {Left(at.Remaining)} left" : "")}",
    };

    /// <summary>A time in two units, such as <c>3 min 05 s</c>.</summary>
    internal static string Left(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes:00} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds:00} s"
        : $"{Math.Ceiling(time.TotalSeconds):F0} s";

    private sealed class BarProgress(ProgressTask task, string name) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            task.Description = Markup.Escape($"{name}: {Where(value)}");
            task.Value = value.Phase == TrainingPhase.Training
                ? value.Epoch - 1 + ((double)value.Batch / Math.Max(value.Batches, 1))
                : value.Epoch;
        }
    }

    private sealed class PlainProgress(Terminal terminal, string name) : IProgress<TrainingProgress>
    {
        private long told = Stopwatch.GetTimestamp();

        public void Report(TrainingProgress value)
        {
            if (Stopwatch.GetElapsedTime(told) > PlainInterval)
            {
                told = Stopwatch.GetTimestamp();
                terminal.Line($"{name}: {Where(value)}");
            }
        }
    }
}
