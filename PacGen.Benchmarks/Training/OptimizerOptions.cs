using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;
using GaussianNoise = PacGen.Core.Perturbation.GaussianNoise;
using Neighborhood = PacGen.Core.Perturbation.Neighborhood;
using NoiseSchedule = PacGen.Core.Perturbation.NoiseSchedule;
using SigmaLevel = PacGen.Core.Perturbation.SigmaLevel;
using TruncatedGaussianNoise = PacGen.Core.Perturbation.TruncatedGaussianNoise;

namespace PacGen.Benchmarks.Training;

/// <summary>The options of OPT, of Algorithm 1 around it, and of the learning rate's course.</summary>
/// <param name="use">What the caller chooses itself, and is no option here.</param>
/// <param name="rule">The update rule without the option; null for the first.</param>
internal sealed class OptimizerOptions(OptimizerUse use = OptimizerUse.Whole, string? rule = null) : OptionGroup
{
    private const double PlainEta = 100, AdaptiveEta = 0.01, DefaultMomentum = 0.9, AdamWDecay = 0.01, IvonDecay = 1e-4;
    private const double IvonBeta = 0.998;
    private const string NoAscent = "none", NoNoise = "none", Ivon = "ivon";

    /// <summary>
    /// The rules: name, learning rate, weight decay and η without others, and how each is made of the command line, learning
    /// rate and weight decay.
    /// </summary>
    private static readonly (
        string Name, double Rate, double Decay, double Eta,
        Func<OptimizerOptions, ParseResult, double, double, Optimizer> Make)[] Rules =
    [
        ("sgd", 0.1, 0, PlainEta, (_, _, rate, decay) => new Sgd(rate, weightDecay: decay)),
        ("momentum", 0.01, 0, PlainEta, (options, parsed, rate, decay) =>
            new Sgd(rate, parsed.GetValue(options.momentum) ?? DefaultMomentum, weightDecay: decay)),
        ("adam", 0.001, 0, AdaptiveEta, (_, _, rate, decay) => new Adam(rate, weightDecay: decay)),
        ("adamw", 0.001, AdamWDecay, AdaptiveEta, (_, _, rate, decay) => new AdamW(rate, weightDecay: decay)),
        (Ivon, 0.1, IvonDecay, AdaptiveEta, (options, parsed, rate, decay) => new Ivon(
            rate, parsed.GetValue(options.ivonExamples), parsed.GetValue(options.momentum) ?? DefaultMomentum,
            parsed.GetValue(options.ivonBeta) ?? IvonBeta, decay, parsed.GetValue(options.ivonHessian) ?? 1)),
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
        ("gaussian", optimizer => optimizer.WithNoise<GaussianNoise>()),
    ];

    /// <summary>The courses of the noise over the epochs, the listing's first.</summary>
    public static IReadOnlyList<(string Name, NoiseSchedule Schedule)> NoiseSchedules { get; } =
        [("log", NoiseSchedule.Logarithmic), ("constant", NoiseSchedule.Constant)];

    private static readonly (string Name, SigmaLevel Level)[] Levels =
        [("optimal", SigmaLevel.Optimal), ("kappa", SigmaLevel.Kappa), ("fixed", SigmaLevel.Fixed)];

    private static readonly string NeedsNoise =
        $"--perturb {string.Join(", ", Noises[..^1].Select(noise => noise.Name))} or {Noises[^1].Name}";

    private readonly Option<string> optimizer = Options.Choice(
        "--optimizer", "The update rule", rule ?? Rules[0].Name,
        [.. Rules.Select(rule => rule.Name).Where(name => use == OptimizerUse.Whole || name != Ivon)]);

    private readonly Option<double?> learningRate = WithAlias("--lr", Options.Number(
        "--learning-rate", "Learning rate; without it 0.1 for sgd and ivon, 0.01 for momentum, 0.001 for adam and adamw",
        Interval.Positive));

    private readonly Option<double?> momentum = Options.Number(
        "--momentum", $"μ of --optimizer momentum, or β₁ of ivon; without it {DefaultMomentum}", Interval.Fraction);

    private readonly Option<double?> weightDecay = WithAlias("--wd", Options.Number(
        "--weight-decay",
        Prose.Line($"""
            λ: added to the gradient as λw, or decoupled for adamw; δ of ivon, above 0. Without it {AdamWDecay} for adamw,
            {IvonDecay} for ivon, else 0
            """),
        Interval.NotNegative));

    private readonly Option<double?> ivonBeta = Options.Number(
        "--ivon-beta2",
        Prose.Line($"""
            β₂ of ivon: how much of its Hessian stays at each step; without it {IvonBeta}, for hundreds to thousands of steps
            (its authors' 0.99999 is for a hundred thousand)
            """),
        Interval.Fraction);

    private readonly Option<double?> ivonHessian = Options.Number(
        "--ivon-hessian", "h₀ of ivon, its first Hessian; without it 1", Interval.Positive);

    private readonly Option<double?> ivonExamples = Options.Number(
        "--ivon-examples",
        "λ of ivon, whose posterior is N(w, 1/(λ(h + δ))): larger means less noise; without it the number of training images",
        Interval.Positive);

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
            The perturbation u of the weights that the gradient is taken at (Algorithm 1): uniform on (−σ, σ), N(0, σ²) cut off at
            ±κ, or N(0, σ²), σ and κ being those of its lines 8 and 7
            """),
        use == OptimizerUse.Whole ? NoNoise : Noises[0].Name,
        [.. use == OptimizerUse.Whole ? (string[])[NoNoise] : [], .. Noises.Select(noise => noise.Name)]);

    private readonly Option<string> sigma = Options.Choice(
        "--sigma",
        Prose.Line("""
            σ of --perturb: that of line 8, κ of line 7 in its place, or γ|w| + ε for every weight in every step; without it
            optimal
            """),
        null, [.. Levels.Select(one => one.Name)]);

    private readonly Option<bool> twoPoint = Options.Flag(
        "--two-point", "Takes the mean of the gradients at w + u and at w − u; a step takes two passes");

    private readonly Option<bool> biasCorrection = Options.Flag(
        "--bias-correction", "Divides h of Algorithm 1 by 1 − β₁ᵗ at step t, which the paper does not");

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
            γ of Algorithm 1: how far |w| widens a weight's neighbourhood; without it 0.1, the listing's, which changes little; 0.5
            to 1 gains where plain training overfits; section 8 has 1 with SGD, 10 with Adam
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

    private readonly Option<string> noiseSchedule = Options.Choice(
        "--noise-schedule", "What Algorithm 1 divides γ and σ by: log(1 + epoch), as in the listing, or 1", null,
        [.. NoiseSchedules.Select(one => one.Name)]);

    private readonly Option<int?> noiseWarmUp = Options.Count(
        "--noise-warm-up", "Epochs over which κ and σ of Algorithm 1 rise linearly to their full size; without it 0", 0);

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

    public override string Title => "Optimizer";

    public override string TitleOf(Option option) =>
        ((Option[])[optimizer, learningRate, momentum, weightDecay, ivonBeta, ivonHessian, ivonExamples]).Contains(option) ? Title
        : ((Option[])[clipNorm, schedule, stepEpochs, stepFactor, warmUp]).Contains(option) ? "Learning rate"
        : "Perturbation";

    public override IReadOnlyList<Option> All =>
    [
        optimizer, learningRate, momentum, weightDecay,
        .. use == OptimizerUse.Whole ? (Option[])[ivonBeta, ivonHessian, ivonExamples] : [],
        clipNorm, schedule, stepEpochs, stepFactor, warmUp,
        .. use == OptimizerUse.Methods ? (Option[])[] : [perturb],
        .. use switch
        {
            OptimizerUse.Whole => (Option[])[sigma, eta, gamma, noiseSchedule, noiseWarmUp, sharpness, sharpnessRho],
            OptimizerUse.Methods => [eta, noiseSchedule, noiseWarmUp],
            _ => [],
        },
        epsilon, beta1, beta2, biasCorrection,
        .. use == OptimizerUse.Methods ? (Option[])[] : [twoPoint],
    ];

    /// <summary>η of section 8 for the optimizer of a command line, where no other is given.</summary>
    public double PaperEta(ParseResult parsed) => RuleOf(parsed).Eta;

    /// <summary>What an option is where it is not given, whose default depends on others: each that may be.</summary>
    public IEnumerable<string> UsualValues(Option option)
    {
        AlgorithmOne listing = new(PlainEta);
        double[] numbers = option == learningRate ? [.. Rules.Select(rule => rule.Rate)]
            : option == weightDecay ? [.. Rules.Select(rule => rule.Decay)]
            : option == eta ? [.. Rules.Select(rule => rule.Eta)]
            : option == momentum ? [DefaultMomentum]
            : option == gamma ? [listing.Neighborhood.Gamma]
            : option == epsilon ? [listing.Neighborhood.Epsilon]
            : option == beta1 ? [listing.Beta1]
            : option == beta2 ? [listing.Beta2]
            : option == noiseWarmUp ? [0]
            : option == sharpnessRho ? [.. Ascents.Select(ascent => ascent.Rho)] : [];
        return option == sigma ? [Levels[0].Name] : option == noiseSchedule ? [NoiseSchedules[0].Name]
            : numbers.Distinct().Select(value => value.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>The optimizer that a command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="keepsSecondMoment">Whether h, which β₁ smooths, is kept whatever σ is.</param>
    /// <exception cref="UsageException">An option is given that has no effect.</exception>
    public Optimizer Create(ParseResult parsed, bool keepsSecondMoment = false)
    {
        parsed.Needs(
            IsPerturbed(parsed), NeedsNoise, sigma, eta, gamma, epsilon, beta1, beta2, biasCorrection, twoPoint, noiseSchedule,
            noiseWarmUp);
        SigmaLevel level = LevelOf(parsed);
        parsed.Needs(level == SigmaLevel.Optimal, "--sigma optimal", eta);
        parsed.Needs(
            level != SigmaLevel.Fixed, "--sigma optimal or kappa", beta1, beta2, biasCorrection, noiseSchedule, noiseWarmUp);
        parsed.Needs(level == SigmaLevel.Optimal || keepsSecondMoment, "--sigma optimal", beta1, biasCorrection);
        Optimizer plain = CreatePlain(parsed);
        if (plain is Ivon && (IsPerturbed(parsed) || IsAscending(parsed)))
        {
            throw new UsageException(
                "--optimizer ivon draws the weights that its gradient is taken at itself: leave --perturb and --sharpness out.");
        }

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
    /// <param name="parsed">The command line.</param>
    /// <param name="otherDecay">A weight decay in place of its own.</param>
    /// <exception cref="UsageException">An option is given that has no effect.</exception>
    public Optimizer CreatePlain(ParseResult parsed, double? otherDecay = null)
    {
        (string name, double rate, double decay, _, var make) = RuleOf(parsed);
        parsed.Needs(name is "momentum" or Ivon, "--optimizer momentum or ivon", momentum);
        parsed.Needs(name == Ivon, "--optimizer ivon", ivonBeta, ivonHessian, ivonExamples);
        return name == Ivon && parsed.GetValue(weightDecay) == 0
            ? throw new UsageException("--weight-decay is 0, but ivon needs a prior: use one above 0.")
            : make(this, parsed, parsed.GetValue(learningRate) ?? rate, otherDecay ?? parsed.GetValue(weightDecay) ?? decay);
    }

    /// <summary>Perturbed OPT around an optimizer, with the command line's noise, ε, β₁ and β₂.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="inner">OPT.</param>
    /// <param name="level">η.</param>
    /// <param name="width">γ; the listing's without it.</param>
    /// <param name="schedule">How the noise changes over the epochs; the command line's without it.</param>
    public PerturbedOptimizer Perturb(
        ParseResult parsed, Optimizer inner, double level, double? width, NoiseSchedule? schedule = null)
    {
        AlgorithmOne algorithm = Algorithm(parsed, level, width);
        PerturbedOptimizer perturbed = new(inner, algorithm with { Schedule = schedule ?? algorithm.Schedule })
        {
            TwoPoint = parsed.GetValue(twoPoint),
        };
        return Noises.First(noise => noise.Name == parsed.GetValue(perturb)).Give(perturbed);
    }

    /// <summary>Algorithm 1's parameters, with the command line's ε, β₁ and β₂.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="level">η; the command line's or the paper's without it.</param>
    /// <param name="width">γ; the listing's without it.</param>
    public AlgorithmOne Algorithm(ParseResult parsed, double? level = null, double? width = null)
    {
        AlgorithmOne settings = new(level ?? parsed.GetValue(eta) ?? PaperEta(parsed));
        return settings with
        {
            Neighborhood =
                new Neighborhood(width ?? settings.Neighborhood.Gamma, parsed.GetValue(epsilon) ?? settings.Neighborhood.Epsilon),
            Beta1 = parsed.GetValue(beta1) ?? settings.Beta1,
            Beta2 = parsed.GetValue(beta2) ?? settings.Beta2,
            BiasCorrection = parsed.GetValue(biasCorrection),
            Level = LevelOf(parsed),
            Schedule = use == OptimizerUse.Grid ? settings.Schedule : ScheduleOf(parsed),
        };
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

    private (string Name, double Rate, double Decay, double Eta,
        Func<OptimizerOptions, ParseResult, double, double, Optimizer> Make) RuleOf(ParseResult parsed) =>
        Rules.First(rule => rule.Name == parsed.GetValue(optimizer));

    private SigmaLevel LevelOf(ParseResult parsed) =>
        use == OptimizerUse.Whole && parsed.GetValue(sigma) is { } name
            ? Levels.First(one => one.Name == name).Level : SigmaLevel.Optimal;

    /// <summary>An option that takes courses of the noise over the epochs.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What becomes of them.</param>
    public static Option<NoiseSchedule[]> OfNoiseSchedules(string name, string what) => Options.Make<NoiseSchedule[]>(
        name,
        "schedules",
        Prose.Line($"""
            {what}: {string.Join(", ", NoiseSchedules.Select(one => one.Name))} (divided by log(1 + epoch) as in the listing, or by
            1), the epochs of a linear rise behind :, such as log,constant:5
            """),
        word =>
        {
            List<NoiseSchedule> courses = [];
            foreach (string[] part in word.Split(',').Select(part => part.Trim().Split(':')))
            {
                int rise = 0;
                if (NoiseSchedules.FirstOrDefault(one => one.Name == part[0]).Schedule is not { } course || part.Length > 2
                    || (part.Length > 1 && !int.TryParse(part[1], NumberStyles.None, CultureInfo.InvariantCulture, out rise)))
                {
                    return ([], Prose.Line($"""
                        {name} is '{word}', but must be {string.Join(" or ", NoiseSchedules.Select(one => one.Name))}, each with :
                        and a number of epochs or without, with commas between them.
                        """));
                }

                courses.Add(course with { WarmUp = rise });
            }

            return courses.Distinct().Count() == courses.Count ? ([.. courses], null)
                : ([], $"{name} has a schedule twice: '{word}'.");
        },
        () => [NoiseSchedule.Logarithmic]);

    private NoiseSchedule ScheduleOf(ParseResult parsed)
    {
        string name = parsed.GetValue(noiseSchedule) ?? NoiseSchedules[0].Name;
        return NoiseSchedules.First(one => one.Name == name).Schedule with { WarmUp = parsed.GetValue(noiseWarmUp) ?? 0 };
    }

    /// <summary>What most programs call it is understood too.</summary>
    private static Option<T> WithAlias<T>(string alias, Option<T> option)
    {
        option.Aliases.Add(alias);
        return option;
    }

    private bool IsAscending(ParseResult parsed) => parsed.GetValue(sharpness) is { } name && name != NoAscent;

    private bool IsPerturbed(ParseResult parsed) => parsed.GetValue(perturb) != NoNoise;
}
