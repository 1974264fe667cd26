using System.Diagnostics;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>Runs one after the other, or some at once, with the time left for all of them.</summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="jobs">How many are trained at once, and where.</param>
/// <param name="host">Notified of what is wrong; may stop.</param>
/// <param name="terminal">Where a person reads.</param>
internal sealed class RunSeries(RunsFolder folder, Jobs jobs, Host host, Terminal terminal)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(0.5);

    /// <summary>Whether an interruption within a run shall cost no more than some steps.</summary>
    public bool KeepCheckpoints { get; init; } = true;

    /// <summary>Whether each epoch gets a line, and not each run alone.</summary>
    public bool EachEpoch { get; init; } = true;

    /// <summary>What the images are called that are not trained on.</summary>
    public string TestedOn { get; init; } = "test";

    /// <summary>
    /// Does all runs, as many at once as there are jobs. What is done already is read back, and what another process is at is
    /// waited for at the end.
    /// </summary>
    /// <param name="runs">The runs.</param>
    /// <param name="afterEach">
    /// Called, by one thread at a time, with the records so far whenever there are more of them in order.
    /// </param>
    /// <returns>The records of the complete runs, up to the first that is not: fewer than runs where it was stopped.</returns>
    /// <exception cref="CheckpointException">A run that is there has other settings, or can't be used.</exception>
    public IReadOnlyList<RunRecord> Do(IReadOnlyList<PlannedRun> runs, Action<IReadOnlyList<RunRecord>> afterEach)
    {
        // All of them are looked at before hours are spent on the first.
        RunRecord?[] found = [.. runs.Select(folder.Find)];
        RunRecord?[] done = [.. runs.Zip(found, (run, record) => record is { } some
            && RunsFolder.IsComplete(run, some) ? some : null)];
        int[] left = [.. runs.Select((run, i) => done[i] is null ? run.Options.Epochs - (found[i]?.Epochs.Count ?? 0) : 0)];
        int open = done.Count(record => record is null);
        if (open < runs.Count)
        {
            terminal.Line($"{runs.Count - open} of {runs.Count} runs are there");
        }

        bool[] own = [.. runs.Select((_, i) => jobs.Shard?.Has(i) ?? true)];
        if (jobs.Shard is { } shard)
        {
            terminal.Line($"Shard {shard} has {own.Count(mine => mine)} of them");
            left = [.. left.Select((epochs, i) => own[i] ? epochs : 0)];
            open = done.Where((record, i) => own[i] && record is null).Count();
        }

        int whole = left.Sum();

        int trained = 0, inOrder = 0, busy = 0;
        Lock gate = new();
        Stopwatch clock = Stopwatch.StartNew();
        bool waits = false;
        Tell();
        if (open == 0)
        {
            return Complete();
        }

        int at = Math.Min(jobs.Count, open);
        if (at == 1)
        {
            jobs.Run(1, (device, stop) => Job(device, null, stop), host.Stop.Token);
        }
        else
        {
            new ProgressReport<string>(terminal, "training", text => ($"{text}; {Left()}", whole - left.Sum(), whole)).Show(all =>
            {
                jobs.Run(at, (device, stop) => Job(device, all, stop), host.Stop.Token);
                return true;
            });
        }

        return Complete();

        IReadOnlyList<RunRecord> Complete()
        {
            folder.Tidy(runs.Where((_, i) => done[i] is not null));
            return [.. done.TakeWhile(record => record is not null).Select(record => record!)];
        }

        void Job(Device device, IProgress<string>? among, CancellationToken stop)
        {
            while (!stop.IsCancellationRequested && done.Where((record, i) => own[i] && record is null).Any())
            {
                bool some = false;
                for (int i = 0; i < runs.Count && !stop.IsCancellationRequested; i++)
                {
                    if (own[i] && done[i] is null && One(i, device, among, stop))
                    {
                        some = true;
                    }
                }

                if (!some && !stop.IsCancellationRequested)
                {
                    lock (gate)
                    {
                        if (busy > 0)
                        {
                            // The jobs that are at the last runs also wait for what other processes are at.
                            return;
                        }

                        if (!waits)
                        {
                            terminal.Line($"Waits for what another process is at, {left.Sum()} epochs");
                            waits = true;
                        }
                    }

                    stop.WaitHandle.WaitOne(Poll);
                }
            }
        }

        bool One(int i, Device device, IProgress<string>? among, CancellationToken stop)
        {
            PlannedRun run = runs[i] with { Options = runs[i].Options with { Device = device } };
            bool isHere = false;
            Interlocked.Increment(ref busy);
            RunRecord? record;
            try
            {
                record = folder.Do(
                    run,
                    KeepCheckpoints,
                    new TrainingReport(terminal, run.Name) { Among = among },
                    problem => host.Problem(problem),
                    epoch =>
                    {
                        lock (gate)
                        {
                            left[i] = run.Options.Epochs - epoch.Epoch;
                            trained++;
                            isHere = true;
                            if (EachEpoch)
                            {
                                terminal.Line(
                                    $"{run.Name}: epoch {epoch.Epoch}/{run.Options.Epochs}, {Numbers(epoch)}; {Left()}");
                            }
                        }
                    },
                    stop);
            }
            finally
            {
                Interlocked.Decrement(ref busy);
            }

            if (record is null || !RunsFolder.IsComplete(run, record))
            {
                return false;
            }

            lock (gate)
            {
                (done[i], left[i]) = (record, 0);
                if (record.Failure is { } failure)
                {
                    terminal.Line($"{run.Name}: failed: {failure}");
                }
                else if (!EachEpoch && isHere)
                {
                    int count = done.Count(one => one is not null);
                    terminal.Line($"{count,3} of {runs.Count}: {run.Name}: {Numbers(record.Epochs[^1])}; {Left()}");
                }

                Tell();
            }

            return true;
        }

        void Tell()
        {
            for (; inOrder < done.Length && done[inOrder] is not null; inOrder++)
            {
                afterEach([.. done.Take(inOrder + 1).Select(record => record!)]);
            }
        }

        string Left()
        {
            int rest = left.Sum();
            TimeSpan time = clock.Elapsed * ((double)rest / Math.Max(trained, 1));
            string epochs = rest == 1 ? "epoch" : "epochs";
            return rest <= 0 ? "all done" : $"{rest} {epochs} of all runs left, {TrainingReport.Left(time)}";
        }
    }

    /// <summary>Looks at how the weights of runs that are complete do on other images.</summary>
    /// <returns>The records with that; null where it was stopped.</returns>
    /// <exception cref="CheckpointException">A run's weights can't be used.</exception>
    public IReadOnlyList<RunRecord>? Test(IReadOnlyList<PlannedRun> runs, SampleSet set)
    {
        List<RunRecord> records = [];
        foreach (PlannedRun run in runs)
        {
            RunRecord? record = null;
            while (record is null)
            {
                if (host.Stop.Requested)
                {
                    return null;
                }

                record = folder.Test(run, set, host.Stop.Token);
                if (record is null)
                {
                    host.Stop.Token.WaitHandle.WaitOne(Poll);
                }
            }

            records.Add(record);
        }

        return records;
    }

    private string Numbers(RunEpoch epoch) =>
        $"accuracy {epoch.TrainAccuracy:P2} training, {epoch.TestAccuracy:P2} {TestedOn}, {epoch.Seconds:F1} s";
}
