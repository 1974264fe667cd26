using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Scoring;
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

    private readonly Option<int?> earlyStop = Options.Count(
        "--early-stop",
        Prose.Line("""
        Ends the run after so many epochs without a better one by --best-by; without it never. Images that decide when to stop are
        no longer unseen
        """));

    private readonly Option<string> bestBy = Options.Choice(
        "--best-by",
        "What decides which epoch is the best, whose checkpoint is kept and for which --early-stop waits",
        "test-accuracy",
        [.. TrainedRun.Quantities.Select(one => one.Name)]);

    public TrainVerb(Host host)
        : base(host, new Command("train", What))
    {
        run = new TrainingRunOptions(Texts, optimizer);
        checkpoints = new CheckpointSettings([.. files.All], [data.Folder], data.Set);
        Add(data.Set, model, run, psi, scoring, curvature, run.Seed, device, data, earlyStop, bestBy, files, checkpoints);
        Add(JsonOption("One JSON object an epoch on standard output, all else on standard error"));
    }

    protected override int Run(ParseResult given)
    {
        ParseResult parsed = checkpoints.Complete(given, Command);
        Terminal terminal = TerminalOf(parsed);
        Optimizer rule = optimizer.Create(parsed);
        ModelChoice choice = model.Create(parsed);
        TrainingOptions options = run.Create(parsed, choice) with
        {
            LogPath = parsed.GetValue(files.Log),
            TensorBoardFolder = parsed.GetValue(files.TensorBoard),
            BestBy = TrainedRun.Quantities.First(one => one.Name == parsed.GetValue(bestBy)).Quantity,
            EarlyStop = parsed.GetValue(earlyStop),
        };
        bool scored = parsed.GetValue(psi) == "on";
        Check(parsed, options, scored);
        files.Check(parsed, checkpoints);

        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token);
        TrainingRunOptions.RequireBatch(options, images.Train);
        Module network = checkpoints.Build(parsed, choice, images, opened.Device);
        options = options with
        {
            Device = opened.Device,
            BestBy = images.Train.Target.Kind == TargetKind.Class || parsed.IsGiven(bestBy) ? options.BestBy
                : EpochQuantity.TestLoss,
            Checkpoints = checkpoints.Create(parsed, Command, WeightsFile.Notes(choice, images)),
            Score = !scored ? null : scoring.Create(
                parsed, images.Train.Count, network.ParameterCount, options.Seed,
                OfTraining(parsed) ? options.BatchSize : null) with
            {
                PartSize = options.Accumulate > 1 ? options.BatchSize / options.Accumulate : null,
                Rho = scoring.Rho(parsed),
                Curvature = OfTraining(parsed) ? CurvatureSource.Training : CurvatureSource.Pass,
            },
        };
        using Trainer trainer = Host.Stop.Build(() => new Trainer(network, images, rule, options));
        TrainedRun trained = new(Host, terminal, choice, images, rule, options, trainer)
        {
            Weights = parsed.GetValue(files.Save),
            Plot = parsed.GetValue(files.Plot),
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
    }
}
