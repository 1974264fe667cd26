using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>
/// The row of the posterior that the optimizer learnt: 𝔼 L̂(w + u) − L̂(w), uᵢ ~ N(0, sᵢ²) with the deviations
/// sᵢ = 1/√(λ(hᵢ + δ)) of <see cref="Ivon"/>, in place of the one σ of <see cref="ExpectedSharpness"/>.
/// </summary>
internal static class PosteriorSharpness
{
    /// <summary>The row.</summary>
    public static Measure Row() => new(
        "posterior-sharpness", "𝔼L̂(w + u) − L̂(w), u of the posterior that the optimizer learnt", true,
        "networks trained by one such optimizer", (subject, seed, progress, cancellation) =>
        {
            Obstacles.Require(Obstacle(subject));
            return ExpectedSharpnessSampler.Measure(
                subject, new ExpectedLossOptions { Levels = subject.Training!.PosteriorDeviations, Draws = 30, Seed = seed },
                progress, cancellation);
        }, Obstacle);

    private static string? Obstacle(EmpiricalLoss subject) => subject.Training?.PosteriorDeviations is not { } deviations
        ? "The optimizer learnt no posterior, or its deviations are not known: train with IVON, and give them as the training " +
            "facts' posterior deviations."
        : deviations.Count == subject.Count ? null
        : $"There are {deviations.Count} deviations for {subject.Count} weights: they are of another network.";
}
