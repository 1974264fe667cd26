using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Benchmarks.Certification;

/// <summary>The options of a certificate: its prior, its posterior, and the probabilities with which it may fail.</summary>
internal sealed class CertifyRunOptions : OptionGroup
{
    private static readonly CertifyOptions Defaults = new();

    private readonly Option<ulong> seed = Options.Seed();
    private readonly Option<int> batchSize = Options.Count("--batch-size", "Images a step", 1, Defaults.BatchSize);

    private readonly PartsOption parts = new("Batches are passed, and their gradients averaged, in so many parts. ");

    private readonly Option<double> priorFraction = Options.Number(
        "--prior-fraction",
        "The part of the training images that the prior learns from; the certificate is taken over the rest, S₁",
        Interval.OpenFraction,
        Defaults.PriorFraction);

    private readonly Option<int> priorEpochs = Options.Count(
        "--prior-epochs", "How many times the prior's training sees its part; 0 leaves w₀ at the first weights", 0,
        Defaults.PriorEpochs);

    private readonly Option<int?> posteriorEpochs = Options.Count(
        "--posterior-epochs",
        Prose.Line($"""
            How many times each posterior's training sees all training images, of --weights the held-out ones; 0 keeps the prior's
            weights; without it {Defaults.PosteriorEpochs}, with --weights 0
            """),
        0);

    private readonly Option<string> rule = Options.Choice(
        "--posterior-optimizer",
        Prose.Line("""
            What trains the posterior: adam at w + u, σ* (21) with squared gradients, or ivon, whose own posterior's variance gives
            the curvature of σ* (21)
            """),
        "adam", "adam", "ivon");

    private readonly Option<int[]> levels = Options.Counts(
        "--prior-levels",
        Prose.Line($"""
            The prior's levels to choose from, multiples of η: larger is narrower; log K is paid for K of them; without it
            {string.Join(',', Defaults.PriorLevels)}
            """));

    private readonly Option<double[]> deviations = Options.Numbers(
        "--prior-sigmas",
        "The prior's deviations to choose from, each the same for all weights, in place of --prior-levels; log K is paid for K",
        Interval.Positive);

    private readonly Option<string> sigma = Options.Choice(
        "--posterior-sigma",
        Prose.Line("""
            The posterior's σ: optimal, σ* (21) in closed form; or learnt by gradients beside w, PAC-Bayes with backprop, as softplus
            of ρ or by log-variance
            """),
        "optimal", "optimal", "softplus", "log-variance");

    private readonly Option<double> sigmaRate = Options.Number(
        "--sigma-rate", "Adam's rate for a learnt σ's ρ, down the cosine", Interval.Positive, Defaults.SigmaRate);

    private readonly Option<double?> eta = Options.Number(
        "--eta",
        "η of σ* (21) and of the posterior's objective, bounded cross-entropy + KL/η; without it n, the images of S₁",
        Interval.Positive);

    private readonly Option<string> objective = Options.Choice(
        "--objective",
        Prose.Line("""
            What the posterior's training minimises: the bounded cross-entropy + KL/η at the η of --eta, or a bound, whose η follows
            from loss and KL: the quadratic form, the λ form, or kl⁻¹
            """),
        "eta", "eta", "quadratic", "lambda", "kl");

    private readonly Option<double> gamma = Options.Number(
        "--gamma", "γ of κ = γ|w| + ε, which the posterior is truncated to", Interval.Gamma, Defaults.Neighborhood.Gamma);

    private readonly Option<double> epsilon = Options.Number(
        "--epsilon", "ε of κ = γ|w| + ε", Interval.Epsilon, Defaults.Neighborhood.Epsilon);

    private readonly Option<double> delta = Options.Number(
        "--delta", "δ: the probability, over S₁, that the bound fails", Interval.OpenFraction, Defaults.Delta);

    private readonly Option<double> deltaPrime = Options.Number(
        "--delta-prime", "δ′: the probability, over the draws, that q̄ is below the loss on S₁", Interval.OpenFraction,
        Defaults.DeltaPrime);

    private readonly Option<int> draws = Options.Count(
        "--draws",
        "N: weights are drawn anew for each of so many looks at an image of S₁; rounded up to the same number for each image",
        1,
        Defaults.Draws);

    private readonly Option<int?> stages = Options.Count(
        "--stages",
        Prose.Line("""
            A progressive certificate: S₁ in so many parts, each tested before it is learnt from, so that no image is only for the
            bound; --posterior-epochs for each part, --delta and --delta-prime together for the bound
            """),
        1);

    private readonly Option<double> memory = Options.Number(
        "--stage-memory",
        Prose.Line("""
            r of --stages: a stage's prior gives former networks the weights r, r², … beside the newest's 1, and its posterior
            follows from their errors, at the cost of a KL; 0 leaves each stage to its own network
            """),
        Interval.Fraction,
        Defaults.StageMemory);

    private readonly Option<bool> control = Options.Flag(
        "--control",
        "With --stages, also trains a network as long on the prior's part alone, and tests it on S₁: what learning from S₁ " +
            "gained");

    private readonly Option<string?> checkpoint = Options.Path(
        "--checkpoint",
        Prose.Line("""
            With --stages, a folder that keeps what is trained, after epochs and stages: interrupted, the same command goes on
            from there, to the same bits
            """),
        "folder");

    private readonly Option<bool> compress = Options.Flag(
        "--compress",
        Prose.Line("""
            Also certifies a compressed network by the length of the message that describes it: w₀ moved by a few quantised numbers,
            each along its own part of the weights
            """));

    private readonly Option<int[]> dimensions = Options.Counts(
        "--compress-dimensions",
        Prose.Line($"""
            With --compress, how many such numbers are tried, 0 always among them; without it
            {string.Join(',', new CompressionOptions().Dimensions)}
            """));

    private readonly Option<int[]> quantised = Options.Counts(
        "--compress-levels",
        Prose.Line($"""
            With --compress, on how many levels they are tried, even ones and a codebook's; without it
            {string.Join(',', new CompressionOptions().Levels)}
            """));

    private readonly Option<int> compressEpochs = Options.Count(
        "--compress-epochs",
        "With --compress, how many times their training sees all training images, of --weights the held-out ones", 1,
        new CompressionOptions().Epochs);

    private readonly Option<int> compressTuning = Options.Count(
        "--compress-tuning",
        Prose.Line("""
            With --compress, how many times a second training sees them for each number of levels, on quantised numbers with
            straight-through gradients
            """),
        0,
        new CompressionOptions().TuningEpochs);

    private readonly Option<double> compressRate = Options.Number(
        "--compress-rate", "With --compress, Adam's rate for them, down a cosine", Interval.Positive, 1e-3);

    private readonly Option<int> crop = Options.Count(
        "--crop", "Training images are padded by so many pixels and cropped at a random place; 0 for not at all", 0, 0);

    private readonly Option<bool> flip = Options.Flag("--flip", "Training images are mirrored by chance");

    private readonly Option<double?> priorRate = Options.Number(
        "--prior-rate", "Adam's rate for the prior, down a cosine; without it 0.001", Interval.Positive);

    private readonly Option<double?> posteriorRate = Options.Number(
        "--posterior-rate",
        "The rate for the posterior or a stage, down a cosine; without it 0.0003, for a stage 0.0005, for ivon 0.003",
        Interval.Positive);

    private readonly Option<double> smallest = Options.Number(
        "--p-min",
        "p_min of the bounded cross-entropy, −log max(p, p_min) / log(1/p_min)",
        Interval.OpenFraction,
        Defaults.SmallestProbability);

    public override string Title => "Certificate";

    public override IReadOnlyList<Option> All =>
    [
        stages, memory, control, checkpoint, compress, dimensions, quantised, compressEpochs, compressTuning, compressRate,
        priorFraction, priorEpochs, posteriorEpochs, rule, batchSize, priorRate, posteriorRate, crop, flip, levels, deviations,
        sigma, sigmaRate, objective, eta, gamma, epsilon, delta, deltaPrime, draws, smallest,
        .. parts.All, seed,
    ];

    /// <summary>Whether a progressive certificate is asked for.</summary>
    public bool IsProgressive(ParseResult parsed) => parsed.GetValue(stages) is not null;

    /// <summary>Whether a compressed network is certified too.</summary>
    public bool Compresses(ParseResult parsed) => parsed.GetValue(compress);

    /// <summary>The options as the library takes them, but for the device.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="ofWeights">Whether weights of a file are certified.</param>
    /// <exception cref="UsageException">The certificate could not hold with a positive probability.</exception>
    public CertifyOptions Create(ParseResult parsed, bool ofWeights)
    {
        double lost = parsed.GetValue(delta) + parsed.GetValue(deltaPrime);
        if (lost >= 1)
        {
            throw new UsageException(Prose.Line($"""
                --delta and --delta-prime add up to {lost}, so the certificate could not hold with a positive probability: make
                them smaller.
                """));
        }

        parsed.Needs(IsProgressive(parsed), "--stages", memory, control, checkpoint);
        parsed.Needs(
            Compresses(parsed), "--compress", dimensions, quantised, compressEpochs, compressTuning, compressRate);
        if (Compresses(parsed) && IsProgressive(parsed))
        {
            throw new UsageException(
                "--compress starts from one prior's weights, and --stages has several: leave one of them out.");
        }

        if (IsProgressive(parsed))
        {
            Refuse("--stages", draws, objective);
        }

        bool trains = (parsed.GetValue(posteriorEpochs) ?? (ofWeights ? 0 : 1)) > 0;
        parsed.Needs(trains, "--posterior-epochs of 1 or more", posteriorRate, rule);
        parsed.Needs(parsed.GetValue(priorEpochs) > 0, "--prior-epochs of 1 or more", priorRate);
        if (ofWeights)
        {
            Refuse("--weights", priorEpochs, priorRate, priorFraction);
            parsed.Needs(trains || Compresses(parsed), "--posterior-epochs or --compress", crop, flip);
        }

        bool isIvon = parsed.GetValue(rule) == "ivon";
        bool isLearnt = parsed.GetValue(sigma) != "optimal";
        parsed.Needs(isLearnt, "--posterior-sigma softplus or log-variance", sigmaRate);
        if (parsed.IsGiven(levels) && parsed.IsGiven(deviations))
        {
            throw new UsageException("--prior-levels and --prior-sigmas both give the priors to choose from: leave one out.");
        }

        if (isLearnt && (isIvon || IsProgressive(parsed)))
        {
            throw new UsageException(
                "--posterior-sigma says how one posterior of adam gets its σ: leave it out, or ivon and --stages.");
        }

        if (isIvon && IsProgressive(parsed))
        {
            throw new UsageException(
                "--posterior-optimizer ivon gives one posterior its curvature, and --stages draws none: leave one of them out.");
        }

        int[] chosen = parsed.GetValue(levels) ?? [];
        DataParallel parallel = parts.Join(parsed);
        return new CertifyOptions
        {
            PriorFraction = parsed.GetValue(priorFraction),
            PriorEpochs = parsed.GetValue(priorEpochs),
            PosteriorEpochs = parsed.GetValue(posteriorEpochs) ?? (ofWeights ? 0 : Defaults.PosteriorEpochs),
            BatchSize = parsed.GetValue(batchSize),
            Parts = parallel.Parts,
            Communicator = parallel.Ranks,
            PriorLevels = chosen.Length > 0 ? [.. chosen.Select(level => (double)level)] : Defaults.PriorLevels,
            PriorDeviations = parsed.GetValue(deviations) is { Length: > 0 } given ? given : null,
            PosteriorSigma = parsed.GetValue(sigma) switch
            {
                "softplus" => PosteriorSigma.Softplus,
                "log-variance" => PosteriorSigma.LogVariance,
                _ => PosteriorSigma.Optimal,
            },
            SigmaRate = parsed.GetValue(sigmaRate),
            Eta = parsed.GetValue(eta),
            Objective = parsed.GetValue(objective) switch
            {
                "quadratic" => PosteriorObjective.Quadratic,
                "lambda" => PosteriorObjective.Lambda,
                "kl" => PosteriorObjective.Kl,
                _ => null,
            },
            Neighborhood = new Neighborhood(parsed.GetValue(gamma), parsed.GetValue(epsilon)),
            Delta = parsed.GetValue(delta),
            DeltaPrime = parsed.GetValue(deltaPrime),
            Draws = parsed.GetValue(draws),
            SmallestProbability = parsed.GetValue(smallest),
            Stages = parsed.GetValue(stages) ?? Defaults.Stages,
            StageMemory = parsed.GetValue(memory),
            Control = parsed.GetValue(control),
            Folder = parsed.GetValue(checkpoint),
            Compression = Compresses(parsed) ? Compression(parsed) : null,
            Augmentation = parsed.GetValue(crop) > 0 || parsed.GetValue(flip)
                ? new Augmentation { Padding = parsed.GetValue(crop), Flip = parsed.GetValue(flip) } : null,
            PriorOptimizer = parsed.GetValue(priorRate) is { } first ? new Adam(first) : null,
            PosteriorOptimizer = isIvon ? CertifyOptions.PosteriorIvon(parsed.GetValue(posteriorRate) ?? 0.003)
                : parsed.GetValue(posteriorRate) is { } later ? new Adam(later) : null,
            Seed = parsed.GetValue(seed),
        };

        void Refuse(string with, params IEnumerable<Option> without)
        {
            if (without.FirstOrDefault(parsed.IsGiven) is { } option)
            {
                throw new UsageException($"{option.Name} has no effect with {with}: leave it out.");
            }
        }
    }

    private CompressionOptions Compression(ParseResult parsed)
    {
        CompressionOptions usual = new();
        return usual with
        {
            Dimensions = parsed.GetValue(dimensions) is { Length: > 0 } some ? some : usual.Dimensions,
            Levels = parsed.GetValue(quantised) is { Length: > 0 } few ? few : usual.Levels,
            Epochs = parsed.GetValue(compressEpochs),
            TuningEpochs = parsed.GetValue(compressTuning),
            Optimizer = new Adam(parsed.GetValue(compressRate)),
        };
    }
}
