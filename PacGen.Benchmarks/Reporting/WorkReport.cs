using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Shows work of a known number of equal parts as it goes: a bar on a terminal, elsewhere a line now and then.</summary>
/// <param name="terminal">Where to show it.</param>
internal sealed class WorkReport(Terminal terminal)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Does the work.</summary>
    /// <param name="name">What is done, in a word or two.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <param name="work">Does all parts and calls what it is given after each, from any thread.</param>
    public T Show<T>(string name, int parts, Func<Action, T> work)
    {
        if (terminal.IsInteractive)
        {
            return terminal.Console.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    ProgressTask task = context.AddTask(Markup.Escape(name), maxValue: parts);
                    return work(() => task.Increment(1));
                });
        }

        Lock one = new();
        int done = 0;
        long told = Stopwatch.GetTimestamp();
        return work(() =>
        {
            lock (one)
            {
                done++;
                if (Stopwatch.GetElapsedTime(told) > PlainInterval)
                {
                    told = Stopwatch.GetTimestamp();
                    terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{name}: {done} of {parts}"));
                }
            }
        });
    }
}
