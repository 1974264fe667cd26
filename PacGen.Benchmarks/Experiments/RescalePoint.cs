using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Bounds;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>Everything that <see cref="RescaleExperiment"/> measures at one α.</summary>
/// <param name="Alpha">α.</param>
/// <param name="OutputChange">The largest change of an output, as a share of the largest output: rounding.</param>
/// <param name="Score">Ψ (24), with the median ρ, of the cross-entropy.</param>
/// <param name="RhoMedian">ρ of the bounded cross-entropy by the score's median.</param>
/// <param name="RhoSampled">The same by sampled pairs: a lower estimate of Definition 4's.</param>
/// <param name="Lemma6">Lemma 6 with a τ that holds at all α.</param>
/// <param name="Lemma6OwnTau">Lemma 6 with τᵢ = |wᵢ| + κᵢ of each α: a score.</param>
/// <param name="Lemma8">Lemma 8 with a τ that holds at all α.</param>
/// <param name="Eigenvalues">Of the cross-entropy's Hessian.</param>
/// <param name="Moments">Its trace and Frobenius norm.</param>
/// <param name="KeskarFull">Keskar's sharpness (2) in the full space, %.</param>
/// <param name="KeskarSubspace">Keskar's sharpness (2) in a random subspace, %.</param>
/// <param name="Expected">Expected sharpness (3).</param>
/// <param name="NegativeShare">
/// The share of weights whose ∇ᵢ² of the bounded cross-entropy is negative, and counted as 0 in the bounds.
/// </param>
internal sealed record RescalePoint(
    double Alpha,
    double OutputChange,
    PacGenScore Score,
    double RhoMedian,
    double RhoSampled,
    RescaleBound Lemma6,
    RescaleBound Lemma6OwnTau,
    RescaleBound Lemma8,
    ExtremeEigenvalues Eigenvalues,
    HessianMoments Moments,
    double KeskarFull,
    double KeskarSubspace,
    ExpectedSharpness Expected,
    double NegativeShare)
{
    /// <summary>The main of it in a line.</summary>
    public string Summary => Prose.Line($"""
        α = {Alpha,-8:G4} Ψ {Score.Psi:F0} (1/κ {Score.KappaShare:P0}), Lemma 6 {Lemma6.Value:F3}, Lemma 8 {Lemma8.Value:F3},
        λ_max {(Eigenvalues.Converged ? "" : "≥ ")}{Eigenvalues.Largest:G4}, (2) {KeskarFull:G4} %, (3) {Expected.Value:G4}
        """);
}
