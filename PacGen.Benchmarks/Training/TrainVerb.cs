using System.CommandLine;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Scoring;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary><c>train</c>: trains a network and says after each epoch how it does.</summary>
internal sealed class TrainVerb : Verb
{
    private const string What =
        "Trains a network, plainly or with Perturbed OPT, and reports loss, accuracy, gap and Ψ after each epoch.";

    private static readonly RunTexts Texts = new()
    {
        Statistics = Prose.Line("""
            What training does to batch norm's running statistics: every training pass moves them, or they are kept, or estimated
            anew at w, or at its average, before evaluation. Without it reestimated with --perturb, --average and ivon, else
            training
            """),
    };

    private readonly ModelOptions model = new("mlp", drops: true);
    private readonly OptimizerOptions optimizer = new();
    private readonly TrainingRunOptions run;
    private readonly PsiOptions scoring = new(each: true);
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly TrainFiles files = new();
    private readonly CheckpointSettings checkpoints;
    private readonly Option<string> psi = Options.Choice("--psi", "Whether to score Ψ after each epoch", "on", "on", "off");

    private readonly Option<string> curvature = Options.Choice(
        "--curvature", Prose.Line("""
        Where Ψ's h comes from: a pass over images at w, or the squared gradients of training's batches, smoothed over its steps
        """), "pass",
        "pass", "training");

    private readonly Option<string> precision = DeviceOptions.Precision(
        "products and convolutions of training passes, but not of evaluation or Ψ,");

    private readonly Option<int?> earlyStop = Options.Count(
        "--early-stop",
        Prose.Line("""
        Ends the run after so many epochs without a better one by --best-by; without it never. Images that decide when to stop are
        no longer unseen
        """));

    private readonly Option<string> overlap = Options.Choice(
        "--overlap",
        Prose.Line("""
        Whether the sum over the processes of mpirun begins while the gradients of the first layers are still computed, on the
        CPU. The bits are the same
        """),
        "on", "on", "off");

    private readonly Option<ulong[]> seeds = Options.Seeds(
        "A run for each, and the means of what they end with; without it one run, by --seed");

    private readonly Option<string> bestBy = Options.Choice(
        "--best-by",
        "What decides which epoch is the best, whose checkpoint is kept and for which --early-stop waits",
        "test-accuracy",
        [.. TrainedRun.Quantities.Select(one => one.Name)]);

    public TrainVerb(Host host)
        : base(host, new Command("train", What))
    {
        run = new TrainingRunOptions(Texts, optimizer);
        checkpoints = new CheckpointSettings([.. files.Paths], [data.Folder], data.Set, model);
        Add(
            data.Set, model, run, precision, psi, scoring, curvature, run.Seed, seeds, device, data, earlyStop, bestBy, overlap,
            files, checkpoints);
        Add(JsonOption(Prose.Line("""
            One JSON object an epoch on standard output, all else on standard error; with --seeds each has its seed, and the last
            object the means
            """)));
    }

    public override string[] Main =>
    [
        "--dataset", "--model", "--epochs", "--batch-size", "--optimizer", "--learning-rate", "--perturb", "--seed", "--seeds",
        "--plot", "--report", "--save", "--checkpoint", "--resume", "--device", "--json",
    ];

    protected override int Run(ParseResult given)
    {
        Communicator ranks = LaunchedRank.Join();
        ParseResult parsed = checkpoints.Complete(given, Command);
        Terminal terminal = TerminalOf(parsed);
        Optimizer rule = optimizer.Create(
            parsed,

            // A run of before may have it in its own command line.
            keepsSecondMoment: OfTraining(parsed) || checkpoints.Resume(given) is not null);
        ModelChoice choice = model.Create(parsed);
        TrainingOptions options = run.Create(parsed, choice) with
        {
            LogPath = parsed.GetValue(files.Log),
            TensorBoardFolder = parsed.GetValue(files.TensorBoard),
            BestBy = TrainedRun.Quantities.First(one => one.Name == parsed.GetValue(bestBy)).Quantity,
            EarlyStop = parsed.GetValue(earlyStop),
            Precision = DeviceOptions.PrecisionOf(parsed.GetValue(precision)!),
            Communicator = ranks,
            OverlapSums = parsed.GetValue(overlap) == "on",
        };
        bool scored = parsed.GetValue(psi) == "on";
        Check(parsed, options, scored);
        ulong[] several = parsed.GetValue(seeds) ?? [];
        files.Check(parsed, checkpoints, several);

        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token, trained: choice.Onnx?.Samples);
        TrainingRunOptions.RequireBatch(options, images.Train);
        Module network = checkpoints.Build(given, choice, images, opened.Device);
        options = options with
        {
            Device = opened.Device,
            BestBy = images.Train.Target.Kind == TargetKind.Class || parsed.IsGiven(bestBy) ? options.BestBy
                : EpochQuantity.TestLoss,
            Checkpoints = checkpoints.Create(parsed, Command, () => WeightsFile.Notes(choice, images)),
            Score = !scored ? null : scoring.Create(
                parsed, images.Train.Count, network.ParameterCount, options.Seed,
                OfTraining(parsed) ? options.BatchSize : null) with
            {
                PartSize = options.Accumulate > 1 ? options.BatchSize / options.Accumulate : null,
                Rho = scoring.Rho(parsed),
                Curvature = OfTraining(parsed) ? CurvatureSource.Training : CurvatureSource.Pass,
            },
        };
        TrainingTask task = new(choice, images, rule, options);
        TrainFindings findings = new()
        {
            Title = task.Title,
            Plot = parsed.GetValue(files.Plot),
            Size = files.Picture.Of(parsed),
            Columns = parsed.GetValue(files.Columns),
            Csv = parsed.GetValue(files.Csv),
            Report = found => files.Report.Write(parsed, task.Title, opened.Device.Name, found),
        };
        return several.Length > 0 ? Several(parsed, terminal, network, task, several, findings)
            : One(parsed, terminal, network, task, findings);
    }

    private int Several(
        ParseResult parsed, Terminal terminal, Module network, TrainingTask task, ulong[] several, TrainFindings findings)
    {
        SeedRuns runs = new(Host, terminal, task, several)
        {
            Weights = parsed.GetValue(files.Save), Findings = findings,
        };
        runs.Train(network, (seed, result) =>
        {
            if (WantsJson(parsed))
            {
                JsonObject epoch = result.ToJson();
                epoch.Insert(0, "seed", seed);
                Write(epoch);
            }
        });
        return runs.End(means =>
        {
            if (WantsJson(parsed))
            {
                Write(means);
            }
        });
    }

    private int One(ParseResult parsed, Terminal terminal, Module network, TrainingTask task, TrainFindings findings)
    {
        using Trainer trainer = Host.Stop.Build(() => new Trainer(network, task.Images, task.Rule, task.Options));
        TrainedRun trained = new(Host, terminal, task, trainer)
        {
            Weights = parsed.GetValue(files.Save), Findings = findings,
        };
        trained.Begin();
        if (checkpoints.Resume(parsed) is { } folder)
        {
            trained.Resume(folder);
        }

        trained.Train(result =>
        {
            if (WantsJson(parsed))
            {
                Write(result.ToJson());
            }
        });
        return trained.End();
    }

    private bool OfTraining(ParseResult parsed) => parsed.GetValue(curvature) == "training";

    private void Check(ParseResult parsed, TrainingOptions options, bool scored)
    {
        parsed.Needs(scored, "--psi on", [.. scoring.All, curvature]);
        parsed.Needs(
            options.EarlyStop is not null || checkpoints.Keeps(parsed), "--early-stop EPOCHS or --checkpoint FOLDER", bestBy);
        if (options.BestBy == EpochQuantity.Psi && !scored)
        {
            throw new UsageException(
                "--best-by psi needs --psi on: leave --psi off out, or tell the best epoch by another quantity.");
        }

        parsed.Needs(!OfTraining(parsed), "--curvature pass", scoring.BatchSize);
        if (parsed.IsGiven(seeds) && parsed.IsGiven(run.Seed))
        {
            throw new UsageException("--seed and --seeds both say which seeds: give one of them.");
        }

        if (parsed.IsGiven(seeds) && checkpoints.Keeps(parsed))
        {
            throw new UsageException(Prose.Line("""
                --seeds keeps no checkpoints: train one --seed at a time with --checkpoint, or let pacgen study run keep many runs
                that can be interrupted.
                """));
        }
    }
}
