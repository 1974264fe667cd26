using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Figures.Accuracy;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 7: training and test accuracy of a Wide-ResNet by epoch, with OPT and with Perturbed OPT, over some seeds. Each run is
/// kept on disk, so that the whole, which takes hours, can be interrupted at any moment.
/// </summary>
internal sealed class Figure7 : Figure
{
    private const string PictureFile = "figure-7.png", NumbersFile = "figure-7.csv";
    private const string ReportFile = "figure-7.md", RunsName = "figure-7-runs";

    private const string What = """
        Training and test accuracy of a Wide-ResNet by epoch, with and without perturbation (section 8); interrupted, the same
        command goes on.
        """;

    private static readonly RunTexts Texts = new()
    {
        Epochs = Prose.Line($"""
            How many times the training set is seen, which the paper doesn't say; without it {PaperOptions.FullEpochs}, at small
            scale {SmallScale.Epochs}. More than before adds to the runs that are there
            """),
        DefaultEpochs = null,
        BatchSize = "Images a step; without it 128 (CIFAR) or 156 (Tiny ImageNet), as in the paper; at small scale 128 or 32",
        DefaultBatchSize = null,
        Augment = "How training images are varied, of which the paper says nothing",
        Statistics = Prose.Line("""
            Where batch norm's statistics of an evaluated network come from, in all runs alike: a pass over training images at w,
            or the training passes (at w + u where perturbed)
            """),
        StatisticsNames = ["reestimated", "training"],
        DefaultStatistics = "reestimated",
    };

    private readonly TrainingRunOptions run = new(Texts);
    private readonly JobOptions jobs = new();
    private readonly Option<ulong[]> seeds = Options.Seeds("A run of each way of training for each", 3);
    private readonly Option<string?> runsFolder = RunsFolder.Option(RunsName);
    private readonly PaperOptions paper = new();
    private readonly DataSource data;

    public Figure7(Host host)
        : base(host, 7, Prose.Line(What), PictureFile, NumbersFile, ReportFile)
    {
        data = new DataSource(paper.Dataset);
        Add(paper.Dataset, paper.Scale, seeds, run.Epochs, paper, run, runsFolder, jobs, data);
    }

    public override string[] Main =>
    [
        "--output", "--scale", "--dataset", "--seeds", "--epochs", "--runs", "--jobs",
    ];

    protected override int Draw(ParseResult parsed, Terminal terminal, Results results)
    {
        PaperSetting published = paper.Setting(parsed);
        ModelChoice model = paper.Model(parsed);
        RunArm[] arms = paper.Arms(parsed);
        TrainingOptions options = run.Create(parsed, model, paper.Epochs(parsed), paper.BatchSize(parsed));
        RunArm.RequireWholeEpochs(arms, options.Epochs);
        using Jobs opened = jobs.Open(parsed);
        Dataset images = data.LoadClasses(parsed, terminal, Host.Stop.Token);
        if (paper.IsSmall(parsed) && !data.IsLimited(parsed))
        {
            images = images with { Train = images.Train.Take(Math.Min(images.Train.Count, published.Small.Images)) };
        }

        options = options with { Device = opened.Device };
        TrainingRunOptions.RequireBatch(options, images.Train);
        string fingerprint = images.Fingerprint(), network = model.Describe(images);
        List<(RunArm Arm, ulong Seed, PlannedRun Run)> plan =
        [
            .. from seed in parsed.GetValue(seeds)!
               from arm in arms
               let recipe = paper.Recipe(parsed, arm, model, options)
               select (arm, seed, new PlannedRun(
                   $"seed {seed}, {arm.Name}",
                   $"{images.Name}-{network}-{arm.Key}-seed-{seed}",
                   recipe.Model,
                   images,
                   fingerprint,
                   recipe.Optimizer,
                   recipe.Options with { Seed = seed })),
        ];
        if (plan.FirstOrDefault(one => one.Run.Options is
            {
                Average: not null, RunningStatistics: RunningStatistics.FromTrainingPass,
            }) is { Arm: { } averaged })
        {
            throw new UsageException(Prose.Line($"""
                --running-statistics training are not those of the average that {averaged.Name} evaluates: use reestimated.
                """));
        }

        RunArm[] perturbed = [.. arms.Where(arm => arm.Gamma is not null)];
        RunArm[] rivals = [.. arms.Where(arm => arm.Method is not null)];
        string rule = plan[0].Run.Optimizer.ToString()!;
        AccuracyPage page = new(options, images, Line(parsed), plan.Count)
        {
            Title = Prose.Line($"""
                Figure 7: {model.TitleOn(images)} ({images.Train.Count:N0} training images), {rule.Split('(')[0]} with and
                without perturbation
                """),
            Setting = Prose.Line($"""
                {network}, {model.Create(images, opened.Device, 2).ParameterCount:N0} parameters; {images.Name},
                {images.Train.Count:N0} training and {images.Test.Count:N0} test images; {rule}, batch {options.BatchSize},
                constant rate; perturbed: η = {perturbed[0].Eta}, γ = {string.Join(" and ", perturbed.Select(arm => arm.Gamma))}, ε
                = {PaperSetting.Epsilon}{string.Concat(rivals.Select(arm => $"; {arm.Name}"))}; {options.Epochs}
                epochs{(rivals.Any(arm => arm.Passes > 1) ? ", half of them where a step takes two gradients" : "")}; seeds {string.Join(", ", parsed.GetValue(seeds)!)}
                """),
            Differences = PaperDifferences.Of(published, model, images, options, paper.LearningRate(parsed), perturbed),
        };
        terminal.Line($"{page.Setting}; {opened.Device.Name}");
        RunsFolder folder = new(parsed.GetValue(runsFolder) ?? results.PathOf(RunsName));
        terminal.Line($"{plan.Count} runs, kept in {folder.Path}");
        RunSeries series = new(folder, opened, Host, terminal);
        IReadOnlyList<RunRecord> records = series.Do([.. plan.Select(one => one.Run)], soFar =>
        {
            // A seed at a time: what there is so far can be looked at, and survives whatever happens to the rest.
            if (soFar.Count % arms.Length == 0 && soFar.Count < plan.Count)
            {
                Write(soFar);
            }
        });
        if (records.Count < plan.Count)
        {
            int complete = plan.Count(one => folder.Find(one.Run) is { } record && RunsFolder.IsComplete(one.Run, record));
            return Unfinished(
                terminal, opened.Shard,
                $"stopped. {complete} of {plan.Count} runs are complete; the same command goes on from {folder.Path}.");
        }

        if (Write(records) is not { } findings)
        {
            string? why = records.First(record => record.Failure is not null).Failure;
            throw new TrainingException($"No seed's runs came to their end, so there is nothing to draw: {why}");
        }

        foreach (string row in findings.Table().Concat(findings.Paragraphs))
        {
            terminal.Line(row);
        }

        return 0;

        AccuracyFindings? Write(IReadOnlyList<RunRecord> soFar)
        {
            AccuracyCurve[] curves = [.. plan.Zip(soFar, (one, record) => new AccuracyCurve(one.Arm, one.Seed, record))];
            AccuracyFindings found = new(arms, curves, options.Epochs, images.Train.Classes);
            if (found.Seeds.Length == 0)
            {
                return null;
            }

            results.Write(PictureFile, AccuracyPicture.Draw(page.Title, arms, found));
            results.Write(NumbersFile, AccuracyCurve.Rows(curves, images.Name, network));
            results.Write(ReportFile, page.Markdown(found, soFar, (results.NameOf(PictureFile), NumbersFile)));
            return found;
        }
    }
}
