
using PacGen.Core.Files;

namespace PacGen.Nn;

/// <summary>
/// What a run keeps on disk: its checkpoints with the history of its epochs, its log, and TensorBoard's events. A checkpoint says
/// how much of the others is its own; a run that goes on from it takes back the rest.
/// </summary>
/// <param name="options">What is kept, and where.</param>
internal sealed class RunRecorder(TrainingOptions options) : IDisposable
{
    private string run = RunState.NewRun();
    private RunState? resumed;

    /// <summary>The folder whose checkpoints are this run's own, and where the run comes from.</summary>
    private string? ownFolder;
    private FolderClaim? claim;
    private RunLog? log;
    private EventFile? events;
    private EpochHistory? history;

    /// <summary>Whether events of single steps are wanted.</summary>
    public bool HasEvents => events is not null;

    /// <summary>
    /// Claims a folder that is read and will be written: a run that is still at work would go on behind what is read.
    /// </summary>
    /// <exception cref="CheckpointException">Another run has it.</exception>
    public void ClaimBeforeReading(string folder)
    {
        if (options.Checkpoints is { } own && Path.GetFullPath(own.Folder) == Path.GetFullPath(folder)
            && Directory.Exists(folder))
        {
            claim ??= Claim(folder);
        }
    }

    /// <summary>Resumes the run of a folder.</summary>
    public void Resume(RunState state, string folder)
    {
        resumed = state;
        run = state.Run;
        ownFolder = Path.GetFullPath(folder);
    }

    /// <summary>Opens everything, cut to where the run stands.</summary>
    /// <exception cref="CheckpointException">The folder of checkpoints is another run's, or something in it can't be
    /// used.</exception>
    /// <exception cref="TrainingException">A file can't be written.</exception>
    public void Open()
    {
        string? source = ownFolder;
        if (options.Checkpoints is { } checkpoints)
        {
            RequireOwnFolder(checkpoints.Folder);
        }

        foreach (string path in new[] { options.LogPath, options.TensorBoardFolder }.OfType<string>())
        {
            RequireNoLink(path);
        }

        log = options.LogPath is { } logPath ? new RunLog(logPath, run, resumed?.LogLines ?? 0) : null;
        events = options.TensorBoardFolder is { } folder
            ? new EventFile(folder, resumed?.Events, resumed?.EventsLength ?? 0, resumed?.Steps) : null;
        if (options.Checkpoints is not { } kept)
        {
            return;
        }

        try
        {
            history = new EpochHistory(kept.Folder, source ?? kept.Folder, resumed?.Epochs);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The results of the epochs in {kept.Folder} can't be written: {error.Message.TrimEnd('.')}. Make room or " +
                $"choose another folder.");
        }
    }

    /// <summary>
    /// Begins log and events, once a checkpoint names them: a run that is killed behind it is resumed, and finds what is its own.
    /// </summary>
    /// <param name="settings">Writes the settings into the log.</param>
    public void Begin(Action<RunLog> settings)
    {
        if (log is { Lines: 0 })
        {
            settings(log);
        }

        events?.Begin();
    }

    /// <summary>Keeps a step's loss and learning rate.</summary>
    public void Step(long step, double loss, double rate) => events?.Write(step, ("loss/step", loss), ("learning_rate", rate));

    /// <summary>Keeps an epoch's results in log and events; where neither can be written, the message says both.</summary>
    public void Epoch(EpochResult result, long steps, double imagesPerSecond)
    {
        TrainingException? failure = Try(() => log?.Epoch(result));
        TrainingException? second = Try(() => events?.Write(
            steps,
            [
                ("loss/train", result.TrainLoss),
                ("loss/test", result.TestLoss),
                ("loss/gap", result.Gap),
                .. double.IsNaN(result.TestAccuracy) ? Array.Empty<(string, double)>()
                    : [("accuracy/train", result.TrainAccuracy), ("accuracy/test", result.TestAccuracy)],
                .. (result.Metrics ?? []).SelectMany(metric => new[]
                    { ($"{metric.Name}/train", metric.Train), ($"{metric.Name}/test", metric.Test) }),
                ("images_per_second", imagesPerSecond),
                .. result.Score is { } score ? [("psi", score.Psi), ("psi_kappa_share", score.KappaShare)]
                    : Array.Empty<(string, double)>(),
            ]));
        if ((failure ?? second) is { } first)
        {
            throw failure is not null && second is not null ? Joined(failure, second) : first;
        }
    }

    /// <summary>Says in the log why the run ended before its last epoch.</summary>
    public void Stop(string why) => log?.Stop(why);

    /// <summary>Says in the log what ended the run.</summary>
    /// <exception cref="TrainingException">That can't be written: the message says both.</exception>
    public void Failure(TrainingException failure)
    {
        if (Try(() => log?.Failure(failure.Message)) is { } second)
        {
            throw Joined(failure, second);
        }
    }

    /// <summary>Writes a checkpoint, if any are wanted, and deletes those that have had their time.</summary>
    /// <param name="state">Where the run stands, without what is known here.</param>
    /// <param name="results">The epochs that are done.</param>
    /// <param name="texts">Texts of the caller's own besides.</param>
    /// <param name="arrays">The arrays.</param>
    /// <param name="best">Whether it is the best epoch's, which is kept besides. It is written first: a run that is killed
    /// between the two takes the epoch again and writes the same.</param>
    /// <exception cref="TrainingException">It can't be written.</exception>
    public void Save(
        RunState state, IReadOnlyList<EpochResult> results, IReadOnlyDictionary<string, string> texts,
        IReadOnlyList<NamedTensor> arrays, bool best)
    {
        if (options.Checkpoints is not { } checkpoints)
        {
            return;
        }

        CheckpointFolder folder = new(checkpoints.Folder);
        string path = folder.PathOf(state.Steps);
        try
        {
            log?.Flush();
            Directory.CreateDirectory(checkpoints.Folder);
            history!.Append(results);
            state = state with
            {
                Form = RunState.NewestForm,
                Run = run,
                Epochs = history.Mark,
                LogLines = log?.Lines ?? 0,
                Events = events?.Name,
                EventsLength = events?.Length ?? 0,
            };
            Dictionary<string, string> all = new(texts) { [RunSnapshot.StateText] = state.ToJson() };
            foreach (string target in best ? [folder.Best, path] : new[] { path })
            {
                AtomicFile.Write(target, stream => SafetensorsFile.Write(stream, arrays, all), throughLink: false);
            }

            folder.Prune(state.Steps, checkpoints.Keep);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The checkpoint {path} can't be written: {error.Message.TrimEnd('.')}. Make room or choose another folder; " +
                $"earlier checkpoints are as they were.");
        }
    }

    /// <summary>Closes everything and gives the folder up.</summary>
    public void Close()
    {
        log?.Dispose();
        events?.Dispose();
        history?.Dispose();
        claim?.Dispose();
        (log, events, history, claim) = (null, null, null, null);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static TrainingException? Try(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (TrainingException failure)
        {
            return failure;
        }
    }

    private static TrainingException Joined(TrainingException first, TrainingException second) =>
        new($"{first.Message} {second.Message}") { Step = first.Step, Layer = first.Layer };

    private static FolderClaim Claim(string folder)
    {
        try
        {
            return new FolderClaim(folder);
        }
        catch (IOException error)
        {
            throw new CheckpointException($"The folder of checkpoints {error.Message}", error);
        }
    }

    /// <summary>Claims the folder of checkpoints for this run, which keeps other runs out.</summary>
    private void RequireOwnFolder(string folder)
    {
        claim ??= Claim(folder);
        if (ownFolder != Path.GetFullPath(folder) && new CheckpointFolder(folder).Found is { } found)
        {
            throw new CheckpointException(
                $"{folder} already holds checkpoints of a run, such as {Path.GetFileName(found)}: resume that, or choose " +
                $"another folder.");
        }

        ownFolder = Path.GetFullPath(folder);
    }

    /// <summary>
    /// A folder of checkpoints can come from anybody: what is written in it is not written through a link that stands there.
    /// </summary>
    private void RequireNoLink(string path)
    {
        if (resumed is null || ownFolder is null)
        {
            return;
        }

        string full = Path.GetFullPath(path), inside = ownFolder + Path.DirectorySeparatorChar;
        for (; full.StartsWith(inside, StringComparison.Ordinal); full = Path.GetDirectoryName(full)!)
        {
            if (new FileInfo(full).LinkTarget is not null)
            {
                throw new CheckpointException(
                    $"{full} is a link, which a resumed run does not write through: replace it by what it leads to.");
            }
        }
    }
}
