using System.Globalization;
using PacGen.Core.Perturbation;
using PacGen.Core.Statistics;
using PacGen.Kernels;
using PacGen.Kernels.Devices;
using PacGen.Kernels.PerParameter;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// The pacGen score Ψ (24) of a network: Σ log((|w|+κ)·max(√(h + ρ√m·κ), 1/κ)), κ = γ|w| + ε. It ranks networks of the same
/// architecture on the same data (smaller is better); it is a score, not a bound, and certifies nothing: (24) drops η and
/// constants of (14), and takes τ = |w| + κ from the trained weights.
/// </summary>
/// <remarks>
/// ρ varies from draw to draw of u, some draws being far above the others, so that a mean over draws depends on which of these came. ρ is
/// therefore the median over draws, and Ψ, which grows with ρ, is Ψ at that ρ: the median of the draws' Ψ. Order statistics give both an
/// interval for the median of all draws that assumes nothing of their distribution (<see cref="SampleMedian"/>). The interval is over u alone: h comes
/// from the same batches in every draw.
/// </remarks>
public sealed record PacGenScore
{
    /// <summary>The stream of the run's random numbers that perturbs weights for ρ(w*): "rho*" in ASCII.</summary>
    private const uint RhoStream = 0x7268_6F2A;

    /// <summary>Ψ at <see cref="Rho"/>: its median over the draws of u.</summary>
    public required double Psi { get; init; }

    /// <summary>An interval for the median of Ψ over all draws of u, at 95 %; null with fewer than 6 draws, which give none.</summary>
    public required ConfidenceInterval? PsiInterval { get; init; }

    /// <summary>ρ(w*), the median over the draws, by <see cref="Estimator"/>.</summary>
    public required double Rho { get; init; }

    /// <summary>An interval for the median of ρ over all draws of u, at 95 %; null with fewer than 6 draws.</summary>
    public required ConfidenceInterval? RhoInterval { get; init; }

    /// <summary>How ρ was estimated.</summary>
    public required RhoEstimator Estimator { get; init; }

    /// <summary>ρ of each draw.</summary>
    public required IReadOnlyList<double> RhoDraws { get; init; }

    /// <summary>Ψ's first part: Σ log(|w| + κ).</summary>
    public required double LogScale { get; init; }

    /// <summary>Ψ's second part: Σ log max(√(h + ρ√m·κ), 1/κ).</summary>
    public double LogCurvature => Psi - LogScale;

    /// <summary>The share of weights for which 1/κ is the larger branch: where it is near 1, Ψ is a function of |w| alone.</summary>
    public required double KappaShare { get; init; }

    /// <summary>m, the number of parameters.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>γ and ε of κ.</summary>
    public required Neighborhood Neighborhood { get; init; }

    /// <summary>Where h came from.</summary>
    public required CurvatureSource Curvature { get; init; }

    /// <summary>How many images the passes saw.</summary>
    public required int Images { get; init; }

    /// <summary>Images in each mini-batch whose gradient was squared.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Which images and batches these were: <see cref="ScoreOptions.ImageSeed"/>.</summary>
    public required ulong ImageSeed { get; init; }

    /// <summary>How many perturbations were drawn.</summary>
    public int Draws => RhoDraws.Count;

    /// <summary>Each parameter's part.</summary>
    public required IReadOnlyList<LayerScore> Layers { get; init; }

    /// <summary>Scores a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">The training images.</param>
    /// <param name="loss">The loss of a batch from the model's output and the labels.</param>
    /// <param name="options">How to score; defaults without it.</param>
    /// <param name="trainingSecondMoment">h of training, for <see cref="CurvatureSource.Training"/>.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The score, or null where it was cancelled.</returns>
    /// <exception cref="ArgumentException">An option is out of range, h of training is asked for and there is none, or a label has no output.</exception>
    /// <exception cref="TrainingException">The weights, the state or the score are not finite: the network has diverged, or ρ is out of range.</exception>
    public static PacGenScore? Compute(
        Module model,
        ParameterArena arena,
        ImageSet images,
        Func<Tensor, Tensor, Tensor>? loss = null,
        ScoreOptions? options = null,
        Buffer? trainingSecondMoment = null,
        CancellationToken cancellation = default)
    {
        RhoEstimator estimator = (options ??= new ScoreOptions()).Rho;
        return ComputeAll(model, arena, images, loss, options, trainingSecondMoment, cancellation) is not { } all ? null
            : all.TryGetValue(estimator, out PacGenScore? score) ? score
            : throw OutOfRange(estimator.ToString());
    }

    /// <summary>Scores a network by all estimators of ρ from the same passes and draws; otherwise as <see cref="Compute"/>.</summary>
    /// <returns>A score for each estimator whose ρ and Ψ are finite, at least one; or null where it was cancelled.</returns>
    public static IReadOnlyDictionary<RhoEstimator, PacGenScore>? ComputeAll(
        Module model,
        ParameterArena arena,
        ImageSet images,
        Func<Tensor, Tensor, Tensor>? loss = null,
        ScoreOptions? options = null,
        Buffer? trainingSecondMoment = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(images);
        options ??= new ScoreOptions();
        options.Validate(images.Count);
        if (options.Curvature == CurvatureSource.Training && trainingSecondMoment is null)
        {
            throw new ArgumentException("Score: h of training is asked for, but this optimizer keeps none: use Adam or a perturbed optimizer, or take h from a pass.");
        }

        LabelCheck.Require(model, loss ?? Loss.CrossEntropy, images, "The images to score on");
        arena.RequireFinite("The score can't be computed");
        using SecondMomentPass pass = new(model, arena, images, loss ?? Loss.CrossEntropy, options);
        using Buffer before = arena.Device.Allocate(arena.Count), after = arena.Device.Allocate(arena.Count), moved = arena.Device.Allocate(arena.Count);
        if (!pass.Run(arena.Weights, before, cancellation))
        {
            return null;
        }

        Buffer curvature = options.Curvature == CurvatureSource.Training ? trainingSecondMoment! : before;
        float[] w = arena.Save();
        double largestWeight = w.Max(weight => Math.Abs((double)weight));
        Region weights = new(arena.Weights);
        using PerturbLaunch perturb = PerturbLaunch.Create<UniformNoise>(arena.Device, weights, new Region(before), new Region(before), new Region(moved));
        using SumLaunch<CurvatureChangeSettings> change =
            SumLaunch<CurvatureChangeSettings>.Create<CurvatureChangeTerm>(arena.Device, weights, new Region(before), new Region(after));
        Dictionary<RhoEstimator, double[]> rhos = Enum.GetValues<RhoEstimator>().ToDictionary(estimator => estimator, _ => new double[options.Draws]);
        for (int draw = 0; draw < options.Draws; draw++)
        {
            perturb.Settings = PerturbSettings.WholeNeighborhood(options.Neighborhood, options.Seed, RhoStream, (uint)draw);
            perturb.Run();
            if (!pass.Run(moved, after, cancellation))
            {
                return null;
            }

            change.Settings = CurvatureChangeSettings.Of(perturb.Settings, largestWeight);
            change.Run();
            (double scaledChange, double scaledSquares, double largestRatio, double largestChange) = change.Result;
            if (double.IsNaN(scaledChange) || !double.IsFinite(largestChange))
            {
                throw new TrainingException(
                    "The score can't be computed: weights or gradients of the network, or of the network perturbed within κ, are not finite. "
                    + "Train with a lower learning rate, or score with a smaller γ or ε.");
            }

            rhos[RhoEstimator.Median][draw] = scaledChange / Math.Log(2);
            rhos[RhoEstimator.Published][draw] = largestRatio;
            rhos[RhoEstimator.Definition3][draw] = largestChange / Math.Sqrt(change.Settings.SquaredNorm(scaledSquares));
        }

        using PsiSums sums = new(arena, curvature, options.Neighborhood);
        double scale = w.Sum(weight => Math.Log(Math.Abs((double)weight) + options.Neighborhood.Kappa(weight)));
        Dictionary<RhoEstimator, PacGenScore> scores = [];
        foreach ((RhoEstimator estimator, double[] draws) in rhos)
        {
            double rho = SampleMedian.Of(draws);

            // Σ|Δh|/κ may exceed a float where κ is tiny: that is no reason to withhold what the other estimators say.
            if (double.IsFinite(rho) && double.IsFinite(sums.At(rho).Psi))
            {
                scores[estimator] = Of(estimator, draws, sums, scale, pass.Images, options);
            }
        }

        return scores.Count > 0 ? scores : throw OutOfRange("any estimator");
    }

    /// <summary>What makes this score and another incomparable, in words; empty where they compare.</summary>
    /// <param name="other">The other score.</param>
    /// <remarks>Scores compare only for networks of one architecture on the same data, which the scores themselves do not know.</remarks>
    public IReadOnlyList<string> DifferencesFrom(PacGenScore other)
    {
        ArgumentNullException.ThrowIfNull(other);
        List<string> differences = [];
        void Differ<T>(string what, T mine, T its)
        {
            if (!EqualityComparer<T>.Default.Equals(mine, its))
            {
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{what} ({mine} and {its})"));
            }
        }

        Differ("the number of weights", ParameterCount, other.ParameterCount);
        Differ("the neighbourhood", Neighborhood, other.Neighborhood);
        Differ("the estimator of ρ", Estimator, other.Estimator);
        Differ("where h comes from", Curvature, other.Curvature);
        Differ("the batch size of its pass", BatchSize, other.BatchSize);
        Differ("the number of images of its pass", Images, other.Images);
        Differ("the seed that chose them", ImageSeed, other.ImageSeed);
        return differences;
    }

    /// <summary>Ψ with its interval, such as <c>5,115 (95 %: 5,066 to 5,164)</c>; with too few draws for one, that.</summary>
    public string PsiText => PsiInterval is { } interval
        ? string.Create(CultureInfo.InvariantCulture, $"{Number(Psi)} (95 %: {Number(interval.Low)} to {Number(interval.High)})")
        : string.Create(CultureInfo.InvariantCulture, $"{Number(Psi)} ({Draws} {(Draws == 1 ? "draw" : "draws")}: no interval)");

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Ψ {PsiText}, 1/κ branch for {KappaShare:P0} of {ParameterCount:N0} weights; ρ {Rho:G3} ({Estimator}, median of {Draws} draws); {Neighborhood}; h from {(Curvature == CurvatureSource.Training ? "training" : $"{Images} images in batches of {BatchSize}")}");

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) is >= 100 and < 1e9 ? "N0" : "G4", CultureInfo.InvariantCulture);

    private static TrainingException OutOfRange(string estimator) => new(
        $"Ψ with ρ by {estimator} is out of single precision's range: κ is too small for these weights and gradients. Score with a larger ε.");

    private static PacGenScore Of(RhoEstimator estimator, double[] draws, PsiSums sums, double scale, int images, ScoreOptions options)
    {
        ConfidenceInterval? rhoInterval = SampleMedian.Interval(draws);
        double rho = SampleMedian.Of(draws);
        (double psi, double kappaShare) = sums.At(rho);
        return new PacGenScore
        {
            Psi = psi,
            PsiInterval = rhoInterval is null
                ? null
                : new ConfidenceInterval(sums.At(rhoInterval.Low).Psi, sums.At(rhoInterval.High).Psi, rhoInterval.Confidence),
            KappaShare = kappaShare,
            Layers = sums.Layers(rho),
            Rho = rho,
            RhoInterval = rhoInterval,
            Estimator = estimator,
            RhoDraws = draws,
            LogScale = scale,
            ParameterCount = sums.Count,
            Neighborhood = options.Neighborhood,
            Curvature = options.Curvature,
            Images = images,
            BatchSize = options.BatchSize,
            ImageSeed = options.ImageSeed,
        };
    }
}
