using PacGen.Nn;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>What may tell a gap: a measure, or a number that is known without measuring.</summary>
/// <param name="Name">The measure's name, or what the number is.</param>
/// <param name="Description">What it is.</param>
/// <param name="SmallerIsBetter">What is said of it; null where nothing is.</param>
/// <param name="IsReference">Whether it is no measure: the training loss, a hyper-parameter.</param>
/// <param name="Of">Its values for a slice's networks; NaN where it isn't defined.</param>
internal sealed record Candidate(
    string Name, string Description, bool? SmallerIsBetter, bool IsReference, Func<StudySlice, double[]> Of)
{
    /// <summary>1, or −1 where larger values are said to go with smaller gaps.</summary>
    public int Sign => SmallerIsBetter == false ? -1 : 1;

    /// <summary>Whether it is the paper's Ψ in one of its variants.</summary>
    public bool IsPsi => IsPsiName(Name);

    /// <summary>The score that the paper publishes.</summary>
    public const string PublishedPsi = "pacgen-score";

    private const string LossMeasure = "training-loss";

    /// <summary>The rows of <see cref="Measures.All"/> that training tells by itself.</summary>
    private static readonly string[] Known = [LossMeasure, "training-images", "parameter-count"];

    /// <summary>Ψ with the published h and ρ's estimator, but another κ, or layers that count alike.</summary>
    private static readonly string[] ScaleVariants = ["psi-magnitude-aware", "psi-layer-normalized"];

    /// <summary>In what Ψ's variants differ from the published one, and which are those.</summary>
    public static IReadOnlyList<(string Name, Func<string, bool> Has)> Ways { get; } =
    [
        ("ρ's estimator", name => IsPsiName(name) && name.EndsWith("-rho", StringComparison.Ordinal)),
        ("h's batch size", name => IsPsiName(name) && name.Contains("batch", StringComparison.Ordinal)),
        ("how κ and the layers' sizes enter", ScaleVariants.Contains),
        ("what h is", name => IsPsiName(name) && name != PublishedPsi && !name.EndsWith("-rho", StringComparison.Ordinal)
            && !name.Contains("batch", StringComparison.Ordinal) && !ScaleVariants.Contains(name)),
    ];

    /// <summary>Whether a measure of that name is the paper's Ψ in one of its variants.</summary>
    public static bool IsPsiName(string name) =>
        name.StartsWith("pacgen", StringComparison.Ordinal) || name.StartsWith("psi", StringComparison.Ordinal);

    /// <summary>The measures that the slices have, in the order of <see cref="Measures.All"/>, and the references.</summary>
    public static IReadOnlyList<Candidate> In(IReadOnlyList<StudySlice> slices)
    {
        HashSet<string> names = [.. slices.SelectMany(slice => slice.Rows).SelectMany(row => row.Measures.Keys)];
        IEnumerable<Candidate> known = Measures.All.Where(measure => names.Contains(measure.Name)).Select(measure =>
            new Candidate(
                measure.Name, measure.Description, measure.SmallerIsBetter, Known.Contains(measure.Name),
                slice => ValuesOf(slice, measure.Name)));
        IEnumerable<Candidate> others = names.Except(Measures.All.Select(measure => measure.Name)).Order(StringComparer.Ordinal)
            .Select(name => new Candidate(name, "not a measure of this version", null, false, slice => ValuesOf(slice, name)));
        IEnumerable<Candidate> factors = slices.SelectMany(slice => slice.Factors).Distinct().Where(
            factor => slices.Any(slice => slice.Numbers(factor) is not null)).Select(factor =>
            new Candidate(factor, "the hyper-parameter itself", null, true, slice => slice.Factors.Contains(factor)
                && slice.Numbers(factor) is { } numbers ? numbers : [.. slice.Rows.Select(_ => double.NaN)]));
        Candidate loss = new("training loss", "the training images' cross-entropy", null, true,
            slice => [.. slice.Rows.Select(row => row.TrainLoss)]);
        return [.. known, .. others, .. names.Contains(LossMeasure) ? (Candidate[])[] : [loss], .. factors];
    }

    private static double[] ValuesOf(StudySlice slice, string name) =>
        [.. slice.Rows.Select(row => row.Measures.GetValueOrDefault(name, double.NaN))];
}
