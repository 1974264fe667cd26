namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>What one half of the settings chose, and Kendall's τ that it has on the other half.</summary>
/// <param name="Single">The measure that was chosen.</param>
/// <param name="SingleTau">Its τ.</param>
/// <param name="Pair">The combination of two that was chosen.</param>
/// <param name="PairTau">Its τ.</param>
/// <param name="Psi">The variant of Ψ that was chosen; null where there is none.</param>
/// <param name="PsiTau">Its τ.</param>
/// <param name="PublishedTau">τ of the published Ψ.</param>
/// <param name="Reference">The best of training loss and hyper-parameters.</param>
/// <param name="ReferenceTau">Its τ.</param>
internal sealed record SplitChoice(
    string Single, double SingleTau, string Pair, double PairTau, string? Psi, double PsiTau, double PublishedTau,
    string? Reference, double ReferenceTau);
