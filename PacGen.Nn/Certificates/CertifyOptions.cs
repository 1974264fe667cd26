using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>How <see cref="Certifier"/> trains a prior and a posterior, and what it certifies with.</summary>
public sealed record CertifyOptions
{
    private static readonly Requirement Require = Requirements.Of("Certify");

    /// <summary>
    /// The part of the training data that the prior learns from, in (0, 1); the certificate is for the rest, S₁.
    /// </summary>
    public double PriorFraction { get; init; } = 0.5;

    /// <summary>How many times the prior's training sees its part S₀; 0 leaves w₀ at the first weights.</summary>
    public int PriorEpochs { get; init; } = 30;

    /// <summary>
    /// How many times the posterior's training sees all training data, or a stage's what is before it; 0 keeps the weights.
    /// </summary>
    public int PosteriorEpochs { get; init; } = 3;

    /// <summary>Images a step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Decides the split, first weights, order of images and every draw: one seed gives the same bits.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>δ, in (0, 1): the probability over S₁ that the bound fails.</summary>
    public double Delta { get; init; } = 0.025;

    /// <summary>
    /// δ′, in (0, 1): the probability over the Monte-Carlo draws that q̄ is below the posterior's empirical loss.
    /// </summary>
    public double DeltaPrime { get; init; } = 0.01;

    /// <summary>
    /// N: weights are drawn anew for each of so many looks at an image of S₁; rounded up to the same number of looks at each.
    /// </summary>
    public int Draws { get; init; } = 100_000;

    /// <summary>
    /// η of the objective 𝔼L̂(w+u) + KL/η that σ* (21) and the posterior's training minimise, for the bounded cross-entropy; n =
    /// |S₁| without it.
    /// </summary>
    public double? Eta { get; init; }

    /// <summary>
    /// The bound that the posterior's training minimises, for the bounded cross-entropy: η then follows before each epoch from L̂
    /// and KL as they stand (<see cref="BoundObjective"/>). Null for 𝔼L̂(w+u) + KL/η at <see cref="Eta"/>.
    /// </summary>
    public PosteriorObjective? Objective { get; init; }

    /// <summary>γ and ε of κ = γ|w| + ε (Definition 4), which the posterior is truncated to.</summary>
    public Neighborhood Neighborhood { get; init; } = new(gamma: 0.1, epsilon: 0.1);

    /// <summary>
    /// The K levels of the prior that are tried, multiples of η: sᵢ is σ* (21) at w₀ with h from S₀, that multiple of η, and no
    /// τ, so a larger one is a narrower prior. The best certificate is taken and log K paid for the choice (a union bound). All
    /// positive; the smallest is also the level of the noise that the prior is trained with.
    /// </summary>
    public IReadOnlyList<double> PriorLevels { get; init; } = [10, 100, 1000, 10_000];

    /// <summary>
    /// The K deviations σ₀ of the prior that are tried, the same for each weight, in place of <see cref="PriorLevels"/>: π =
    /// N(w₀, σ₀²), and w₀ is trained with no more noise than the least of them. Null for deviations that follow from the
    /// curvature of S₀.
    /// </summary>
    public IReadOnlyList<double>? PriorDeviations { get; init; }

    /// <summary>Where the posterior's σ comes from.</summary>
    public PosteriorSigma PosteriorSigma { get; init; }

    /// <summary>Adam's rate for ρ where σ is learnt, along the cosine of the posterior's rule.</summary>
    public double SigmaRate { get; init; } = 0.02;

    /// <summary>p_min, in (0, 1): the cross-entropy is −log max(p, p_min) / log(1/p_min), in [0, 1].</summary>
    public double SmallestProbability { get; init; } = 1e-5;

    /// <summary>The rule that trains the prior, along a cosine down to 0; Adam at 10⁻³ without it.</summary>
    public Optimizer? PriorOptimizer { get; init; }

    /// <summary>
    /// The rule that trains the posterior, along a cosine down to 0; Adam at 3·10⁻⁴ without it, at 5·10⁻⁴ for a stage. Where it
    /// learns a posterior of its own, as <see cref="Ivon"/> does, its gradients are taken at samples of that, and its h + δ is
    /// the curvature of σ* (21), in place of the squared gradients; but in stages.
    /// </summary>
    public Optimizer? PosteriorOptimizer { get; init; }

    /// <summary>
    /// T: in how many parts <see cref="Certifier.CertifyProgressively"/> tests S₁ before it is learnt from, at least 1.
    /// </summary>
    public int Stages { get; init; } = 8;

    /// <summary>
    /// r, in [0, 1]: the prior of a stage gives the networks so far the weights rᵗ⁻ˢ, stage s of t, and its posterior follows
    /// from their errors on the stage's images, for Σ KL. 0 leaves each stage to its own network, and Σ KL 0.
    /// </summary>
    public double StageMemory { get; init; }

    /// <summary>
    /// Whether <see cref="Certifier.CertifyProgressively"/> also trains a network on S₀ alone, for as many steps as the last
    /// stage's, and tests it on S₁: the comparison that says whether the certificate gained by learning from S₁.
    /// </summary>
    public bool Control { get; init; }

    /// <summary>
    /// A folder in which <see cref="Certifier.CertifyProgressively"/> keeps what it has trained, after an epoch and at the end of
    /// each stage: called again with the same model, data and options after an interruption, it goes on from there to the same
    /// bits. One process at a time works in it. Null for none.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>The least time between two writes of an unfinished training.</summary>
    public TimeSpan FolderInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How <see cref="Certifier.Certify"/> and <see cref="Certifier.CertifyWeights"/> look for a compressed network, which they
    /// certify beside the others; null for none.
    /// </summary>
    public CompressionOptions? Compression { get; init; }

    /// <summary>
    /// Whether the samples' normalisation is kept as it is: for one that was chosen without a look at S₁. Otherwise it is fitted
    /// to the prior's part again.
    /// </summary>
    public bool KeepNormalization { get; init; }

    /// <summary>How training images are varied; null for as they are.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>
    /// IVON for a posterior's few epochs: its Hessian is that of the last hundreds of steps, where the rule's own default
    /// takes ten thousands.
    /// </summary>
    /// <param name="learningRate">Its learning rate.</param>
    public static Ivon PosteriorIvon(double learningRate = 0.003) => new(learningRate, beta2: 0.998, initialHessian: 0.01);

    /// <summary>
    /// In how many parts batches are passed and sums over images are taken (<see cref="TrainingOptions.Accumulate"/>); divides
    /// <see cref="BatchSize"/>.
    /// </summary>
    public int Parts { get; init; } = 1;

    /// <summary>
    /// The processes that share the work, each with its share of the <see cref="Parts"/>, a power of two, and of the draws; null
    /// for this one alone. All make the same calls and get the same certificate.
    /// </summary>
    public Communicator? Communicator { get; init; }

    /// <summary>Where to run; <see cref="Device.Best"/> without it.</summary>
    public Device? Device { get; init; }

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <param name="data">The samples.</param>
    /// <param name="splits">Whether the training samples are split; else all of them are the prior's, and the test samples the
    /// bound's.</param>
    internal void Validate(Dataset data, bool splits = true)
    {
        SampleSet images = data.Train;
        data.RequireOneForm();
        Require(
            images.Target.Kind == TargetKind.Class,
            $"a certificate assumes a loss in [0, 1]; the 0-1 loss and the bounded cross-entropy, which it bounds, ask for a " +
                $"class " +
            $"a sample, but the targets of {data.Name} are {images.Target}: choose a target of classes");
        Require(PriorFraction is > 0 and < 1, $"the prior's part of the data is {PriorFraction}, but must be in (0, 1)");
        int prior = splits ? PriorImages(images.Count) : images.Count, bound = splits ? images.Count - prior : data.Test.Count;
        Require(prior >= 1 && bound >= 8, splits
            ? $"{PriorFraction} of {images.Count} images is {prior}, but the prior needs at least 1 and the bound at least 8"
            : $"there are {bound} held-out images, but the bound needs at least 8");
        Require(PriorEpochs >= 0, $"the prior's epochs are {PriorEpochs}, but must not be negative");
        Require(PosteriorEpochs >= 0, $"the posterior's epochs are {PosteriorEpochs}, but must not be negative");
        Require(BatchSize >= 1
            && BatchSize <= prior, $"the batch size is {BatchSize}, but must be between 1 and the prior's {prior} images");
        Require(Parts >= 1 && BatchSize % Parts == 0, $"the parts are {Parts}, but must divide the batch size {BatchSize}");
        Require(Delta is > 0 and < 1, $"δ is {Delta}, but must be in (0, 1)");
        Require(DeltaPrime is > 0 and < 1, $"δ′ is {DeltaPrime}, but must be in (0, 1)");
        Require(Delta + DeltaPrime < 1,
            $"δ + δ′ is {Delta + DeltaPrime}, but must be below 1: a certificate holds with probability 1 − δ − δ′");
        Require(Stages >= 1 && Stages <= bound, $"the stages are {Stages}, but must be between 1 and the bound's {bound} images");
        Require(StageMemory is >= 0 and <= 1, $"the weight of a former stage is {StageMemory}, but must be between 0 and 1");
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        Require(Eta is null or (> 0 and < double.PositiveInfinity), $"η is {Eta}, but must be positive");
        Require(Neighborhood is not null, "the neighbourhood is null, but must be one of a γ and an ε");
        Require(SmallestProbability is > 0 and < 1, $"p_min is {SmallestProbability}, but must be in (0, 1)");
        Require(
            PriorDeviations is null
                || (PriorDeviations.Count >= 1 && PriorDeviations.All(one => one > 0 && double.IsFinite(one))),
            "the prior's deviations must be at least one, all positive");
        Require(Enum.IsDefined(PosteriorSigma), $"a posterior's σ of kind {PosteriorSigma} is not known");
        Require(
            PosteriorSigma == PosteriorSigma.Optimal || PosteriorOptimizer is not { LearnsPosterior: true },
            $"{PosteriorOptimizer} learns a posterior of its own, whose σ is optimal: let it be Adam or SGD");
        Compression?.Validate();
        Require(
            Folder is null or { Length: > 0 }, "the folder that keeps what is trained has an empty name");
        Require(
            Folder is null || Communicator is null or { Size: 1 },
            "a folder keeps what one process trains: leave it out where several share the work");
        Require(SigmaRate > 0 && double.IsFinite(SigmaRate), $"the rate of σ is {SigmaRate}, but must be positive");
        Require(PriorLevels.Count >= 1
            && PriorLevels.All(one => one > 0 && double.IsFinite(one)), "the prior's levels must be at least one, all positive");
    }

    /// <summary>The K priors to choose from: deviations, or levels.</summary>
    internal IReadOnlyList<double> Priors => PriorDeviations ?? PriorLevels;

    /// <summary>How many of the training images the prior learns from.</summary>
    internal int PriorImages(int count) => (int)(PriorFraction * count);
}
