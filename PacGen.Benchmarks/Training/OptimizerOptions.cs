using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;
using Neighborhood = PacGen.Core.Perturbation.Neighborhood;
using TruncatedGaussianNoise = PacGen.Core.Perturbation.TruncatedGaussianNoise;

namespace PacGen.Benchmarks.Training;

/// <summary>The options of OPT, of Algorithm 1 around it, and of the learning rate's course.</summary>
/// <param name="grid">Whether η and γ are lists of the caller's own, and no options here; there is always a perturbation
/// then.</param>
internal sealed class OptimizerOptions(bool grid = false) : OptionGroup
{
    private const double PlainEta = 100, AdaptiveEta = 0.01, DefaultMomentum = 0.9, AdamWDecay = 0.01;
    private const string NoAscent = "none", NoNoise = "none", NeedsNoise = "--perturb uniform or truncated-gaussian";

    /// <summary>
    /// The rules: name, learning rate, weight decay and η without others, and how each is made of learning rate, momentum and
    /// weight decay.
    /// </summary>
    private static readonly (
        string Name, double Rate, double Decay, double Eta, Func<double, double, double, Optimizer> Make)[] Rules =
    [
        ("sgd", 0.1, 0, PlainEta, (rate, _, decay) => new Sgd(rate, weightDecay: decay)),
        ("momentum", 0.01, 0, PlainEta, (rate, momentum, decay) => new Sgd(rate, momentum, weightDecay: decay)),
        ("adam", 0.001, 0, AdaptiveEta, (rate, _, decay) => new Adam(rate, weightDecay: decay)),
        ("adamw", 0.001, AdamWDecay, AdaptiveEta, (rate, _, decay) => new AdamW(rate, weightDecay: decay)),
    ];

    /// <summary>Where two gradients a step are taken: name, ρ without another, and how that is put around an optimizer.</summary>
    private static readonly (string Name, double Rho, Func<Optimizer, double, Optimizer> Around)[] Ascents =
    [
        ("sam", 0.05, (optimizer, rho) => new SharpnessAware(optimizer, rho)),
        ("asam", 0.5, (optimizer, rho) => SharpnessAware.Adaptive(optimizer, rho)),
    ];

    /// <summary>The names of the noises, and how each is given to an optimizer, which starts with the uniform.</summary>
    private static readonly (string Name, Func<PerturbedOptimizer, PerturbedOptimizer> Give)[] Noises =
    [
        ("uniform", optimizer => optimizer),
        ("truncated-gaussian", optimizer => optimizer.WithNoise<TruncatedGaussianNoise>()),
    ];

    private readonly Option<string> optimizer =
        Options.Choice("--optimizer", "The update rule", Rules[0].Name, [.. Rules.Select(rule => rule.Name)]);

    private readonly Option<double?> learningRate = WithAlias("--lr", Options.Number(
        "--learning-rate", "Learning rate; without it 0.1 for sgd, 0.01 for momentum, 0.001 for adam and adamw",
        Interval.Positive));

    private readonly Option<double?> momentum = Options.Number(
        "--momentum", $"μ of --optimizer momentum; without it {DefaultMomentum}", Interval.Fraction);

    private readonly Option<double?> weightDecay = Options.Number(
        "--weight-decay", $"λ: added to the gradient as λw, or decoupled for adamw; without it {AdamWDecay} for adamw, else 0",
        Interval.NotNegative);

    private readonly Option<double?> clipNorm = Options.Number(
        "--clip-norm", "The gradient's largest Euclidean norm: longer ones are scaled down to it; without it none",
        Interval.Positive);

    private readonly Option<string> schedule = Options.Choice(
        "--schedule", "The learning rate's course over the run; cosine goes down to 0 by its end", "cosine", "constant", "step",
        "cosine");

    private readonly Option<double?> stepEpochs = Options.Number(
        "--step-epochs", "Epochs between the steps of --schedule step; without it a third of the run", Interval.Positive);

    private readonly Option<double?> stepFactor = Options.Number(
        "--step-factor", "What each step of --schedule step multiplies the learning rate by; without it 0.1", Interval.Positive);

    private readonly Option<double> warmUp = Options.Number(
        "--warm-up", "Epochs over which the learning rate rises linearly from a hundredth to its first value",
        Interval.NotNegative, 0);

    private readonly Option<string> perturb = Options.Choice(
        "--perturb",
        Prose.Line("""
            The perturbation u of the weights that the gradient is taken at (Algorithm 1), uniform on (−σ, σ) or N(0, σ²) cut off
            at ±κ, σ and κ being those of its lines 8 and 7
            """),
        grid ? Noises[0].Name : NoNoise,
        [.. grid ? (string[])[] : [NoNoise], .. Noises.Select(noise => noise.Name)]);

    private readonly Option<double?> eta = Options.Number(
        "--eta",
        Prose.Line($"""
            η of Algorithm 1: larger means smaller perturbations; without it {PlainEta} for sgd and momentum, {AdaptiveEta} for
            adam and adamw (the paper's section 8)
            """),
        Interval.Positive);

    private readonly Option<double?> gamma = Options.Number(
        "--gamma",
        Prose.Line("""
            γ of Algorithm 1: how far |w| widens a weight's neighbourhood; without it 0.1 (the listing; section 8 uses 1 with SGD,
            10 with Adam)
            """),
        Interval.Gamma);

    private readonly Option<double?> epsilon = Options.Number(
        "--epsilon", "ε of Algorithm 1: the neighbourhood of a zero weight; without it 1E-05", Interval.Epsilon);

    private readonly Option<double?> beta1 = Options.Number(
        "--beta1", "β₁ of Algorithm 1: how much of h, the smoothed squared gradient, stays at each step; without it 0.999",
        Interval.OpenFraction);

    private readonly Option<double?> beta2 = Options.Number(
        "--beta2", "β₂ of Algorithm 1: weights whose |gradient| reaches it are not perturbed; without it 0.1",
        Interval.NotNegative);

    private readonly Option<string> sharpness = Options.Choice(
        "--sharpness",
        Prose.Line("""
            Sharpness-aware minimization: the gradient is taken at w + ρg/‖g‖ (sam), or so that scaled weights change nothing
            (asam); a step takes two passes
            """),
        NoAscent, [NoAscent, .. Ascents.Select(ascent => ascent.Name)]);

    private readonly Option<double?> sharpnessRho = Options.Number(
        "--sharpness-rho", "ρ of --sharpness: how far the second gradient is from w; without it 0.05 for sam, 0.5 for asam",
        Interval.Positive);

    public override IReadOnlyList<Option> All =>
    [
        optimizer, learningRate, momentum, weightDecay, clipNorm, schedule, stepEpochs, stepFactor, warmUp,
        perturb, .. grid ? (Option[])[] : [eta, gamma, sharpness, sharpnessRho], epsilon, beta1, beta2,
    ];

    /// <summary>η of section 8 for the optimizer of a command line, where no other is given.</summary>
    public double PaperEta(ParseResult parsed) => RuleOf(parsed).Eta;

    /// <summary>The optimizer that a command line asks for.</summary>
    /// <exception cref="UsageException">An option is given that has no effect.</exception>
    public Optimizer Create(ParseResult parsed)
    {
        parsed.Needs(IsPerturbed(parsed), NeedsNoise, eta, gamma, epsilon, beta1, beta2);
        Optimizer plain = CreatePlain(parsed);
        parsed.Needs(IsAscending(parsed), "--sharpness sam or asam", sharpnessRho);
        if (IsAscending(parsed))
        {
            if (IsPerturbed(parsed))
            {
                throw new UsageException(
                    "--sharpness and --perturb both choose where the gradient is taken: leave one of them out.");
            }

            (_, double rho, Func<Optimizer, double, Optimizer> around) = Ascents.First(
                ascent => ascent.Name == parsed.GetValue(sharpness));
            return around(plain, parsed.GetValue(sharpnessRho) ?? rho);
        }

        return IsPerturbed(parsed) ? Perturb(parsed, plain, parsed.GetValue(eta) ?? PaperEta(parsed), parsed.GetValue(gamma))
            : plain;
    }

    /// <summary>The optimizer without its perturbation.</summary>
    /// <exception cref="UsageException">An option is given that has no effect.</exception>
    public Optimizer CreatePlain(ParseResult parsed)
    {
        (string name, double rate, double decay, _, Func<double, double, double, Optimizer> make) = RuleOf(parsed);
        parsed.Needs(name == "momentum", "--optimizer momentum", momentum);
        return make(
            parsed.GetValue(learningRate) ?? rate, parsed.GetValue(momentum) ?? DefaultMomentum,
            parsed.GetValue(weightDecay) ?? decay);
    }

    /// <summary>Perturbed OPT around an optimizer, with the command line's noise, ε, β₁ and β₂.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="inner">OPT.</param>
    /// <param name="level">η.</param>
    /// <param name="width">γ; the listing's without it.</param>
    public PerturbedOptimizer Perturb(ParseResult parsed, Optimizer inner, double level, double? width)
    {
        AlgorithmOne settings = new(level);
        PerturbedOptimizer perturbed = new(inner, settings with
        {
            Neighborhood =
                new Neighborhood(width ?? settings.Neighborhood.Gamma, parsed.GetValue(epsilon) ?? settings.Neighborhood.Epsilon),
            Beta1 = parsed.GetValue(beta1) ?? settings.Beta1,
            Beta2 = parsed.GetValue(beta2) ?? settings.Beta2,
        });
        return Noises.First(noise => noise.Name == parsed.GetValue(perturb)).Give(perturbed);
    }

    /// <summary>The gradient's largest norm, or null.</summary>
    public double? ClipNorm(ParseResult parsed) => parsed.GetValue(clipNorm);

    /// <summary>The learning rate's course over some epochs.</summary>
    /// <exception cref="UsageException">An option is given that has no effect, or the warm-up takes the whole run.</exception>
    public LearningRateSchedule Schedule(ParseResult parsed, int epochs)
    {
        string name = parsed.GetValue(schedule)!;
        parsed.Needs(name == "step", "--schedule step", stepEpochs, stepFactor);
        double rise = parsed.GetValue(warmUp);
        if (rise > 0 && rise >= epochs)
        {
            throw new UsageException($"--warm-up is {rise} epochs, but the run has {epochs}: warm up for fewer.");
        }

        double rest = epochs - rise;
        LearningRateSchedule course = name switch
        {
            "step" => LearningRateSchedule.Step(parsed.GetValue(stepEpochs) ?? rest / 3, parsed.GetValue(stepFactor) ?? 0.1),
            "cosine" => LearningRateSchedule.Cosine(rest),
            _ => LearningRateSchedule.Constant,
        };
        return rise > 0 ? course.WithWarmUp(rise) : course;
    }

    private (string Name, double Rate, double Decay, double Eta, Func<double, double, double, Optimizer> Make) RuleOf(
        ParseResult parsed) =>
        Rules.First(rule => rule.Name == parsed.GetValue(optimizer));

    /// <summary>What most programs call it is understood too.</summary>
    private static Option<T> WithAlias<T>(string alias, Option<T> option)
    {
        option.Aliases.Add(alias);
        return option;
    }

    private bool IsAscending(ParseResult parsed) => parsed.GetValue(sharpness) is { } name && name != NoAscent;

    private bool IsPerturbed(ParseResult parsed) => parsed.GetValue(perturb) != NoNoise;
}
