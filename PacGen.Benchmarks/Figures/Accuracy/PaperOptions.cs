using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>The options of Figure 7 whose defaults are the paper's, by data set and scale.</summary>
internal sealed class PaperOptions : OptionGroup
{
    /// <summary>The epochs at full scale.</summary>
    public const int FullEpochs = 100;

    private const string Small = "small";

    private readonly Option<int?> depth = Options.Count(
        "--depth", $"The Wide-ResNet's depth, 6n + 4; without it {PaperSetting.Depth}, at small scale {SmallScale.Depth}", 10);

    private readonly Option<int?> widen = Options.Count(
        "--widen", $"The Wide-ResNet's widening factor; without it {PaperSetting.Widen}, at small scale {SmallScale.Widen}");

    private readonly Option<double?> learningRate = Options.Number(
        "--learning-rate",
        Prose.Line("""
            Learning rate, constant; without it 0.0001 with Adam (CIFAR), 0.01 with SGD (Tiny ImageNet), as in the paper; at small
            scale 0.001 with Adam, 0.1 with SGD
            """),
        Interval.Positive);

    private readonly Option<double?> eta = Options.Number(
        "--eta", "η of Algorithm 1; without it 0.01 (CIFAR) or 100 (Tiny ImageNet), as in the paper", Interval.Positive);

    private readonly Option<double[]> gamma = Options.Numbers(
        "--gamma",
        "γ of Algorithm 1, a curve for each; without it 10 (CIFAR) or 1 (Tiny ImageNet), as in the paper; at small scale 1",
        Interval.Gamma);

    /// <summary>The option that names the images.</summary>
    public Option<string> Dataset { get; } =
        Options.Choice("--dataset", "The images", "cifar-10", [.. PaperSetting.All.Select(setting => setting.Dataset)]);

    /// <summary>The option that says how much is trained.</summary>
    public Option<string> Scale { get; } = Options.Choice(
        "--scale",
        Prose.Line("""
            The paper's network, WRN-58-3, and all images, which takes a CPU weeks; or WRN-10-1 on the first 5,000 images
            (tiny-imagenet: 2,000), long enough to fit them (tiny-imagenet: two thirds): a quarter of an hour for three seeds on
            two cores, on tiny-imagenet half an hour
            """),
        "full",
        "full",
        Small);

    private readonly Option<RunArm[]?> beside = Method.Option(
        "--beside",
        Prose.Line("""
            Other methods that are drawn beside, each at the values given or one of its own; those that take two gradients a step
            have half the epochs
            """),
        method => method.Grid.Skip(1).Take(1));

    public override string Title => "Setting";

    public override IReadOnlyList<Option> All => [depth, widen, learningRate, eta, gamma, beside];

    /// <summary>The paper's setting for the images.</summary>
    public PaperSetting Setting(ParseResult parsed) =>
        PaperSetting.All.Single(setting => setting.Dataset == parsed.GetValue(Dataset));

    /// <summary>Whether less is trained than in the paper.</summary>
    public bool IsSmall(ParseResult parsed) => parsed.GetValue(Scale) == Small;

    /// <summary>The images a step where no others are given.</summary>
    public int BatchSize(ParseResult parsed) => IsSmall(parsed) ? Setting(parsed).Small.BatchSize : Setting(parsed).BatchSize;

    /// <summary>The epochs where no others are given.</summary>
    public int Epochs(ParseResult parsed) => IsSmall(parsed) ? SmallScale.Epochs : FullEpochs;

    /// <summary>The network.</summary>
    /// <exception cref="UsageException">The depth is not 6n + 4.</exception>
    public ModelChoice Model(ParseResult parsed) => new(
        "wide-resnet",
        [],
        ModelOptions.CheckedDepth(parsed.GetValue(depth) ?? (IsSmall(parsed) ? SmallScale.Depth : PaperSetting.Depth)),
        parsed.GetValue(widen) ?? (IsSmall(parsed) ? SmallScale.Widen : PaperSetting.Widen));

    /// <summary>The ways of training: the plain one, one for each γ, the largest first, and the other methods.</summary>
    /// <exception cref="UsageException">Another method is one of those that are drawn anyway.</exception>
    public RunArm[] Arms(ParseResult parsed)
    {
        RunArm[] others = parsed.GetValue(beside) ?? [];
        if (others.FirstOrDefault(arm => arm.Method!.Name is "plain" or "perturbed") is { Method.Name: { } name })
        {
            throw new UsageException(
                $"--beside: {name} is drawn anyway{(name == "perturbed" ? ", with each --gamma" : "")}: leave it out.");
        }

        double[] gammas = parsed.GetValue(gamma) is { Length: > 0 } given ? given
            : [IsSmall(parsed) ? Setting(parsed).Small.Gamma : Setting(parsed).Gamma];
        return
        [
            RunArm.Plain, .. gammas.OrderDescending().Select(one => new RunArm(parsed.GetValue(eta) ?? Setting(parsed).Eta, one)),
            .. others,
        ];
    }

    /// <summary>The learning rate in place of the paper's, or null.</summary>
    public double? LearningRate(ParseResult parsed) =>
        parsed.GetValue(learningRate) ?? (IsSmall(parsed) ? Setting(parsed).Small.LearningRate : null);

    /// <summary>How one of the ways of training trains.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arm">The way.</param>
    /// <param name="model">The network.</param>
    /// <param name="options">What all have alike; the epochs are of one gradient a step.</param>
    public Recipe Recipe(ParseResult parsed, RunArm arm, ModelChoice model, TrainingOptions options)
    {
        PaperSetting published = Setting(parsed);
        double rate = LearningRate(parsed) ?? published.LearningRate;
        Recipe plain = new(
            model, options with { Epochs = options.Epochs / arm.Passes }, published.Opt(rate),
            decay => published.Opt(rate, decay),
            new AlgorithmOne(parsed.GetValue(eta) ?? published.Eta, epsilon: PaperSetting.Epsilon));
        return arm.Method is { } method ? method.Apply(plain, arm.Value ?? 0)
            : arm.Gamma is { } gamma ? plain with { Optimizer = plain.Perturbed(gamma) }
            : plain;
    }
}
