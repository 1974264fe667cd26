using PacGen.Core.Perturbation;
using PacGen.Core.Statistics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Measures the pacGen score Ψ (24) of a network.</summary>
public static class PacGenScorer
{
    /// <summary>The stream of the run's random numbers that perturbs weights for ρ(w*): "rho*" in ASCII.</summary>
    private const uint RhoStream = 0x7268_6F2A;

    /// <summary>Measures Ψ by one estimator of ρ.</summary>
    /// <param name="subject">The network, its loss and its training images.</param>
    /// <param name="options">How to score; defaults without it.</param>
    /// <param name="progress">Notified after each draw.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Ψ, its parts, and its interval.</returns>
    /// <exception cref="ArgumentException">An option is out of range, h of training is asked for and there is none, or a label
    /// has no output.</exception>
    /// <exception cref="TrainingException">The weights, the state or the score are not finite: the network has diverged, or ρ is
    /// out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PacGenScore Measure(
        EmpiricalLoss subject, ScoreOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new ScoreOptions();
        return MeasureAll(subject, options, progress, cancellation).TryGetValue(options.Rho, out PacGenScore? score) ? score
            : throw OutOfRange($"{options.Rho}");
    }

    /// <summary>Measures Ψ by all estimators of ρ from the same passes and draws; otherwise as <see cref="Measure"/>.</summary>
    /// <param name="subject">The network, its loss and the images.</param>
    /// <param name="options">How to score; defaults without it. Its estimator is not looked at.</param>
    /// <param name="progress">Notified after each draw.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>A score for each estimator whose ρ and Ψ are finite, at least one.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Measure"/>.</exception>
    /// <exception cref="TrainingException">As for <see cref="Measure"/>, or no estimator has a finite ρ and Ψ.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyDictionary<RhoEstimator, PacGenScore> MeasureAll(
        EmpiricalLoss subject, ScoreOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ParameterArena arena = subject.Arena;
        options = (options ?? new ScoreOptions()).AtBatchSizeOfCurvature(arena.Count);
        options.Validate(subject.Images.Count);
        arena.RequireFinite("The score can't be computed");
        LabelCheck.Require(subject.Model, subject.Loss, subject.Images, "The images");
        if (options.Curvature == CurvatureSource.GaussNewton && Obstacle(subject) is { } obstacle)
        {
            throw new ArgumentException($"Score: {obstacle}");
        }

        using CurvatureEstimate estimate = CurvatureEstimate.Of(subject, options);
        using DeviceBuffer before = arena.Device.Allocate(arena.Count), after = arena.Device.Allocate(
            arena.Count), moved = arena.Device.Allocate(arena.Count);
        estimate.Run(arena.Weights, before, cancellation);

        float[]? values = options.TrainedCurvature();
        using DeviceBuffer? trained = values is null ? null : arena.Device.Allocate(arena.Count);
        trained?.Write(0, values);
        DeviceBuffer curvature = trained ?? before;
        float[] w = arena.Save();
        double largestWeight = w.Max(weight => Math.Abs((double)weight));
        Region weights = new(arena.Weights);

        // κ alone decides this perturbation; but σ, which is looked at too, wants a curvature that is not negative.
        using DeviceBuffer? none = options.Curvature == CurvatureSource.Hessian ? arena.Device.Allocate(arena.Count) : null;
        Region any = new(none ?? before);
        using RandomMapLaunch<PerturbSettings> perturb =
            PerturbLaunch.Create<UniformNoise>(arena.Device, weights, any, any, new Region(moved));
        using SumLaunch<RhoSettings> change =
            SumLaunch<RhoSettings>.Create<RhoTerm>(
                arena.Device, weights, new Region(before), new Region(after));
        using RhoMedian median = new(weights, new Region(before), new Region(after), options.Neighborhood);
        Dictionary<RhoEstimator, double[]> rhos = Enum.GetValues<RhoEstimator>().ToDictionary(
            estimator => estimator, _ => new double[options.Draws]);
        for (int draw = 0; draw < options.Draws; draw++)
        {
            perturb.Settings = PerturbSettings.WholeNeighborhood(options.Neighborhood, options.Seed, RhoStream, (uint)draw);
            perturb.Run();
            estimate.Run(moved, after, cancellation);
            progress?.Report(new MeasureProgress("Ψ", draw + 1, options.Draws));

            change.Settings = RhoSettings.Of(perturb.Settings, largestWeight);
            change.Run();
            (double scaledChange, double scaledSquares, double largestRatio, double largestChange) = change.Result;
            if (double.IsNaN(scaledChange) || !double.IsFinite(largestChange))
            {
                throw new TrainingException(
                    "The score can't be computed: weights or gradients of the network, or of the network perturbed within κ, " +
                        "are not finite. "
                    + "Train with a lower learning rate, or score with a smaller γ or ε.");
            }

            rhos[RhoEstimator.Median][draw] = median.Solve(scaledChange);
            rhos[RhoEstimator.Published][draw] = largestRatio;
            rhos[RhoEstimator.Definition3][draw] = largestChange / Math.Sqrt(change.Settings.SquaredNorm(scaledSquares));
        }

        PassCost cost = Enumerable.Repeat(estimate.Cost, 1 + options.Draws).Aggregate((a, b) => a + b);
        subject.Cost += cost;
        using PsiSums sums = new(arena, curvature, options.Neighborhood);
        double scale = w.Sum(weight => Math.Log(Math.Abs((double)weight) + options.Neighborhood.Kappa(weight)));
        Dictionary<RhoEstimator, PacGenScore> scores = [];
        foreach ((RhoEstimator estimator, double[] draws) in rhos)
        {
            double rho = SampleMedian.Of(draws);

            // Σ|Δh|/κ may exceed a float where κ is tiny: that is no reason to withhold what the other estimators say.
            if (double.IsFinite(rho) && double.IsFinite(sums.At(rho).Psi))
            {
                scores[estimator] = Of(estimator, draws, sums, scale, cost, subject.Images.Count, options);
            }
        }

        return scores.Count > 0 ? scores : throw OutOfRange("any estimator");
    }

    /// <summary>Why Ψ can't be had with the Gauss–Newton diagonal; null where it can.</summary>
    internal static string? Obstacle(EmpiricalLoss subject) =>
        CurvatureRoot.Exists(CurvatureMatrix.GaussNewton, subject.Loss) ? null
        : "The Gauss–Newton diagonal is for the softmax cross-entropy and the mean squared error, and this loss is another.";

    private static TrainingException OutOfRange(string estimator) => new(
        $"Ψ with ρ by {estimator} is out of single precision's range: κ is too small for these weights and gradients. Score " +
            $"with a larger ε.");

    private static PacGenScore Of(
        RhoEstimator estimator, double[] draws, PsiSums sums, double scale, PassCost cost, int available, ScoreOptions options)
    {
        ConfidenceInterval? rhoInterval = SampleMedian.Interval(draws);
        double rho = SampleMedian.Of(draws);
        int images = options.ImagesOf(available);
        (double psi, double kappaShare) = sums.At(rho);
        ConfidenceInterval? psiInterval = rhoInterval is null
            ? null
            : new ConfidenceInterval(sums.At(rhoInterval.Low).Psi, sums.At(rhoInterval.High).Psi, rhoInterval.Confidence);
        return new PacGenScore
        {
            Value = psi,
            Uncertainty = psiInterval is null
                ? new Uncertainty(double.NaN, double.NaN, "too few draws for an interval")
                : new Uncertainty(
                    psiInterval.Low, psiInterval.High, $"{psiInterval.Confidence:P0} interval of the median over draws"),
            Cost = cost,
            PsiInterval = psiInterval,
            KappaShare = kappaShare,
            LayerScores = sums.Layers(rho),
            LayersAt = rhoInterval is null ? ([], []) : (sums.Layers(rhoInterval.Low), sums.Layers(rhoInterval.High)),
            Rho = rho,
            RhoInterval = rhoInterval,
            Estimator = estimator,
            RhoDraws = draws,
            LogScale = scale,
            ParameterCount = sums.Count,
            Neighborhood = options.Neighborhood,
            Curvature = options.Curvature,
            BiasCorrection = options is { Curvature: CurvatureSource.Training, BiasCorrection: true },
            Images = images,
            BatchSize = options.BatchSize,
            ImageSeed = options.ImageSeed,
        };
    }
}
