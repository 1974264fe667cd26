using System.Diagnostics;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>Runs one after the other, with the time left for all of them.</summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="host">Notified of what is wrong; may stop.</param>
/// <param name="terminal">Where a person reads.</param>
internal sealed class RunSeries(RunsFolder folder, Host host, Terminal terminal)
{
    /// <summary>Whether an interruption within a run shall cost no more than some steps.</summary>
    public bool KeepCheckpoints { get; init; } = true;

    /// <summary>Whether each epoch gets a line, and not each run alone.</summary>
    public bool EachEpoch { get; init; } = true;

    /// <summary>What the images are called that are not trained on.</summary>
    public string TestedOn { get; init; } = "test";

    /// <summary>Does all runs in order. What is done already is read back.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="afterEach">Called with the records so far after each run that is complete.</param>
    /// <returns>The records of the complete runs, in order: fewer than runs where it was stopped.</returns>
    /// <exception cref="CheckpointException">A run that is there has other settings, or can't be used.</exception>
    public IReadOnlyList<RunRecord> Do(IReadOnlyList<PlannedRun> runs, Action<IReadOnlyList<RunRecord>> afterEach)
    {
        // All of them are looked at before hours are spent on the first.
        RunRecord?[] before = [.. runs.Select(folder.Find)];
        int there = runs.Where((run, i) => before[i] is { } record && RunsFolder.IsComplete(run, record)).Count();
        if (there > 0)
        {
            terminal.Line($"{there} of {runs.Count} runs are there");
        }

        int left = runs.Zip(before, (run, record) => record is { } some
            && RunsFolder.IsComplete(run, some) ? 0 : run.Options.Epochs - (record?.Epochs.Count ?? 0)).Sum();
        int trained = 0;
        Stopwatch clock = Stopwatch.StartNew();
        List<RunRecord> records = [];
        for (int i = 0; i < runs.Count && !host.Stop.Requested; i++)
        {
            PlannedRun run = runs[i];
            bool complete = before[i] is { } some && RunsFolder.IsComplete(run, some);
            RunRecord record = complete ? before[i]! : folder.Do(
                run,
                KeepCheckpoints,
                terminal,
                problem => host.Problem(problem),
                epoch =>
                {
                    left--;
                    trained++;
                    if (EachEpoch)
                    {
                        terminal.Line($"{run.Name}: epoch {epoch.Epoch}/{run.Options.Epochs}, {Numbers(epoch)}; {Left()}");
                    }
                },
                host.Stop.Token);
            if (!RunsFolder.IsComplete(run, record))
            {
                break;
            }

            records.Add(record);
            if (record.Failure is { } failure)
            {
                left -= run.Options.Epochs - record.Epochs.Count;
                terminal.Line($"{run.Name}: failed: {failure}");
            }
            else if (!complete && !EachEpoch)
            {
                terminal.Line($"{records.Count,3} of {runs.Count}: {run.Name}: {Numbers(record.Epochs[^1])}; {Left()}");
            }

            afterEach(records);
        }

        return records;

        string Left()
        {
            TimeSpan time = clock.Elapsed * ((double)left / Math.Max(trained, 1));
            string epochs = left == 1 ? "epoch" : "epochs";
            return left <= 0 ? "all done" : $"{left} {epochs} of all runs left, {TrainingReport.Left(time)}";
        }
    }

    private string Numbers(RunEpoch epoch) =>
        $"accuracy {epoch.TrainAccuracy:P2} training, {epoch.TestAccuracy:P2} {TestedOn}, {epoch.Seconds:F1} s";
}
