using System.Diagnostics;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// Does a study: trains the runs that aren't done, then takes the measures that are missing, some at a time. What comes of it
/// depends on neither their number nor their order, nor on what was interrupted.
/// </summary>
/// <param name="store">Where all of it is kept.</param>
/// <param name="description">What is kept and measured.</param>
/// <param name="jobs">How many runs, or moments, are worked on at once, and where.</param>
/// <param name="interval">The least time between two checkpoints of a training.</param>
/// <param name="host">May stop it.</param>
/// <param name="terminal">Where a person reads.</param>
internal sealed class StudySweep(
    StudyStore store, StudyDescription description, Jobs jobs, TimeSpan interval, Host host, Terminal terminal)
{
    private readonly StudyWork work = new(store, description, interval);

    /// <summary>Trains and measures.</summary>
    /// <param name="runs">The runs, with their numbers and images.</param>
    /// <returns>Whether all is done; otherwise it was stopped.</returns>
    /// <exception cref="CheckpointException">What is there is of other images, or damaged.</exception>
    public bool Do(IReadOnlyList<StudyRun> runs)
    {
        Dictionary<int, StoredRun> there = store.Runs().ToDictionary(run => run.Run);
        Dictionary<Dataset, string> images = new(ReferenceEqualityComparer.Instance);
        foreach (StudyRun run in runs)
        {
            if (!images.TryGetValue(run.Images!, out string? name))
            {
                images[run.Images!] = name = StudyWork.ImagesOf(run.Images!);
            }

            if (there[run.Number].Images is { } before && before != name)
            {
                throw new CheckpointException(Prose.Line($"""
                    Run {run.Number} of the study in {store.Folder} was trained on other images ({before}, now {name}): find those
                    again, or use another folder.
                    """));
            }
        }

        StudyRun[] left = [.. runs.Where(
            run => there[run.Number].State is not (StudyRunState.Done or StudyRunState.Failed))];
        terminal.Line(Prose.Line($"""
            {Prose.Count(runs.Count, "run")}{Ended(StudyRunState.Done)}{Ended(StudyRunState.Failed)}, {jobs.Count} at a time;
            kept in {store.Folder}
            """));
        foreach (string warning in Warnings(runs, there))
        {
            terminal.Line($"Warning: {warning}");
        }

        Train(left, run => images[run.Images!]);
        return !host.Stop.Requested && Measure(runs) && !host.Stop.Requested;

        string Ended(StudyRunState state) => runs.Count(run => there[run.Number].State == state) is > 0 and var count
            ? $", {count} of them {state.ToString().ToLowerInvariant()}" : "";
    }

    /// <summary>
    /// What is asked for and never comes: moments that runs which are done have no weights of, or that none reaches.
    /// </summary>
    private IEnumerable<string> Warnings(IReadOnlyList<StudyRun> runs, Dictionary<int, StoredRun> there)
    {
        string[] beyond = [.. description.Moments.Beyond(runs.Max(run => run.Training.Options.Epochs))];
        if (beyond.Length > 0)
        {
            yield return $"no run has so many epochs as {string.Join(", ", beyond)}: nothing will be measured there.";
        }

        if (runs.FirstOrDefault(run => run.Training.LeastEpochs > run.Training.Options.Epochs) is { Training: var training })
        {
            yield return Prose.Line($"""
                least-epochs is {training.LeastEpochs}, but runs have {training.Options.Epochs} epochs: stop-loss ends none of
                them.
                """);
        }

        ILookup<int, StoredEpoch> epochs = store.Epochs().ToLookup(epoch => epoch.Run);
        ILookup<int, string> kept = store.Moments().ToLookup(moment => moment.Run, moment => moment.Moment);
        string[][] lacking =
        [
            .. runs.Where(run => there[run.Number].State == StudyRunState.Done).Select(run => Moments([.. epochs[run.Number]])
                .Except(kept[run.Number]).ToArray()).Where(moments => moments.Length > 0),
        ];
        if (lacking.Length > 0)
        {
            yield return Prose.Line($"""
                {Prose.Count(lacking.Length, "run")} of those that are done {(lacking.Length == 1 ? "has" : "have")} no weights of
                {string.Join(", ", lacking.SelectMany(moments => moments).Distinct())}, which was not asked for when they were
                trained: these moments are not measured there. Another folder has all of them.
                """);
        }

        IEnumerable<string> Moments(StoredEpoch[] all)
        {
            double[] losses = [.. all.Select(epoch => epoch.TrainLoss)];
            return all.SelectMany((epoch, i) => description.Moments.Of(epoch.Epoch, losses[..(i + 1)], i == all.Length - 1));
        }
    }

    private void Train(StudyRun[] left, Func<StudyRun, string> images)
    {
        Progress progress = new("training", left.Sum(run => run.Work));
        int done = 0;
        Share(left, progress, (run, job) =>
        {
            double counted = 0;
            StoredEpoch? last = null;
            bool ended = work.Train(
                run,
                images(run),
                job.Device,
                epoch =>
                {
                    last = epoch;
                    counted += run.Images!.Train.Count;
                    job.Report(run.Images!.Train.Count, Prose.Line($"""
                        run {run.Number}, {run.Name}: epoch {epoch.Epoch}/{run.Training.Options.Epochs}, training loss
                        {epoch.TrainLoss:G3}
                        """));
                },
                out string? failure,
                job.Stop);
            if (ended)
            {
                // What it stopped short of is no longer left.
                job.Report(run.Work - counted, run.Name);
                int now = Interlocked.Increment(ref done);
                string accuracy = last is null || double.IsNaN(last.TestAccuracy) ? ""
                    : Prose.Line($", accuracy {last.TrainAccuracy:P2}, {last.TestAccuracy:P2}");
                string outcome = failure is not null ? $"failed: {failure.TrimEnd('.')}" : Prose.Line($"""
                    epoch {last!.Epoch}, loss {last.TrainLoss:G4} training, {last.TestLoss:G4} test{accuracy}
                    """);
                terminal.Line($"{now,4} of {left.Length}: run {run.Number}, {run.Name}: {outcome}; {progress.Left}");
            }
        });
    }

    /// <summary>Takes what is missing; false where it was stopped.</summary>
    private bool Measure(IReadOnlyList<StudyRun> runs)
    {
        Dictionary<int, StudyRun> known = runs.ToDictionary(run => run.Number);
        ILookup<(int, string), string> taken = store.Measures(layers: false).ToLookup(
            one => (one.Run, one.Moment), one => one.Name);
        ILookup<int, StoredEpoch> epochs = store.Epochs().ToLookup(epoch => epoch.Run);
        HashSet<int> ended = [.. store.Runs().Where(run => run.State != StudyRunState.Training).Select(run => run.Run)];
        var missing = store.Moments().Where(moment => known.ContainsKey(moment.Run) && ended.Contains(moment.Run))
            .Select(moment => (Moment: moment, Names: work.Missing(moment, taken[(moment.Run, moment.Moment)])))
            .Where(one => one.Names.Count > 0)

            // An epoch may be several moments: its weights are measured once.
            .GroupBy(one => (one.Moment.Run, one.Moment.Epoch)).Select(one => one.ToArray()).ToArray();
        Progress progress = new(
            "measuring", missing.Sum(one => one.SelectMany(moment => moment.Names).Distinct().Count()));
        try
        {
            Share(missing, progress, (one, job) => work.Take(
                known[one[0].Moment.Run], one, [.. epochs[one[0].Moment.Run]], job.Device,
                name => job.Report(1, $"run {one[0].Moment.Run}, epoch {one[0].Moment.Epoch}: {name}"), job.Stop));
        }
        catch (OperationCanceledException) when (host.Stop.Requested)
        {
            return false;
        }

        return true;
    }

    /// <summary>Shares items among the jobs; the first error ends all.</summary>
    private void Share<T>(IReadOnlyList<T> items, Progress progress, Action<T, Job> each)
    {
        if (items.Count == 0)
        {
            return;
        }

        int next = -1;
        new ProgressReport<(string Text, double Done)>(
            terminal, progress.Name, at => (at.Text, at.Done, progress.Total)).Show(shown =>
        {
            jobs.Run(items.Count, (device, stop) =>
            {
                while (!stop.IsCancellationRequested && Interlocked.Increment(ref next) is var index && index < items.Count)
                {
                    each(items[index], new Job(device, (amount, what) =>
                        shown.Report(($"{progress.Name}: {what}; {progress.Add(amount)}", progress.Done)), stop));
                }
            }, host.Stop.Token);
            return true;
        });
    }

    /// <summary>What an item is worked on with.</summary>
    private sealed record Job(Device Device, Action<double, string> Report, CancellationToken Stop);

    /// <summary>How much of an amount of work is done, and the time that the rest will take.</summary>
    private sealed class Progress(string name, double total)
    {
        private readonly Lock gate = new();
        private readonly Stopwatch clock = Stopwatch.StartNew();

        public string Name => name;

        public double Total => total;

        public double Done { get; private set; }

        public string Left
        {
            get
            {
                lock (gate)
                {
                    return Done <= 0 ? "" : Done >= total ? "all done" : Prose.Line($"""
                        {100 * Done / total:F0} % of all, {TrainingReport.Left(clock.Elapsed * ((total - Done) / Done))} left
                        """);
                }
            }
        }

        public string Add(double amount)
        {
            lock (gate)
            {
                Done += amount;
            }

            return Left;
        }
    }
}
