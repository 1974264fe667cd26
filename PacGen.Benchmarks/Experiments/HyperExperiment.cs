using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using NoiseSchedule = PacGen.Core.Perturbation.NoiseSchedule;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// <c>experiment hyper</c>, section 8: η and γ of Algorithm 1 chosen by a grid on a validation part of the training images. Each
/// run is kept on disk, so that the whole can be interrupted. The test images are looked at for the chosen pair alone, at the
/// end.
/// </summary>
internal sealed class HyperExperiment : Verb
{
    private const string Picture = "hyper.png", Numbers = "hyper.csv", Epochs = "hyper-epochs.csv", Report = "hyper.md";
    private const string RunsName = "hyper-runs";

    private const string What = $"""
        Section 8: chooses η, γ and the noise's course over the epochs by a grid on a part of the training images; interrupted,
        the same command goes on. Leaves {Picture}, {Numbers}, {Epochs}, {Report}.
        """;

    private readonly ModelOptions model = new("mlp", drops: true);
    private readonly OptimizerOptions optimizer = new(OptimizerUse.Grid);
    private readonly TrainingRunOptions run;
    private readonly JobOptions jobs = new();
    private readonly DataSource data = new();
    private readonly Option<int> splitSeed = Options.Count(
        "--split-seed", "Decides which training images are held back: the same for all runs", 0, 1);
    private readonly Option<ulong[]> seeds = Options.Seeds("A run of each pair for each, the means of which are compared", 3);
    private readonly Option<string?> runsFolder = RunsFolder.Option(RunsName);

    private readonly ResultOptions files = new(Picture, Numbers, Epochs, Report);
    private readonly Option<NoiseSchedule[]> schedules = OptimizerOptions.OfNoiseSchedules(
        "--noise-schedules", "The courses of the noise over the epochs that are tried");

    private readonly Option<double[]> etas = Options.Numbers(
        "--etas",
        Prose.Line("""
            The η that are tried: larger means smaller perturbations; without it the paper's (100 for sgd and momentum, 0.01 for
            adam and adamw) times 0.01, 0.1, 1, 10, 100
            """),
        Interval.Positive);

    private readonly Option<double[]> gammas = Options.Numbers(
        "--gammas", "The γ that are tried: how far |w| widens a weight's neighbourhood; without it 0.01, 0.1, 1, 10",
        Interval.Gamma);

    private readonly Option<double> validation = Options.Number(
        "--validation", "The part of the training images that is held back to choose by", Interval.OpenFraction, 0.2);

    public HyperExperiment(Host host)
        : base(host, new Command("hyper", Prose.Line(What)))
    {
        run = new TrainingRunOptions(new RunTexts { Epochs = "How many times each run sees its training images" }, optimizer);
        Add(data.Set, model, run, etas, gammas, schedules, validation, splitSeed, seeds, jobs, data, runsFolder, files);
    }

    public override string[] Main =>
    [
        "--output", "--dataset", "--model", "--epochs", "--seeds", "--runs", "--jobs",
    ];

    protected override int Run(ParseResult parsed)
    {
        Results results = files.Open(parsed);
        ModelChoice choice = model.Create(parsed);
        Optimizer plain = optimizer.CreatePlain(parsed);
        TrainingOptions options = run.Create(parsed, choice);
        double center = optimizer.PaperEta(parsed);
        double[] levels = parsed.IsGiven(etas) ? parsed.GetValue(etas)!
            : [center / 100, center / 10, center, center * 10, center * 100];
        double[] widths = parsed.IsGiven(gammas) ? parsed.GetValue(gammas)! : [0.01, 0.1, 1, 10];
        ulong[] chosenSeeds = parsed.GetValue(seeds)!;

        Terminal terminal = TerminalOf(parsed);
        using Jobs opened = jobs.Open(parsed);
        Dataset all = data.LoadClasses(parsed, terminal, Host.Stop.Token);
        Dataset split = ValidationSplit.Of(all, parsed.GetValue(validation), (ulong)parsed.GetValue(splitSeed));
        bool normalises = choice.HasStatistics;
        options = options with { Device = opened.Device, RunningStatistics = normalises ? RunningStatistics.Reestimated : null };
        TrainingRunOptions.RequireBatch(options, split.Train, " besides the validation images");
        string setting = Prose.Line($"""
            {choice.Describe(all)}; {all.Name}, {split.Train.Count:N0} training images, {split.Test.Count:N0} validation images
            held back of them (split seed {parsed.GetValue(splitSeed)}), {all.Test.Count:N0} test images; {plain},
            {options.Schedule} rate, batch {options.BatchSize}, {options.Augmentation?.ToString() ?? "images as they are"},
            {options.Epochs} epochs, seeds {string.Join(", ", chosenSeeds)}; {opened.Device.Name}
            """);
        terminal.Line(setting);
        NoiseSchedule[] courses = parsed.GetValue(schedules)!;
        string first = optimizer.Perturb(parsed, plain, levels[0], widths[0], courses[0]).ToString();
        RunsFolder folder = new(parsed.GetValue(runsFolder) ?? results.PathOf(RunsName));
        terminal.Line(Prose.Line($"""
            {levels.Length} η × {widths.Length} γ{(courses.Length > 1 ? $" × {courses.Length} courses of the noise" : "")} and the
            plain optimizer, the first pair being {first}; runs kept in {folder.Path}
            """));

        RunArm[] pairs =
        [
            RunArm.Plain,
            .. from course in courses
               from level in levels
               from width in widths
               select new RunArm(level, width) { Schedule = course },
        ];
        if (Train("validation", pairs, split, out string problem) is not { } cells)
        {
            return Unfinished(
                terminal, opened.Shard,
                $"stopped: {problem} runs of the grid are complete; the same command goes on from {folder.Path}.");
        }

        if (ArmRuns.Best(cells[1..]) is not { } best)
        {
            string? why = cells[^1].Records.First(record => record.Failure is not null).Failure;
            throw new TrainingException($"Every pair had a run that failed, so none can be chosen: {why}");
        }

        // Only now are the test images looked at: by the chosen pair, and by the plain optimizer, which nobody chose.
        if (Train("test", [RunArm.Plain, best.Arm], all, out problem) is not { } onTest)
        {
            problem = $"the grid is complete, and {problem} runs of the chosen pair";
            return Unfinished(
                terminal, opened.Shard, $"stopped: {problem}; the same command goes on from {folder.Path}.");
        }

        HyperFindings findings = new(cells, best, onTest, all, chosenSeeds);
        foreach (string line in findings.Table().Concat(findings.Paragraphs))
        {
            terminal.Line(line);
        }

        string title =
            $"Validation accuracy over η and γ: {choice.TitleOn(all)}, {plain.ToString()!.Split('(')[0]}";
        results.Write(Picture, HyperPlot.Draw(title, cells[0], cells[1..], best));
        results.Write(Numbers, findings.Rows());
        results.Write(Epochs, findings.EpochRows());
        results.Write(Report, findings.Page(title, setting, first, Line(parsed), (results.NameOf(Picture), Numbers, Epochs)));
        terminal.Line($"→ {results}");
        return 0;

        ArmRuns[]? Train(string testedOn, RunArm[] those, Dataset images, out string done)
        {
            bool isTest = testedOn == "test";
            string fingerprint = images.Fingerprint();
            PlannedRun[] plan =
            [
                .. from pair in those
                   from seed in chosenSeeds
                   select new PlannedRun(
                       $"{pair.Pair}, seed {seed}{(isTest ? ", on all training images" : "")}",
                       $"{(isTest ? "test-" : "")}{pair.Key}-seed-{seed}",
                       choice,
                       images,
                       fingerprint,
                       pair is { Eta: { } eta, Gamma: { } gamma }
                           ? optimizer.Perturb(parsed, plain, eta, gamma, pair.Schedule) : plain,
                       options with { Seed = seed }),
            ];
            RunSeries series = new(folder, opened, Host, terminal)
            {
                EachEpoch = false, KeepCheckpoints = normalises, TestedOn = testedOn,
            };
            IReadOnlyList<RunRecord> records = series.Do(plan, _ => { });
            done = $"{records.Count} of {plan.Length}";
            return records.Count < plan.Length ? null
                : [.. those.Zip(records.Chunk(chosenSeeds.Length), (pair, of) => new ArmRuns(pair, of))];
        }
    }
}
