using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>A run of <c>train</c>: what it tells at its start and end, and what it leaves.</summary>
/// <param name="host">Notified of what is wrong.</param>
/// <param name="terminal">Where a person reads.</param>
/// <param name="task">What is trained on what and how.</param>
/// <param name="trainer">The run itself.</param>
internal sealed class TrainedRun(Host host, Terminal terminal, TrainingTask task, Trainer trainer)
{
    private readonly TrainingOptions options = task.Options;
    private readonly List<string> kept = [];
    private readonly Communicator ranks = task.Options.Communicator ?? Communicator.Alone;
    private string[] lead = [];
    private bool failed, asked;

    /// <summary>The quantities that tell the best epoch, by their names.</summary>
    public static IReadOnlyList<(string Name, EpochQuantity Quantity)> Quantities { get; } =
    [
        ("test-accuracy", EpochQuantity.TestAccuracy), ("test-loss", EpochQuantity.TestLoss),
        ("train-loss", EpochQuantity.TrainLoss), ("psi", EpochQuantity.Psi),
    ];

    /// <summary>Where the weights are to be written; null for nowhere.</summary>
    public string? Weights { get; init; }

    /// <summary>What is to be made of the epochs.</summary>
    public required TrainFindings Findings { get; init; }

    /// <summary>Says what is trained on what and how.</summary>
    public void Begin()
    {
        lead = [.. task.Describe(trainer, $"seed {options.Seed}")];
        foreach (string line in lead)
        {
            terminal.Line(line);
        }
    }

    /// <summary>Goes on from the checkpoints in a folder.</summary>
    public void Resume(string folder)
    {
        Resumption from = trainer.Resume(folder);
        foreach (string problem in from.Damaged)
        {
            host.Problem($"passed over a checkpoint: {problem}");
        }

        if (from.Epochs > options.Epochs)
        {
            throw new UsageException(
                $"--epochs is {options.Epochs}, but {from.Path} has done {from.Epochs}: give as many or more.");
        }

        terminal.Line($"Goes on from {from.Path}: {from.Steps} steps, {from.Epochs} of {options.Epochs} epochs done");
    }

    /// <summary>Trains.</summary>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <exception cref="TrainingException">It can't go on; the message says where the weights are, if they are sound.</exception>
    public void Train(Action<EpochResult> onEpoch)
    {
        TrainingReport report = new(terminal, task.Model.Name);
        try
        {
            report.Show(options.Epochs, progress => trainer.RunUntilStopped(
                result =>
                {
                    onEpoch(result);
                    report.Epoch(result);
                },
                progress,
                host.Stop.Token));
            asked = host.Stop.On(ranks);
        }
        catch (TrainingException error) when (error.Step is null && Weights is not null && trainer.Steps > 0 && IsFinite())
        {
            // Something could not be written; the weights are sound, and hours may be in them.
            bool saved = Save(out string outcome);
            throw new TrainingException($"{error.Message} {(saved ? "Kept: " : "")}{outcome}.");
        }
    }

    /// <summary>Writes what is to be left, and says what became of the run.</summary>
    /// <returns>The exit code.</returns>
    public int End()
    {
        bool stopped = asked && !trainer.StoppedEarly && trainer.Results.Count < options.Epochs;
        if (trainer is { StoppedEarly: true, Best: { } best } && trainer.Results.Count < options.Epochs)
        {
            string name = Quantities.First(one => one.Quantity == options.BestBy).Name.Replace('-', ' ');
            string where = options.Checkpoints is { } folder ? $"its weights are in {new CheckpointFolder(folder.Folder).Best}"
                : "its weights were not kept: --checkpoint FOLDER keeps them";
            terminal.Line(Prose.Line($"""
                Stopped early after epoch {trainer.Results.Count}: no better {name} for {options.EarlyStop} epochs. The best is
                epoch {best.Epoch}'s, {best.Value(options.BestBy!.Value):G5}; {where}
                """));
        }

        if (trainer.Results is [{ TrainLoss: > 0 and double same }, _, ..] all && all.All(result => result.TrainLoss == same))
        {
            terminal.Line(Prose.Line("""
                Warning: the train loss is the same after each epoch. Steps so small change no weight in single precision, or none
                that matters: raise --learning-rate or --clip-norm.
                """));
        }

        KeepWeights(stopped);
        Keep(options.Checkpoints?.Folder, path =>
            $"checkpoints → {path} (go on with pacgen train --resume {ShellWord.OrPath(path)})");
        Keep(options.LogPath, path => $"log → {path}");
        Keep(options.TensorBoardFolder, path => $"events → {path} (tensorboard --logdir {ShellWord.OrPath(path)})");
        if (trainer.Results.Count > 0)
        {
            failed |= !Findings.Write(lead, [new SeedRun(options.Seed, trainer.Results)], kept.Add, host.Problem);
        }

        string list = string.Join("; ", kept);
        if (stopped)
        {
            string things = kept.Count > 0 ? $"Kept: {list}."
                : Prose.Line("""
                    Nothing was kept: --checkpoint, --save, --log, --tensorboard, --csv and --plot keep the run, weights, epochs
                    and curves.
                    """);
            string done = $"{trainer.Results.Count} of {options.Epochs} epochs done";
            host.Problem($"stopped after step {trainer.Steps}{StoppedWhile()}, {done}. {things}");
            return host.Stop.ExitCode;
        }

        if (kept.Count > 0)
        {
            terminal.Line(list);
        }

        return failed ? 1 : 0;
    }

    private void Keep(string? path, Func<string, string> tell)
    {
        if (path is not null)
        {
            kept.Add(tell(path));
        }
    }

    private void KeepWeights(bool stopped)
    {
        // First weights are worth less than what another run left there.
        if (Weights is null || (stopped && trainer.Steps == 0))
        {
            return;
        }

        if (!stopped)
        {
            // A pass over the training images, for which there is no time when somebody wants an end.
            trainer.RenewStatistics();
        }

        if (Save(out string outcome))
        {
            kept.Add(outcome);
        }
        else
        {
            failed = true;
            host.Problem($"{outcome}.");
        }
    }

    private string StoppedWhile()
    {
        string epoch = $" while epoch {trainer.Results.Count + 1} was";
        bool again = options.Checkpoints is not null;
        return trainer.StoppedWhile switch
        {
            TrainingPhase.Evaluating => $"{epoch} evaluated{(again ? ", which is done again" : "")}",
            TrainingPhase.Scoring => $"{epoch} scored{(again ? "; it is evaluated and scored again" : "")}",
            _ => "",
        };
    }

    private bool Save(out string outcome) => TrainedWeights.Save(
        trainer, file => WeightsFile.Save(file, task.Model, task.Images, trainer, options), Weights!, options.Checkpoints,
        out outcome);

    private bool IsFinite() => Array.TrueForAll(trainer.Arena.Save(), float.IsFinite);
}
