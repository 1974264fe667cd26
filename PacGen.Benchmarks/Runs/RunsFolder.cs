using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>
/// Training runs on disk, a folder a run: <c>run.json</c> with its settings and epochs, and its checkpoints. What is done is read
/// back and not done again, what was interrupted goes on; a run with other settings is refused. Several processes, on several
/// machines too, may share the folder: each run is claimed by the one that does it (<see cref="RunClaim"/>).
/// </summary>
internal sealed class RunsFolder
{
    /// <summary>The steps between two checkpoints, besides one after each epoch: minutes of a network that takes hours.</summary>
    private const long EverySteps = 100;

    private readonly HashSet<MemoryEstimate> reported = [];

    /// <param name="path">The folder; made where it isn't there.</param>
    /// <exception cref="IOException">It can't be made or written.</exception>
    public RunsFolder(string path)
    {
        Path = path;
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--runs {path} can't be made: {error.Message.TrimEnd('.')}. Choose another folder.", error);
        }
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The option that names a verb's folder of runs.</summary>
    /// <param name="name">Its name without the option.</param>
    public static Option<string?> Option(string name) => CommandLine.Options.Path(
        "--runs",
        Prose.Line($"""
            The folder in which the runs are kept, from which the same command goes on, and which several processes may share;
            without it {name} in the folder of the results
            """),
        "folder");

    /// <summary>A run's record, with no more epochs than are planned.</summary>
    /// <returns>Null where the run was never begun.</returns>
    /// <exception cref="CheckpointException">
    /// The record is damaged or of a run with other settings; the message names them.
    /// </exception>
    public RunRecord? Find(PlannedRun run)
    {
        string folder = FolderOf(run);
        if (RunRecord.Read(folder) is not { } record)
        {
            return null;
        }

        SortedDictionary<string, string> here = run.Settings;
        string[] differing =
        [
            .. here.Keys.Union(record.Settings.Keys)
                .Select(name => (
                    Name: name,
                    There: record.Settings.GetValueOrDefault(name, "none"),
                    Here: here.GetValueOrDefault(name, "none")))
                .Where(setting => setting.There != setting.Here
                    && (setting.Name != PlannedRun.Normalization || record.Settings.ContainsKey(setting.Name)))
                .Select(setting => $"{setting.Name} ({setting.There} there, {setting.Here} now)"),
        ];
        return differing.Length == 0
            ? record with { Epochs = [.. record.Epochs.Take(run.Options.Epochs)] }
            : throw new CheckpointException(
                Prose.Line($"""
                    {folder} holds a run with other settings: {string.Join(", ", differing)}. Use those again, or another --runs
                    folder.
                    """));
    }

    /// <summary>Does a run, or the rest of it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="keepCheckpoints">Whether an interruption within the run shall cost no more than some steps.</param>
    /// <param name="report">Shows it as it goes.</param>
    /// <param name="warn">Notified of checkpoints that could not be used.</param>
    /// <param name="onEpoch">Called after each epoch that is trained here.</param>
    /// <param name="stop">Stops after the present step.</param>
    /// <returns>What is done of it, fewer epochs than planned where it was stopped; null where another is at it.</returns>
    /// <exception cref="CheckpointException">The run that is there has other settings, or can't be used.</exception>
    public RunRecord? Do(
        PlannedRun run, bool keepCheckpoints, TrainingReport report, Action<string> warn, Action<RunEpoch> onEpoch,
        CancellationToken stop) => Claimed(run, claim => Find(run) is { } done && IsComplete(run, done)
                ? done : Train(run, claim, keepCheckpoints, report, warn, onEpoch, stop));

    /// <summary>Looks at how the weights of a run that is complete do on other images, where that isn't known yet.</summary>
    /// <param name="run">The run, whose checkpoints were kept.</param>
    /// <param name="set">The images.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>Its record with that; null where another process is at it.</returns>
    /// <exception cref="CheckpointException">Its last checkpoint can't be used.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public RunRecord? Test(PlannedRun run, SampleSet set, CancellationToken stop) => Claimed(run, _ =>
    {
        RunRecord record = Find(run)!;
        if (record.Tested?.Epochs == run.Options.Epochs || record.Failure is not null)
        {
            return record;
        }

        string folder = FolderOf(run);
        using Trainer trainer = new(
            run.Model.Create(run.Data, run.Options.Device ?? Device.Best(), 2), run.Data, run.Optimizer,
            run.Options with { Checkpoints = new CheckpointOptions(folder) { EverySteps = EverySteps, Keep = 2 } });
        trainer.Resume(folder);
        if (trainer.Results.Count != run.Options.Epochs)
        {
            throw new CheckpointException(Prose.Line($"""
                {folder} has the weights of epoch {trainer.Results.Count}, not of {run.Options.Epochs}: delete the folder, and the
                run is done again.
                """));
        }

        (double loss, double accuracy) = trainer.Evaluate(set, stop);
        record = record with { Tested = new RunTest(run.Options.Epochs, loss, accuracy) };
        record.Write(folder);
        return record;
    });

    /// <summary>Removes the claims that processes left which were killed between a run's end and its claim's.</summary>
    /// <param name="runs">Runs that are complete.</param>
    public void Tidy(IEnumerable<PlannedRun> runs)
    {
        foreach (PlannedRun run in runs.Where(run => File.Exists(System.IO.Path.Combine(Path, $"{run.Folder}.lock"))))
        {
            try
            {
                _ = Claimed(run, _ => Find(run)!);
            }
            catch (IOException)
            {
                // A folder that is only read.
            }
        }
    }

    private RunRecord? Claimed(PlannedRun run, Func<RunClaim, RunRecord> work)
    {
        RunClaim? claim = null;
        try
        {
            claim = RunClaim.TryTake(Path, run.Folder);
            if (claim is not null)
            {
                SharedFile.Refresh(FolderOf(run));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            claim?.Dispose();
            throw new IOException($"--runs {Path} can't be written: {error.Message.TrimEnd('.')}. Choose another folder.", error);
        }

        using (claim)
        {
            if (claim is null)
            {
                return null;
            }

            RunRecord record = work(claim);
            if (IsComplete(run, record))
            {
                claim.Delete();
            }

            return record;
        }
    }

    private RunRecord Train(
        PlannedRun run, RunClaim claim, bool keepCheckpoints, TrainingReport report, Action<string> warn,
        Action<RunEpoch> onEpoch, CancellationToken stop)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop, claim.Lost);
        string folder = FolderOf(run);
        Directory.CreateDirectory(folder);
        CheckpointOptions? checkpoints = !keepCheckpoints ? null
            : new CheckpointOptions(folder) { EverySteps = EverySteps, Keep = 2 };
        TrainingOptions options = run.Options with
        {
            Checkpoints = checkpoints,

            // A run that would begin anew has no place in the events of the one before.
            TensorBoardFolder = keepCheckpoints ? System.IO.Path.Combine(folder, "events") : null,
        };
        using Trainer trainer = new(
            run.Model.Create(run.Data, options.Device ?? Device.Best(), 2), run.Data, run.Optimizer, options);
        bool isNews;
        lock (reported)
        {
            isNews = reported.Add(trainer.Memory with { Free = null });
        }

        if (isNews)
        {
            report.Line($": memory {trainer.Memory}");
        }

        if (checkpoints is not null && new CheckpointFolder(folder).Checkpoints.Count > 0)
        {
            Resumption from = trainer.Resume(folder);
            foreach (string problem in from.Damaged)
            {
                warn($"passed over a checkpoint: {problem}");
            }

            report.Line($" goes on from step {from.Steps}, {from.Epochs} of {run.Options.Epochs} epochs done");
        }

        string? failure = null;
        Dictionary<int, PerturbationLevels?> levels = Find(run)?.Epochs.ToDictionary(epoch => epoch.Epoch, epoch => epoch.Levels)
            ?? [];
        try
        {
            report.Show(run.Options.Epochs, progress => trainer.RunUntilStopped(
                result =>
                {
                    levels[result.Epoch] = trainer.PerturbationLevels(result.Epoch);
                    Record(null).Write(folder);
                    onEpoch(RunEpoch.Of(result));
                },
                progress,
                end.Token));
        }
        catch (TrainingException error) when (error.Step is not null)
        {
            // The run itself came to nothing. Whatever else stops it, such as a full disk, says nothing of its setting.
            failure = error.Message;
        }

        RunRecord record = Record(failure);
        if (claim.Lost.IsCancellationRequested)
        {
            // Another process is at it, and writes.
            return Find(run) ?? record;
        }

        record.Write(folder);
        return record with { Epochs = [.. record.Epochs.Take(run.Options.Epochs)] };

        RunRecord Record(string? why) => new(
            run.Settings, run.Options.Device!.Name,
            [.. trainer.Results.Select(
                result => RunEpoch.Of(result) with { Levels = levels.GetValueOrDefault(result.Epoch) })],
            why, trainer.Memory.Total);
    }

    /// <summary>Whether nothing is left to do: all epochs are done, or it failed.</summary>
    public static bool IsComplete(PlannedRun run, RunRecord record) =>
        record.Epochs.Count >= run.Options.Epochs || record.Failure is not null;

    private string FolderOf(PlannedRun run) => System.IO.Path.Combine(Path, run.Folder);
}
