namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>How one measure did in a slice.</summary>
/// <param name="Candidate">The measure.</param>
/// <param name="Networks">How many networks have a value of it.</param>
/// <param name="Loss">Beside the gap of losses.</param>
/// <param name="Accuracy">Beside the gap of accuracies; null where there is none.</param>
internal sealed record MeasureFindings(Candidate Candidate, int Networks, RankFindings Loss, RankFindings? Accuracy)
{
    /// <summary>The findings beside one of the gaps.</summary>
    public RankFindings Beside(GapKind kind) => kind == GapKind.Loss ? Loss : Accuracy!;
}
