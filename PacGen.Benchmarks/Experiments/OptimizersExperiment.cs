using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// <c>experiment optimizers</c>: Perturbed OPT beside what it competes with, at equal numbers of gradient evaluations. Each
/// method's setting is chosen on a validation part of the training images; the test images are looked at once, at the end, by the
/// weights that the chosen runs ended with.
/// </summary>
internal sealed class OptimizersExperiment : Verb
{
    private const string Picture = "optimizers.png", Numbers = "optimizers.csv", Report = "optimizers.md";
    private const string RunsName = "optimizers-runs";
    private const int UsualImages = 5000, UsualEpochs = 60, UsualBatch = 128;

    private const string What = $"""
        Section 8: Perturbed OPT beside weight decay, dropout, plain noise, SAM, ASAM, SWA, EMA and IVON, with equal numbers of
        gradient evaluations; interrupted, the same command goes on, and several processes may share the work. Leaves {Picture},
        {Numbers}, {Report}.
        """;

    private readonly ModelOptions model = new("wide-resnet", usualDepth: 10);
    private readonly OptimizerOptions optimizer = new(OptimizerUse.Methods, "adam");
    private readonly TrainingRunOptions run;
    private readonly JobOptions jobs = new();
    private readonly DataSource data = new(Options.Dataset(
        $"The images, the first {UsualImages:N0} for training and validation where --limit says nothing", "cifar-10"));

    private readonly Option<RunArm[]?> methods = Method.Option(
        "--methods",
        "What is compared, each at the best of its values; without values at some of its own, without the option all",
        method => method.Grid);

    private readonly Option<double> validation = Options.Number(
        "--validation", "The part of the training images that is held back to choose by", Interval.OpenFraction, 0.2);

    private readonly Option<int> splitSeed = Options.Count(
        "--split-seed", "Decides which training images are held back: the same for all runs", 0, 1);

    private readonly Option<ulong[]> seeds = Options.Seeds("A run of each chosen setting for each", 3);
    private readonly Option<int> choosing = Options.Count(
        "--choosing-seeds", "How many of the seeds, the first, all values of a setting run with, to choose by", 1, 1);

    private readonly Option<string?> runsFolder = RunsFolder.Option(RunsName);
    private readonly ResultOptions files = new(Picture, Numbers, Report);

    public OptimizersExperiment(Host host)
        : base(host, new Command("optimizers", Prose.Line(What)))
    {
        RunTexts texts = new()
        {
            Epochs = "How many times a run sees its training images; methods that take two gradients a step, half as often",
            DefaultEpochs = UsualEpochs,
            DefaultBatchSize = UsualBatch,
            Averages = false,
        };
        run = new TrainingRunOptions(texts, optimizer);
        Add(data.Set, model, methods, run, validation, splitSeed, seeds, choosing, jobs, data, runsFolder, files);
    }

    public override string[] Main =>
    [
        "--output", "--dataset", "--model", "--methods", "--epochs", "--seeds", "--runs", "--jobs",
    ];

    protected override int Run(ParseResult parsed)
    {
        Results results = files.Open(parsed);
        ModelChoice choice = model.Create(parsed);
        RunArm[] arms = parsed.GetValue(methods) is { Length: > 0 } some ? some
            : [.. Method.All.SelectMany(method => RunArm.Of(method, method.Grid))];
        ulong[] allSeeds = parsed.GetValue(seeds)!;
        int first = Math.Min(parsed.GetValue(choosing), allSeeds.Length);
        TrainingOptions options = run.Create(parsed, choice);
        RunArm.RequireWholeEpochs(arms, options.Epochs);
        Terminal terminal = TerminalOf(parsed);
        using Jobs opened = jobs.Open(parsed);
        Dataset all = data.LoadClasses(parsed, terminal, Host.Stop.Token);
        if (!data.IsLimited(parsed))
        {
            all = all with { Train = all.Train.Take(Math.Min(all.Train.Count, UsualImages)) };
        }

        Dataset split = ValidationSplit.Of(all, parsed.GetValue(validation), (ulong)parsed.GetValue(splitSeed));
        TrainingRunOptions.RequireBatch(options, split.Train, " besides the validation images");
        string fingerprint = split.Fingerprint();
        options = options with
        {
            Device = opened.Device,
            RunningStatistics = choice.HasStatistics ? RunningStatistics.Reestimated : null,
        };
        Optimizer plain = optimizer.CreatePlain(parsed);
        MethodResult[] contenders =
            [.. arms.GroupBy(arm => arm.Method!).Select(group => new MethodResult(group.Key, [.. group]))];
        string setting = Prose.Line($"""
            {choice.Describe(all)}; {all.Name}, {split.Train.Count:N0} training images, {split.Test.Count:N0} validation images
            beside them (split seed {parsed.GetValue(splitSeed)}), {all.Test.Count:N0} test images; {plain}, {options.Schedule}
            rate, batch {options.BatchSize}, {options.Augmentation?.ToString() ?? "images as they are"}; {options.Epochs} epochs,
            half of them where a step takes two gradients; seeds {string.Join(", ", allSeeds)}; {opened.Device.Name}
            """);
        terminal.Line(setting);
        RunsFolder folder = new(parsed.GetValue(runsFolder) ?? results.PathOf(RunsName));
        RunSeries series = new(folder, opened, Host, terminal) { EachEpoch = false, TestedOn = "validation" };

        // A method that has nothing to choose needs no run for it.
        RunArm[] contested = [.. contenders.Where(one => one.Arms.Length > 1).SelectMany(one => one.Arms)];
        terminal.Line(Prose.Line($"""
            {contenders.Length} methods, {contested.Length} values to choose among by {(first == 1 ? "one seed" : $"{first} seeds")};
            runs kept in {folder.Path}
            """));
        if (Train(contested, allSeeds[..first]) is not { } tried)
        {
            return Stop("some values are still to be tried");
        }

        MethodResult[] chosen = [.. contenders.Select(one => one.With(tried))];
        if (Array.TrueForAll(chosen, one => one.Best is null))
        {
            throw new TrainingException($"Every run failed: {tried.Values.First().Records[0].Failure}");
        }

        RunArm[] best = [.. chosen.Where(one => one.Best is not null).Select(one => one.Best!)];
        if (Train(best, allSeeds) is not { } trained)
        {
            return Stop("the settings are chosen, and some of their runs are still to be done");
        }

        // Only now are the test images looked at.
        terminal.Line($"Tests the weights of {best.Length * allSeeds.Length} runs on {all.Test.Count:N0} images");
        PlannedRun[] plan = [.. best.SelectMany(arm => allSeeds.Select(seed => Plan(arm, seed)))];
        if (series.Test(plan, all.Test) is not { } tested)
        {
            return Stop("all runs are done, and some are still to be tested");
        }

        Dictionary<RunArm, ArmRuns> ends = best.Zip(tested.Chunk(allSeeds.Length), (arm, of) => new ArmRuns(arm, of))
            .ToDictionary(one => one.Arm);
        OptimizersFindings findings = new(
            [.. chosen.Select(one => one with { Chosen = one.Best is { } arm ? ends[arm] : null })], allSeeds,
            arm => (((split.Train.Count - 1) / options.BatchSize) + 1d) * arm.Method!.Passes);
        foreach (string line in findings.Table().Concat(findings.Paragraphs))
        {
            terminal.Line(line);
        }

        string title = Prose.Line($"""
            Perturbed OPT beside other methods: {choice.TitleOn(all)}, {split.Train.Count:N0} training images,
            {plain.ToString()!.Split('(')[0]}
            """);
        results.Write(Picture, OptimizersPlot.Draw(title, findings));
        results.Write(Numbers, findings.Rows());
        results.Write(Report, findings.Page(title, setting, Line(parsed), (results.NameOf(Picture), Numbers)));
        terminal.Line($"→ {results}");
        return 0;

        int Stop(string why) => Unfinished(
            terminal, opened.Shard, $"stopped: {why}; the same command goes on from {folder.Path}.");

        Dictionary<RunArm, ArmRuns>? Train(RunArm[] those, ulong[] of)
        {
            PlannedRun[] planned = [.. those.SelectMany(arm => of.Select(seed => Plan(arm, seed)))];
            IReadOnlyList<RunRecord> records = series.Do(planned, _ => { });
            return records.Count < planned.Length ? null
                : those.Zip(records.Chunk(of.Length), (arm, runs) => new ArmRuns(arm, runs)).ToDictionary(one => one.Arm);
        }

        PlannedRun Plan(RunArm arm, ulong seed)
        {
            int epochs = options.Epochs / arm.Method!.Passes;
            Recipe recipe = arm.Method.Apply(
                new Recipe(
                    choice, options with { Epochs = epochs, Seed = seed, Schedule = optimizer.Schedule(parsed, epochs) }, plain,
                    decay => optimizer.CreatePlain(parsed, decay), optimizer.Algorithm(parsed)),
                arm.Value ?? 0);
            return new PlannedRun(
                $"{arm.Name}, seed {seed}", $"{arm.Key}-seed-{seed}", recipe.Model, split, fingerprint, recipe.Optimizer,
                recipe.Options);
        }
    }
}
