namespace PacGen.Benchmarks.Reporting;

/// <summary>Shows work of a known number of equal parts as it goes.</summary>
/// <param name="terminal">Where to show it.</param>
internal sealed class WorkReport(Terminal terminal)
{
    /// <summary>Does the work.</summary>
    /// <param name="name">What is done, in a word or two.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <param name="work">Does all parts and calls what it is given after each, from any thread.</param>
    public T Show<T>(string name, int parts, Func<Action, T> work)
    {
        int done = 0;
        ProgressReport<int> report =
            new(terminal, name, count => ($"{name}: {count} of {parts}", count, parts)) { EstimatesTime = true };
        return report.Show(progress => work(() => progress.Report(Interlocked.Increment(ref done))));
    }
}
