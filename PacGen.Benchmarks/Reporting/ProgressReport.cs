using System.Diagnostics;
using Spectre.Console;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Shows work as it goes: a bar on a terminal, elsewhere a line now and then.</summary>
/// <typeparam name="T">What the work reports, from any thread.</typeparam>
/// <param name="terminal">Where to show it.</param>
/// <param name="name">What is done, in a word or two.</param>
/// <param name="read">What a report says, and how much of how much is done.</param>
internal sealed class ProgressReport<T>(Terminal terminal, string name, Func<T, (string Text, double Done, double Total)> read)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Whether the bar estimates the time that is left.</summary>
    public bool EstimatesTime { get; init; }

    /// <summary>Does the work, which reports to what it is given.</summary>
    public TResult Show<TResult>(Func<IProgress<T>, TResult> work)
    {
        if (!terminal.IsInteractive)
        {
            return work(new Plain(terminal, read));
        }

        TaskDescriptionColumn description = new() { Alignment = Justify.Left };
        ProgressColumn[] time = EstimatesTime ? [new RemainingTimeColumn()] : [];
        return terminal.Console.Progress()
            .AutoClear(true)
            .Columns([description, new ProgressBarColumn { Width = 24 }, new PercentageColumn(), .. time])
            .Start(context => work(new Bar(context.AddTask(Markup.Escape(name)), read)));
    }

    private sealed class Bar(ProgressTask task, Func<T, (string Text, double Done, double Total)> read) : IProgress<T>
    {
        public void Report(T value)
        {
            (string text, double done, double total) = read(value);
            task.Description = Markup.Escape(text);
            task.MaxValue = total;
            task.Value = done;
        }
    }

    private sealed class Plain(Terminal terminal, Func<T, (string Text, double Done, double Total)> read) : IProgress<T>
    {
        private readonly Lock one = new();
        private long reported = Stopwatch.GetTimestamp();

        public void Report(T value)
        {
            lock (one)
            {
                if (Stopwatch.GetElapsedTime(reported) > PlainInterval)
                {
                    reported = Stopwatch.GetTimestamp();
                    terminal.Line(read(value).Text);
                }
            }
        }
    }
}
