namespace PacGen.Nn;

/// <content>Ψ in its variants, and what else is measured of the Hessian and its kin.</content>
public static partial class Measures
{
    private const string Comparable =
        "networks of one architecture on one data set, scored with the same options; with ReLU no ρ holds";

    private static Measure[] OfScore() =>
    [
        Score(
            "psi-published-rho", "Ψ (24), ρ as published: max |Δh|/|u|, the median over draws",
            new ScoreOptions { Rho = RhoEstimator.Published }),
        Score(
            "psi-definition3-rho", "Ψ (24), ρ by Definition 3's ratio: max |Δh|/‖u‖",
            new ScoreOptions { Rho = RhoEstimator.Definition3 }),
        Score(
            "psi-batch-1", "Ψ (24), h from a pass at batch size 1, on at most 512 images",
            new ScoreOptions { BatchSize = 1, Draws = 9 }, images: 512),
        Score("psi-batch-16", "Ψ (24), h from a pass at batch size 16", new ScoreOptions { BatchSize = 16 }),
        Score(
            "psi-magnitude-aware", "Ψ (24) with κ nearly in proportion to the weights: γ = 0.1, ε = 10⁻³",
            new ScoreOptions { Neighborhood = new(gamma: 0.1, epsilon: 1e-3) }),
        LayerNormalizedPsi.Row(Comparable),
        Score(
            "psi-training", "Ψ (24), h smoothed over training's steps with β = 0.999 (section 7)",
            new ScoreOptions { Curvature = CurvatureSource.Training }, Comparable + "; trained with one batch size",
            OfTraining),
        Score(
            "psi-training-corrected", "Ψ (24), h smoothed over training's steps, corrected for its start at 0",
            new ScoreOptions { Curvature = CurvatureSource.Training, BiasCorrection = true },
            Comparable + "; trained with one batch size", OfTraining),
        Score(
            "psi-gauss-newton", "Ψ (24), h the Gauss–Newton diagonal, which is the Fisher information's",
            new ScoreOptions { Curvature = CurvatureSource.GaussNewton }, obstacle: PacGenScorer.Obstacle),
        Score(
            "psi-empirical-fisher", "Ψ (24), h the empirical Fisher diagonal, the scale that certificates take",
            new ScoreOptions { Curvature = CurvatureSource.EmpiricalFisher }),
        Score(
            "psi-hessian", "Ψ (24), h the Hessian's diagonal by Hutchinson's method, on at most 1,024 images",
            new ScoreOptions { Curvature = CurvatureSource.Hessian, Draws = 9 }, images: 1024),
    ];

    private static Measure[] OfCurvature() =>
    [
        new("frobenius-norm", "‖∇²L̂‖_F by Hutchinson's method", true, TwiceDifferentiable,
            (subject, seed, progress, cancellation) =>
            FrobeniusNorm.Measure(subject, new HutchinsonOptions { Seed = seed }, progress, cancellation)),
        new("trace-hutch-plus-plus", "tr ∇²L̂ by Hutch++", true, TwiceDifferentiable, (subject, seed, progress, cancellation) =>
            HutchPlusPlus.Measure(subject, new HutchPlusPlusOptions { Seed = seed }, progress, cancellation)),
        new("effective-dimensionality", "Σ λ/(λ + 1) over the eigenvalues above 0 of ∇²L̂'s spectral density", true,
            TwiceDifferentiable, (subject, seed, progress, cancellation) =>
            LanczosQuadrature.Measure(subject, new SpectralDensityOptions { Seed = seed }, progress, cancellation)),
        new("layer-largest-eigenvalue", "λ_max of the blocks of ∇²L̂ that single layers make, the largest", true,
            TwiceDifferentiable, (subject, seed, progress, cancellation) =>
            LayerCurvatureMeter.Measure(subject, new LayerCurvatureOptions { Seed = seed }, progress, cancellation)),
        new("layer-frobenius-norm", "‖·‖_F of the blocks of ∇²L̂ that single layers make, together", true, TwiceDifferentiable,
            LayerNorms),
        HessianDistance.Row(),
        new("gauss-newton-largest-eigenvalue", "λ_max of the Gauss–Newton matrix", true, "a loss that is a mean over images",
            (subject, seed, progress, cancellation) => Lanczos.Measure(
                subject, new LanczosOptions { Matrix = CurvatureMatrix.GaussNewton, Seed = seed }, progress, cancellation)),
        new("gauss-newton-trace", "the trace of the Gauss–Newton matrix, for the cross-entropy that of the Fisher information",
            true, "a loss that is a mean over images", (subject, seed, progress, cancellation) =>
            Diagonal(CurvatureMatrix.GaussNewton, subject, seed, progress, cancellation)),
        new("empirical-fisher-trace", "the mean of ‖∇ℓ‖² over images", true, "a loss that is a mean over images",
            (subject, seed, progress, cancellation) =>
            Diagonal(CurvatureMatrix.EmpiricalFisher, subject, seed, progress, cancellation)),
    ];

    private static NamedMeasurement LayerNorms(
        EmpiricalLoss subject, ulong seed, IProgress<MeasureProgress>? progress, CancellationToken cancellation)
    {
        LayerCurvature found = LayerCurvatureMeter.Measure(
            subject, new LayerCurvatureOptions { Products = 1, Draws = 20, Seed = seed }, progress, cancellation);
        double square = found.Blocks.Sum(block => block.SquaredFrobenius.Value);
        double error = Math.Sqrt(found.Blocks.Sum(block => Math.Pow(block.SquaredFrobenius.StandardError, 2)));
        return new NamedMeasurement
        {
            Name = "layer-frobenius-norm",
            Value = Math.Sqrt(square),
            Uncertainty = new Uncertainty(
                Math.Sqrt(Math.Max(0, square - error)), Math.Sqrt(square + error), "one standard error, 20 draws a layer"),
            Cost = found.Cost,
            Layers = [.. found.Blocks.Select(block => new LayerValue(block.Name, Math.Sqrt(block.SquaredFrobenius.Value)))],
        };
    }

    private static Measure Score(
        string name, string description, ScoreOptions options, string assumes = Comparable,
        Func<EmpiricalLoss, string?>? obstacle = null, int images = 0) => new(
        name, description, true, assumes,
        (subject, seed, progress, cancellation) => PacGenScorer.Measure(
            subject,
            options with
            {
                Seed = seed,
                SecondMoment = subject.Training?.SecondMoment,
                BatchSize = Math.Min(options.BatchSize, subject.Images.Count),
                Images = Math.Min(images, subject.Images.Count),
            },
            progress,
            cancellation),
        obstacle);

    private static string? OfTraining(EmpiricalLoss subject) => subject.Training?.SecondMoment is not { } moment
        ? "The squared gradients of the training are not known: train --curvature training keeps them in the file of weights; " +
            "in a script TrainingOptions.KeepSecondMoment, for TrainingFacts.SecondMoment."
        : moment.BatchSize <= subject.Images.Count ? null
        : $"The batches of the training had {moment.BatchSize} images, more than the {subject.Images.Count} that there are here.";

    private static HessianDiagonal Diagonal(
        CurvatureMatrix matrix, EmpiricalLoss subject, ulong seed, IProgress<MeasureProgress>? progress,
        CancellationToken cancellation) => HessianDiagonalEstimator.Measure(
            subject,
            new HessianDiagonalOptions { Matrix = matrix, LargestExact = 0, Draws = 4, RootBatchSize = 64, Seed = seed },
            progress, cancellation);
}
