using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>
/// The options of a training run. One that is declared here, set in <see cref="Create"/> and put in <see cref="Describe"/> is an
/// option of every verb that trains, stands in checkpoints' command lines, and tells kept runs apart.
/// </summary>
internal sealed class TrainingRunOptions : OptionGroup
{
    private const string None = "none", CropFlip = "crop-flip", Swa = "swa", Ema = "ema";
    private const double EmaDecay = 0.999;

    private static readonly (string Name, RunningStatistics Value)[] Statistics =
        [("training", RunningStatistics.FromTrainingPass), ("kept", RunningStatistics.Kept),
            ("reestimated", RunningStatistics.Reestimated)];

    private readonly Option<int?> batchSize;
    private readonly Option<string> augment;
    private readonly Option<string>? statistics;
    private readonly OptimizerOptions? optimizer;
    private readonly bool averages;
    private readonly Option<int> accumulate = Options.Count(
        "--accumulate",
        Prose.Line("""
        In how many parts a batch is passed, for batches that don't fit into memory, or for several processes that share them:
        their gradients' mean goes into the one update. It divides the batch size, and with processes is a power of two, their
        number or more; batch norm sees parts
        """),
        1,
        1);

    private readonly Option<string> average = Options.Choice(
        "--average",
        Prose.Line("""
            The average of the weights that is evaluated, scored and saved in their place: none, their mean at the ends of epochs
            (for which the rate is best kept high, --schedule constant), or an exponential moving average over the steps
            """),
        None, None, Swa, Ema);

    private readonly Option<int?> averageStart = Options.Count(
        "--average-start", "The first epoch that counts in --average; without it that after 3/4 of the run for swa, 1 for ema");

    private readonly Option<double?> averageDecay = Options.Number(
        "--average-decay", $"How much of --average ema stays at each step; without it {EmaDecay}", Interval.Fraction);

    /// <param name="texts">What the help says.</param>
    /// <param name="optimizer">
    /// The options of the update and the learning rate's course; null where the verb decides on them.
    /// </param>
    public TrainingRunOptions(RunTexts texts, OptimizerOptions? optimizer = null)
    {
        this.optimizer = optimizer;
        averages = texts.Averages;
        accumulate.Aliases.Add("--parts");
        Epochs = Options.Count("--epochs", texts.Epochs, 1, texts.DefaultEpochs);
        batchSize = Options.Count("--batch-size", texts.BatchSize, 1, texts.DefaultBatchSize);
        batchSize.Aliases.Add("--bs");
        augment = Options.Choice(
            "--augment", $"{texts.Augment}: not at all, or padded by 4 and cropped, and mirrored by chance", None, None,
            CropFlip);
        statistics = texts.Statistics is null ? null : Options.Choice(
            "--running-statistics", texts.Statistics, texts.DefaultStatistics, texts.StatisticsNames);
    }

    public override string Title => "Training";

    public override string TitleOf(Option option) =>
        optimizer?.All.Contains(option) == true ? optimizer.TitleOf(option) : Title;

    public override IReadOnlyList<Option> All =>
    [
        Epochs, batchSize, accumulate, augment, .. optimizer?.All ?? [],
        .. averages ? (Option[])[average, averageStart, averageDecay] : [],
        .. statistics is null ? (Option[])[] : [statistics],
    ];

    /// <summary>The epochs.</summary>
    public Option<int?> Epochs { get; }

    /// <summary>The seed, where one run has one.</summary>
    public Option<ulong> Seed { get; } = Options.Seed();

    /// <summary>The options as the library takes them; what only the verb knows, such as the device, it adds.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The network.</param>
    /// <param name="defaultEpochs">The epochs where neither the command line nor the help has any.</param>
    /// <param name="defaultBatchSize">The batch size where neither the command line nor the help has any.</param>
    /// <exception cref="UsageException">Options contradict each other, or one has no effect.</exception>
    public TrainingOptions Create(ParseResult parsed, ModelChoice model, int defaultEpochs = 1, int defaultBatchSize = 1)
    {
        bool normalises = model.HasStatistics;
        int count = parsed.GetValue(Epochs) ?? defaultEpochs;
        int batch = parsed.GetValue(batchSize) ?? defaultBatchSize, parts = parsed.GetValue(accumulate);
        if (batch % parts != 0)
        {
            IEnumerable<int> possible = Enumerable.Range(1, batch).Where(divisor => batch % divisor == 0);
            string given = parsed.GetResult(accumulate)?.IdentifierToken?.Value ?? accumulate.Name;
            throw new UsageException(Prose.Line($"""
                {given} is {parts}, but a batch of {batch} can be passed in {string.Join(", ", possible)} equal parts: use
                one of these, or another --batch-size.
                """));
        }

        if (statistics is not null)
        {
            parsed.Needs(normalises, "--model wide-resnet or resnet18", statistics);
        }

        return new TrainingOptions
        {
            Epochs = count,
            BatchSize = batch,
            Accumulate = parts,
            Augmentation = parsed.GetValue(augment) == CropFlip ? Augmentation.CropFlip : null,
            RunningStatistics = statistics is not null && parsed.GetValue(statistics) is { } name
                ? Statistics.First(one => one.Name == name).Value : null,
            Schedule = optimizer?.Schedule(parsed, count) ?? LearningRateSchedule.Constant,
            Average = averages ? Average(parsed, count) : null,
            ClipNorm = optimizer?.ClipNorm(parsed),
            Seed = parsed.GetValue(Seed),
        };
    }

    private WeightAveraging? Average(ParseResult parsed, int epochs)
    {
        string name = parsed.GetValue(average)!;
        parsed.Needs(name != None, "--average swa or ema", averageStart);
        parsed.Needs(name == Ema, "--average ema", averageDecay);
        int start = parsed.GetValue(averageStart) ?? (name == Swa ? (3 * epochs / 4) + 1 : 1);
        if (start > epochs)
        {
            throw new UsageException(
                $"--average-start is {start}, but the run has {epochs} epochs: start with one of these, or leave --average out.");
        }

        if (name != None && statistics is not null && parsed.GetValue(statistics) == Statistics[0].Name)
        {
            throw new UsageException(Prose.Line("""
                --running-statistics training are those of the weights that are trained, not of their --average: use reestimated
                or kept.
                """));
        }

        return name switch
        {
            Swa => WeightAveraging.Swa(start),
            Ema => WeightAveraging.Ema(parsed.GetValue(averageDecay) ?? EmaDecay, start),
            _ => null,
        };
    }

    /// <summary>Everything in the options that decides a run's numbers but for how many epochs there are, by name.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(TrainingOptions options) =>
    [
        ("schedule", $"{options.Schedule}"),
        ("augmentation", options.Augmentation?.ToString() ?? None),
        ("largest norm of the gradient", options.ClipNorm is { } norm ? $"{norm}" : None),
        ("average", options.Average?.ToString() ?? None),
        ("batch size", options.Accumulate == 1 ? $"{options.BatchSize}" : $"{options.BatchSize} in {options.Accumulate} parts"),
        ("running statistics", options.RunningStatistics?.ToString() ?? "the optimizer's default"),
        ("seed", $"{options.Seed}"),
    ];

    /// <summary>Refuses a batch that is larger than what is trained on.</summary>
    /// <param name="options">The options.</param>
    /// <param name="images">The images to train on.</param>
    /// <param name="besides">What they are besides, such as <c>besides the validation images</c>.</param>
    /// <exception cref="UsageException">The batch is larger.</exception>
    public static void RequireBatch(TrainingOptions options, SampleSet images, string besides = "")
    {
        if (options.BatchSize > images.Count)
        {
            throw new UsageException(Prose.Line($"""
                --batch-size is {options.BatchSize}, but there are {images.Count} training {images.Noun}{besides}: use a smaller
                batch, or more {images.Noun}.
                """));
        }
    }
}
