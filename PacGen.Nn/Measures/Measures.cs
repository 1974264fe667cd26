namespace PacGen.Nn;

/// <summary>The measures that there are, a row each.</summary>
public static partial class Measures
{
    private const string TwiceDifferentiable = "a loss that is twice differentiable at w; with ReLU it is almost everywhere";

    /// <summary>The measures that are one number with defaults. A measure of one's own is one more row.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("pacgen-score", "Ψ (24), ρ by its median over draws", true, "networks of one architecture on one data set, scored " +
            "with the same options; with ReLU no ρ holds", (subject, seed, progress, cancellation) =>
            PacGenScorer.Measure(
                subject,
                new ScoreOptions { Seed = seed, BatchSize = Math.Min(ScoreOptions.DefaultBatchSize, subject.Images.Count) },
                progress, cancellation)),
        new("largest-eigenvalue", "λ_max of ∇²L̂ (8)", true, TwiceDifferentiable, (subject, seed, progress, cancellation) =>
            Lanczos.Measure(subject, new LanczosOptions { Seed = seed }, progress, cancellation)),
        new("trace", "tr ∇²L̂ by Hutchinson's method", true, TwiceDifferentiable, (subject, seed, progress, cancellation) =>
            Hutchinson.Measure(subject, new HutchinsonOptions { Seed = seed }, progress, cancellation)),
        new("keskar-sharpness", "the (C_ε, A)-sharpness (2), in percent", true,
            "weights of one scale: it changes when layers are rescaled", (subject, seed, progress, cancellation) =>
            KeskarAscent.Measure(subject, new KeskarOptions { Seed = seed }, progress, cancellation)),
        new("expected-sharpness", "𝔼L̂(w + u) − L̂(w), u ~ N(0, 0.05²) (3)", true,
            "weights of one scale: it changes when layers are rescaled", (subject, seed, progress, cancellation) =>
            ExpectedSharpnessSampler.Measure(subject, new ExpectedLossOptions { Seed = seed }, progress, cancellation)),
        new("hessian-lipschitz", "ρ of Definition 4 from below", null, "a smooth activation: with ReLU ∇²L̂ jumps and no ρ holds",
            (subject, seed, progress, cancellation) =>
            HessianLipschitzSampler.Measure(subject, new HessianLipschitzOptions { Seed = seed }, progress, cancellation)),
        PosteriorSharpness.Row(),
        .. OfScore(),
        .. OfCurvature(),
        .. OfLiterature(),
    ];
}
