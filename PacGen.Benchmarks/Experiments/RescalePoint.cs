using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Experiments;

/// <summary>Everything that <see cref="RescaleExperiment"/> measures at one α.</summary>
internal sealed record RescalePoint
{
    /// <summary>α.</summary>
    public required double Alpha { get; init; }

    /// <summary>The largest change of an output, as a share of the largest output: rounding.</summary>
    public required double OutputChange { get; init; }

    /// <summary>Ψ (24), with the median ρ, of the cross-entropy.</summary>
    public required double Psi { get; init; }

    /// <summary>The share of weights in Ψ's 1/κ branch.</summary>
    public required double KappaShare { get; init; }

    /// <summary>Ψ with its interval.</summary>
    public required string PsiText { get; init; }

    /// <summary>ρ of the bounded cross-entropy by the score's median.</summary>
    public required double RhoMedian { get; init; }

    /// <summary>ρ of the bounded cross-entropy by sampled pairs: a lower estimate of Definition 4's.</summary>
    public required double RhoSampled { get; init; }

    /// <summary>Lemma 6 with the median ρ and a τ that holds at all α.</summary>
    public required double Lemma6 { get; init; }

    /// <summary>Its KL.</summary>
    public required double Lemma6Kl { get; init; }

    /// <summary>Lemma 6 with the sampled ρ.</summary>
    public required double Lemma6Sampled { get; init; }

    /// <summary>Lemma 6 with the median ρ and τᵢ = |wᵢ| + κᵢ of each α: a score.</summary>
    public required double Lemma6OwnTau { get; init; }

    /// <summary>Its KL.</summary>
    public required double Lemma6OwnTauKl { get; init; }

    /// <summary>Lemma 8 with the median ρ and a τ that holds at all α.</summary>
    public required double Lemma8 { get; init; }

    /// <summary>Its KL.</summary>
    public required double Lemma8Kl { get; init; }

    /// <summary>Lemma 8 with the sampled ρ.</summary>
    public required double Lemma8Sampled { get; init; }

    /// <summary>λ_max of the cross-entropy's Hessian.</summary>
    public required double LargestEigenvalue { get; init; }

    /// <summary>Whether it converged; else it is a lower estimate.</summary>
    public required bool EigenvalueConverged { get; init; }

    /// <summary>The trace, and its standard error.</summary>
    public required double Trace { get; init; }

    /// <summary>The trace's standard error.</summary>
    public required double TraceError { get; init; }

    /// <summary>The Frobenius norm.</summary>
    public required double Frobenius { get; init; }

    /// <summary>Keskar's sharpness (2) in the full space, %.</summary>
    public required double KeskarFull { get; init; }

    /// <summary>Keskar's sharpness (2) in a random subspace, %.</summary>
    public required double KeskarSubspace { get; init; }

    /// <summary>Expected sharpness (3).</summary>
    public required double ExpectedSharpness { get; init; }

    /// <summary>Its standard error.</summary>
    public required double ExpectedSharpnessError { get; init; }

    /// <summary>
    /// The share of weights whose ∇ᵢ² of the bounded cross-entropy is negative, and counted as 0 in the bounds.
    /// </summary>
    public required double NegativeShare { get; init; }

    /// <summary>The main of it in a line.</summary>
    public string Summary => Prose.Line($"""
        α = {Alpha,-8:G4} Ψ {Psi:F0} (1/κ {KappaShare:P0}), Lemma 6 {Lemma6:F3}, Lemma 8 {Lemma8:F3}, λ_max
        {(EigenvalueConverged ? "" : "≥ ")}{LargestEigenvalue:G4}, (2) {KeskarFull:G4} %, (3) {ExpectedSharpness:G4}
        """);
}
