using System.Globalization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>How Ψ (24) is computed.</summary>
public sealed record ScoreOptions
{
    /// <summary>
    /// The batch size of Ψ's passes without another: the same for every run, whatever it is trained with, so that scores
    /// compare.
    /// </summary>
    public const int DefaultBatchSize = 64;

    private static readonly Requirement Require = Requirements.Of("Score");

    /// <summary>γ and ε of κ = γ|w| + ε (Definition 4). The paper's figures 3 to 6 use 0.1 for both.</summary>
    public Neighborhood Neighborhood { get; init; } = new(gamma: 0.1, epsilon: 0.1);

    /// <summary>How ρ(w*) is estimated.</summary>
    public RhoEstimator Rho { get; init; } = RhoEstimator.Median;

    /// <summary>Where h comes from.</summary>
    public CurvatureSource Curvature { get; init; } = CurvatureSource.Pass;

    /// <summary>What training smoothed, for <see cref="CurvatureSource.Training"/>; a trainer gives its own.</summary>
    public SmoothedSecondMoment? SecondMoment { get; init; }

    /// <summary>
    /// Whether h of training is divided by 1 − βᵗ, t being the steps: without it h starts at 0, and is far too small in the first
    /// thousand steps. The paper does not.
    /// </summary>
    public bool BiasCorrection { get; init; }

    /// <summary>
    /// Images in each mini-batch whose gradient is squared: h depends on it, since a mean over more images is smaller, and Ψ
    /// with it. Scores of different batch sizes don't compare. With h of training it is the batch size of the training, so that
    /// h and its change are of one scale.
    /// </summary>
    public int BatchSize { get; init; } = DefaultBatchSize;

    /// <summary>Products of Hutchinson's method for each h of <see cref="CurvatureSource.Hessian"/>.</summary>
    public int HessianDraws { get; init; } = 10;

    /// <summary>Up to so many weights each entry of <see cref="CurvatureSource.Hessian"/> takes a product and is exact.</summary>
    public int LargestExact { get; init; }

    /// <summary>
    /// How many images of a batch are passed at once, for batches that don't fit into memory; null for the whole batch. The
    /// mean of the parts' gradients is squared, so that this changes Ψ by rounding alone.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>
    /// How many training images the passes see, or 0 for all; in whole batches, the same for w and every w + u.
    /// </summary>
    public int Images { get; init; }

    /// <summary>
    /// How many perturbations u are drawn, each a pass over the images; ρ is the median over them. From 6 on there is an
    /// interval; 9 leave its ends clear of the smallest and the largest draw.
    /// </summary>
    public int Draws { get; init; } = 20;

    /// <summary>
    /// Decides which images the passes see, and in which batches. The same for all runs, whatever their seed, so that their
    /// scores differ by the networks and not by the images.
    /// </summary>
    public ulong ImageSeed { get; init; } = 1;

    /// <summary>Decides the perturbations.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The options in one line, which a resumed run's must equal.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Ψ with {Neighborhood}, ρ by {Rho}, h from {Source}, {(Images == 0 ? "all" : Images)} images by seed {ImageSeed} in " +
        $"batches of {BatchSize}, {(PartSize is { } part ? $"{part} at a time, " : "")}{Draws} draws by seed {Seed}");

    private string Source => Curvature switch
    {
        CurvatureSource.Pass => "a pass",
        CurvatureSource.GaussNewton => "the Gauss–Newton diagonal",
        CurvatureSource.EmpiricalFisher => "the empirical Fisher diagonal",
        CurvatureSource.Hessian => $"the Hessian's diagonal, {HessianDraws} products, exact up to {LargestExact} weights",
        _ => BiasCorrection ? "training, corrected for its start at 0" : "training",
    };

    /// <summary>The images that h is taken from: whole batches where there are batches.</summary>
    /// <param name="available">The images that there are.</param>
    internal int ImagesOf(int available)
    {
        int wanted = Images == 0 ? available : Images;
        return Curvature == CurvatureSource.Hessian ? wanted : wanted / BatchSize * BatchSize;
    }

    /// <summary>These options at the batch size that h of training has, where h is that.</summary>
    /// <param name="parameters">m.</param>
    /// <exception cref="ArgumentException">h of training is asked for and missing, or of another model.</exception>
    internal ScoreOptions AtBatchSizeOfCurvature(long parameters)
    {
        if (Curvature != CurvatureSource.Training)
        {
            return this;
        }

        Require(SecondMoment is not null,
            "h of training is asked for, but none was kept: keep it (KeepSecondMoment in the training's options), or take h " +
            "from a pass");
        Require(SecondMoment!.Values.Length == parameters,
            $"h of training has {SecondMoment.Values.Length} numbers for {parameters} weights: it is of another model");
        return this with { BatchSize = SecondMoment.BatchSize };
    }

    /// <summary>h of training as Ψ takes it; null where h is from elsewhere.</summary>
    internal float[]? TrainedCurvature()
    {
        if (Curvature != CurvatureSource.Training)
        {
            return null;
        }

        float correction = BiasCorrection ? (float)SecondMoment!.BiasCorrection : 1;
        return [.. SecondMoment!.Values.Select(h => h * correction)];
    }

    /// <summary>Images that a pass takes at once.</summary>
    internal int Part => Math.Min(PartSize ?? BatchSize, BatchSize);

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate(int available)
    {
        Require(Neighborhood is not null, "the neighbourhood is null, but must be one of a γ and an ε");
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        Require(PartSize is null or >= 1, $"the part size is {PartSize}, but must be at least 1");
        Require(Images >= 0 && Images <= available, $"{Images} images are to be scored on, but there are {available}");
        Require(HessianDraws >= 1, $"the number of Hutchinson's products is {HessianDraws}, but must be at least 1");
        Require(Curvature == CurvatureSource.Hessian || (BatchSize >= 1 && BatchSize <= (Images == 0 ? available : Images)),
            $"the batch size is {BatchSize}, but must be between 1 and the {(Images == 0 ? available : Images)} images: set " +
                $"{nameof(ScoreOptions)}.{nameof(BatchSize)}");
    }
}
