using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Plots;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Scoring;
using PacGen.Nn;
using PacGen.Nn.Checkpoints;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Training;

/// <summary><c>train</c>: trains a network and says after each epoch how it does.</summary>
internal sealed class TrainVerb
{
    private static readonly (string Name, EpochQuantity Quantity)[] BestBy =
    [
        ("test-accuracy", EpochQuantity.TestAccuracy), ("test-loss", EpochQuantity.TestLoss), ("train-loss", EpochQuantity.TrainLoss), ("psi", EpochQuantity.Psi),
    ];

    private readonly Host host;

    private readonly Option<string> dataset = Options.Dataset("The images; digits is embedded", "digits");
    private readonly ModelOptions model = new("mlp");
    private readonly Option<int?> epochs = Options.Count("--epochs", "How many times the training set is seen", 1, 10);
    private readonly Option<int?> batchSize = Options.Count("--batch-size", "Images a step", 1, 64);
    private readonly Option<int?> accumulate = Options.Count(
        "--accumulate", "In how many parts a batch is passed, for batches that don't fit into memory: their gradients' mean goes into the one update. It divides --batch-size; batch norm sees parts", 1, 1);

    private readonly Option<string> augment = Options.Choice(
        "--augment", "How training images are varied each epoch: not at all, or padded by 4 and cropped, and mirrored by chance", "none", "none", "crop-flip");

    private readonly OptimizerOptions optimizer = new();
    private readonly Option<string> runningStatistics = Options.Choice(
        "--running-statistics",
        "What training does to batch norm's running statistics: every training pass moves them, or they are kept, or estimated anew at w before evaluation. Without it reestimated with --perturb, else training",
        null, "training", "kept", "reestimated");
    private readonly Option<string> psi = Options.Choice("--psi", "Whether to score Ψ after each epoch", "on", "on", "off");
    private readonly PsiOptions scoring = new(each: true);
    private readonly Option<string> curvature = Options.Choice(
        "--curvature", "Where Ψ's h comes from: a pass over images at w, or what the optimizer smoothed in training", "pass", "pass", "training");

    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> log = Options.Path(
        "--log", "A file to append JSON lines to: the settings, then each epoch as it ends. Runs can share one: each line begins with its run's id");
    private readonly Option<string?> tensorBoard = Options.Path(
        "--tensorboard", "A folder of this run's own for a TensorBoard event file: losses, accuracies, gap, Ψ, learning rate, images a second", "folder");

    private readonly Option<int?> earlyStop = Options.Count(
        "--early-stop", "Ends the run after so many epochs without a better one by --best-by; without it never. Images that decide when to stop are no longer unseen");

    private readonly Option<string> bestBy = Options.Choice(
        "--best-by", "By what the best epoch is told, whose checkpoint is kept and for which --early-stop waits", "test-accuracy", [.. BestBy.Select(one => one.Name)]);

    private readonly Option<string?> plot = Options.Path("--plot", $"A picture of the curves, drawn at the end: {PictureFile.Help}; one that is there is replaced");
    private readonly Option<string?> save = Options.Path("--save", "A file to write the weights into at the end; weights that are there are replaced. pacgen score reads it");
    private readonly CheckpointSettings checkpoints;
    private readonly Option<bool> json = Options.Flag("--json", "One JSON object an epoch on standard output, all else on standard error");

    public TrainVerb(Host host)
    {
        this.host = host;
        checkpoints = new CheckpointSettings([log, tensorBoard, plot, save], [data.Folder], dataset);
        Command = new Command("train", "Trains a network, plainly or with Perturbed OPT, and reports loss, accuracy, gap and Ψ after each epoch.");
        Command.Add(dataset);
        model.AddTo(Command);
        Command.Add(epochs);
        Command.Add(batchSize);
        Command.Add(accumulate);
        Command.Add(augment);
        optimizer.AddTo(Command);
        Command.Add(runningStatistics);
        Command.Add(psi);
        scoring.AddTo(Command);
        Command.Add(curvature);
        Command.Add(seed);
        device.AddTo(Command);
        data.AddTo(Command);
        Command.Add(earlyStop);
        Command.Add(bestBy);
        foreach (Option option in new Option[] { log, tensorBoard, plot, save })
        {
            Command.Add(option);
        }

        checkpoints.AddTo(Command);
        Command.Add(json);

        Command.SetAction(Run);
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }

    private int Run(ParseResult given)
    {
        ParseResult parsed = checkpoints.Complete(given, Command);
        Terminal terminal = new(host, parsed.GetValue(json));
        CancellationToken stop = host.Stop.Token;
        int epochCount = parsed.GetValue(epochs)!.Value;
        Optimizer rule = optimizer.Create(parsed);
        LearningRateSchedule schedule = optimizer.Schedule(parsed, epochCount);
        bool scored = parsed.GetValue(psi) == "on";
        OptimizerOptions.Needs(parsed, scored, "--psi on", [.. scoring.All, curvature]);
        int batch = parsed.GetValue(batchSize)!.Value, parts = parsed.GetValue(accumulate)!.Value;
        Options.RequireDivisor(parts, batch);
        EpochQuantity best = BestBy.First(one => one.Name == parsed.GetValue(bestBy)).Quantity;
        OptimizerOptions.Needs(parsed, parsed.IsGiven(earlyStop) || checkpoints.Keeps(parsed), "--early-stop EPOCHS or --checkpoint FOLDER", bestBy);
        if (best == EpochQuantity.Psi && !scored)
        {
            throw new UsageException("--best-by psi needs --psi on: leave --psi off out, or tell the best epoch by another quantity.");
        }

        if (parsed.GetValue(curvature) == "training" && !optimizer.KeepsSecondMoment(parsed))
        {
            throw new UsageException("--curvature training needs an optimizer that smooths squared gradients: use --optimizer adam without --weight-decay, or adamw, or --perturb uniform or truncated-gaussian.");
        }

        ModelChoice choice = model.Create(parsed);
        OptimizerOptions.Needs(parsed, choice.Name == "wide-resnet", "--model wide-resnet", runningStatistics);
        CheckFiles(parsed);

        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, parsed.GetValue(dataset)!, terminal, stop);
        Module network = checkpoints.Build(parsed, choice, images, opened.Device);
        TrainingOptions options = new()
        {
            Epochs = epochCount,
            BatchSize = batch,
            Accumulate = parts,
            Seed = parsed.GetValue(seed),
            Augmentation = parsed.GetValue(augment) == "crop-flip" ? Augmentation.CropFlip : null,
            Schedule = schedule,
            RunningStatistics = parsed.GetValue(runningStatistics) switch
            {
                "training" => RunningStatistics.FromTrainingPass,
                "kept" => RunningStatistics.Kept,
                "reestimated" => RunningStatistics.Reestimated,
                _ => null,
            },
            ClipNorm = optimizer.ClipNorm(parsed),
            Device = opened.Device,
            LogPath = parsed.GetValue(log),
            TensorBoardFolder = parsed.GetValue(tensorBoard),
            BestBy = best,
            EarlyStop = parsed.GetValue(earlyStop),
            Checkpoints = checkpoints.Create(parsed, Command, WeightsFile.Notes(choice, images.Name)),
            Score = !scored ? null : scoring.Create(parsed, images.Train.Count, network.ParameterCount, parsed.GetValue(seed)) with
            {
                PartSize = parts > 1 ? batch / parts : null,
                Rho = scoring.Rho(parsed),
                Curvature = parsed.GetValue(curvature) == "training" ? CurvatureSource.Training : CurvatureSource.Pass,
            },
        };
        using Trainer trainer = host.Stop.Build(() => new Trainer(network, images, rule, options));
        terminal.Line(Heading(choice, images, trainer, rule, options));
        terminal.Line($"Memory {trainer.Memory}");
        if (scored && options.Score!.Curvature == CurvatureSource.Pass)
        {
            terminal.Line($"Ψ from {(options.Score.Images == 0 ? images.Train.Count : options.Score.Images)} training images in batches of {options.Score.BatchSize}, median of {options.Score.Draws} draws, ρ {Name(options.Score.Rho)}; (1/κ …) is the share of weights at which Ψ is a function of |w| alone");
        }

        if (checkpoints.Resume(parsed) is { } folder)
        {
            Resumption from = trainer.Resume(folder);
            foreach (string problem in from.Damaged)
            {
                host.Problem($"passed over a checkpoint: {problem}");
            }

            terminal.Line($"Goes on from {from.Path}: {from.Steps} steps, {from.Epochs} of {epochCount} epochs done");
        }

        TrainingReport report = new(terminal, choice.Name);
        try
        {
            report.Show(epochCount, progress => trainer.Run(
                result =>
                {
                    if (parsed.GetValue(json))
                    {
                        host.Output.WriteLine(result.ToJson().ToJsonString());
                        host.Output.Flush();
                    }

                    report.Epoch(result);
                },
                progress,
                stop));
        }
        catch (TrainingException error) when (error.Step is null && parsed.GetValue(save) is not null && trainer.Steps > 0 && IsFinite(trainer))
        {
            // Something could not be written; the weights are sound, and hours may be in them.
            bool saved = TrainedWeights.Save(trainer, file => WeightsFile.Save(file, choice, images.Name, trainer, options), parsed.GetValue(save)!, options.Checkpoints, out string told);
            throw new TrainingException($"{error.Message} {(saved ? "Kept: " : "")}{told}.");
        }

        return Finish(parsed, terminal, trainer, choice, images, options, rule);
    }

    private void CheckFiles(ParseResult parsed)
    {
        OutputFile.RequireDistinct(new[] { log, tensorBoard, plot, save }.Select(option => (option.Name, parsed.GetValue(option))));
        checkpoints.RequireApart(parsed);
        if (parsed.GetValue(log) is { } logPath)
        {
            OutputFile.Check(logPath, "--log", "a log of JSON lines", OutputKind.Json, ".jsonl", ".ndjson", ".json", ".log", ".txt");
        }

        if (parsed.GetValue(plot) is { } plotPath)
        {
            PictureFile.Check(plotPath, "--plot");
        }

        if (parsed.GetValue(save) is { } savePath)
        {
            OutputFile.Check(savePath, "--save", "a file of weights", OutputKind.Weights, ".safetensors");
        }
    }

    private int Finish(ParseResult parsed, Terminal terminal, Trainer trainer, ModelChoice choice, Dataset images, TrainingOptions options, Optimizer rule)
    {
        bool stopped = host.Stop.Requested && !trainer.StoppedEarly && trainer.Results.Count < options.Epochs;
        bool failed = false;
        if (trainer is { StoppedEarly: true, Best: { } best } && trainer.Results.Count < options.Epochs)
        {
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Stopped early after epoch {trainer.Results.Count}: no better {Name(options.BestBy)} for {options.EarlyStop} epochs. The best is epoch {best.Epoch}'s, {best.Value(options.BestBy):G5}; {(options.Checkpoints is { } folder ? $"its weights are in {new CheckpointFolder(folder.Folder).Best}" : "its weights were not kept: --checkpoint FOLDER keeps them")}"));
        }

        List<string> kept = [];
        if (parsed.GetValue(save) is { } weightsPath)
        {
            if (!stopped)
            {
                // A pass over the training images, for which there is no time when somebody wants an end.
                trainer.RenewStatistics();
            }

            if (TrainedWeights.Save(trainer, file => WeightsFile.Save(file, choice, images.Name, trainer, options), weightsPath, options.Checkpoints, out string told))
            {
                kept.Add(told);
            }
            else
            {
                failed = true;
                host.Problem($"{told}.");
            }
        }

        if (options.Checkpoints is { } written)
        {
            kept.Add($"checkpoints → {written.Folder} (go on with pacgen train --resume {written.Folder})");
        }

        if (options.LogPath is { } logPath)
        {
            kept.Add($"log → {logPath}");
        }

        if (options.TensorBoardFolder is { } eventFolder)
        {
            kept.Add($"events → {eventFolder} (tensorboard --logdir {eventFolder})");
        }

        if (parsed.GetValue(plot) is { } plotPath && trainer.Results.Count > 0)
        {
            try
            {
                byte[] picture = TrainingPlot.Draw(plotPath, $"{choice.Describe(images)} on {images.Name}, {rule}", ("", trainer.Results));
                OutputFile.Write(plotPath, "--plot", stream => stream.Write(picture));
                kept.Add($"curves → {plotPath}");
            }
            catch (IOException error)
            {
                failed = true;
                host.Problem(error.Message);
            }
        }

        string list = string.Join("; ", kept);
        if (!stopped)
        {
            if (kept.Count > 0)
            {
                terminal.Line(list);
            }

            return failed ? 1 : 0;
        }

        string at = trainer.StoppedWhile switch
        {
            TrainingPhase.Evaluating => $" while epoch {trainer.Results.Count + 1} was evaluated{(options.Checkpoints is null ? "" : ", which is done again")}",
            TrainingPhase.Scoring => $" while epoch {trainer.Results.Count + 1} was scored{(options.Checkpoints is null ? "" : "; it is evaluated and scored again")}",
            _ => "",
        };
        host.Problem(
            $"stopped after step {trainer.Steps}{at}, {trainer.Results.Count} of {options.Epochs} epochs done. {(kept.Count > 0 ? $"Kept: {list}." : "Nothing was kept: --checkpoint, --save, --log, --tensorboard and --plot keep the run, weights, epochs and curves.")}");
        return host.Stop.ExitCode;
    }

    private static bool IsFinite(Trainer trainer) => Array.TrueForAll(trainer.Arena.Save(), float.IsFinite);

    private static string Heading(ModelChoice choice, Dataset images, Trainer trainer, Optimizer rule, TrainingOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"{choice.Describe(images)}, {trainer.Arena.Count:N0} parameters; {images.Name} ({images.Origin}), {images.Train.Count:N0} + {images.Test.Count:N0} images; {rule}, batch {options.BatchSize}{(options.Accumulate > 1 ? $" in {options.Accumulate} parts" : "")}, {options.Schedule} rate{(options.Augmentation is { } varied ? $"; {varied}" : "")}; seed {options.Seed}; {options.Device!.Name}{(trainer.Arena.States.Count == 0 ? "" : trainer.RunningStatistics switch
        {
            RunningStatistics.FromTrainingPass => "; running statistics from the training pass",
            RunningStatistics.Kept => "; running statistics kept",
            _ => "; running statistics re-estimated at w",
        })}");

    private static string Name(EpochQuantity quantity) => BestBy.First(one => one.Quantity == quantity).Name.Replace('-', ' ');

    private static string Name(RhoEstimator rho) => rho switch
    {
        RhoEstimator.Median => "by its median",
        RhoEstimator.Published => "as published",
        _ => "by Definition 3",
    };
}
