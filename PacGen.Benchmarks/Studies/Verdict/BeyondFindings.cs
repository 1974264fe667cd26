using PacGen.Core.Randomness;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>
/// Whether a combination of two measures, or a variant of Ψ, beats the best single measure: chosen on a random half of the
/// settings by Kendall's τ, tried on the other half, over several splits.
/// </summary>
internal sealed class BeyondFindings
{
    private const uint Stream = 0x5B117;

    /// <summary>The fewest settings that can be halved.</summary>
    private const int FewestSettings = 8;

    private BeyondFindings(
        StudySlice slice, GapKind kind, IReadOnlyList<Candidate> measures, IReadOnlyList<SplitChoice> splits) =>
        (Slice, Kind, MeasureCount, PsiCount, Splits) =
            (slice, kind, measures.Count, measures.Count(measure => measure.IsPsi), splits);

    /// <summary>The networks.</summary>
    public StudySlice Slice { get; }

    /// <summary>The gap.</summary>
    public GapKind Kind { get; }

    /// <summary>How many measures there were to choose from: those that each network has.</summary>
    public int MeasureCount { get; }

    /// <summary>How many of them are Ψ in a variant.</summary>
    public int PsiCount { get; }

    /// <summary>The splits.</summary>
    public IReadOnlyList<SplitChoice> Splits { get; }

    /// <summary>Chooses and tries; null where there are too few settings or measures.</summary>
    /// <param name="slice">The networks.</param>
    /// <param name="candidates">Measures and references.</param>
    /// <param name="kind">The gap.</param>
    /// <param name="options">Seed and number of splits.</param>
    /// <param name="stop">Stops the work.</param>
    public static BeyondFindings? Of(
        StudySlice slice, IReadOnlyList<Candidate> candidates, GapKind kind, VerdictOptions options, CancellationToken stop)
    {
        Candidate[] whole = [.. candidates.Where(candidate =>
            candidate.Of(slice) is var values && !values.Any(value => !double.IsFinite(value))
            && values.Distinct().Count() > 1)];
        Candidate[] measures = [.. whole.Where(candidate => !candidate.IsReference)];
        if (slice.Design.Members.Count < FewestSettings || measures.Length < 2)
        {
            return null;
        }

        double[][] z = [.. measures.Select(measure => Combination.Standard(measure.Of(slice)))];
        double[][] references = [.. whole.Where(one => one.IsReference).Select(one => one.Of(slice))];
        string[] referenceNames = [.. whole.Where(one => one.IsReference).Select(one => one.Name)];
        double[] gaps = slice.Gaps(kind);
        SplitChoice[] splits = new SplitChoice[options.Splits];
        Parallel.For(0, options.Splits, new ParallelOptions { CancellationToken = stop }, split =>
        {
            (int[] chosenOn, int[] triedOn) = Halves(slice.Design, new RandomStream(options.Seed, Stream, (uint)split));
            splits[split] = Try(measures, z, references, referenceNames, gaps, chosenOn, triedOn);
        });
        return new BeyondFindings(slice, kind, measures, splits);
    }

    /// <summary>The mean of a number over the splits.</summary>
    public double Mean(Func<SplitChoice, double> number) => Splits.Average(number);

    /// <summary>The mean of a difference with its interval; null where it isn't defined in some split.</summary>
    public ConfidenceInterval? Interval(Func<SplitChoice, double> difference) =>
        Splits.Count < 2 || Splits.Any(split => double.IsNaN(difference(split))) ? null
            : ResampledDifference.Interval([.. Splits.Select(difference)]);

    /// <summary>What was chosen most often, and in how many splits.</summary>
    public (string Name, int Times) Favourite(Func<SplitChoice, string?> choice) => Splits.Select(choice).OfType<string>()
        .CountBy(name => name).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => (pair.Key, pair.Value)).FirstOrDefault(("nothing", 0));

    /// <summary>Halves of the settings, all seeds of a setting together.</summary>
    private static (int[] First, int[] Second) Halves(ExperimentDesign design, RandomStream random)
    {
        int[] order = [.. Enumerable.Range(0, design.Members.Count)];
        random.Shuffle(order);
        int half = order.Length / 2;
        return ([.. order[..half].SelectMany(setting => design.Members[setting])],
            [.. order[half..].SelectMany(setting => design.Members[setting])]);
    }

    private static SplitChoice Try(
        Candidate[] measures, double[][] z, double[][] references, string[] referenceNames, double[] gaps, int[] chosenOn,
        int[] triedOn)
    {
        double[] known = [.. chosenOn.Select(i => gaps[i])], hidden = [.. triedOn.Select(i => gaps[i])];
        Combination[] singles = [.. measures.Index().SelectMany(one => Alone(one.Item, one.Index))];
        Combination single = Best(singles);
        Combination[] ofPsi = [.. singles.Where(one => measures[one.First].IsPsi)];
        Combination? psi = ofPsi.Length > 0 ? Best(ofPsi) : null;
        int published = Array.FindIndex(measures, measure => measure.Name == Candidate.PublishedPsi);
        Combination pair = Best(from first in Enumerable.Range(0, z.Length)
                                from second in Enumerable.Range(first + 1, z.Length - first - 1)
                                from weights in Combination.Weights
                                select new Combination(first, second, weights.A, weights.B));

        // A reference may go with the gap or against it.
        (int number, int sign, double best) = references.Index().SelectMany(
            one => new[] { 1, -1 }.Select(turn => (one.Index, turn, turn * Tau([.. chosenOn.Select(i => one.Item[i])], known))))
            .DefaultIfEmpty((-1, 0, double.NaN)).MaxBy(one => one.Item3);
        return new SplitChoice(
            measures[single.First].Name, Tried(single), Name(pair), Tried(pair),
            psi is { } variant ? measures[variant.First].Name : null, psi is { } chosen ? Tried(chosen) : double.NaN,
            published < 0 ? double.NaN : Tried(new Combination(published, published, 1, 0)),
            number < 0 ? null : referenceNames[number],
            number < 0 ? double.NaN : sign * Tau([.. triedOn.Select(i => references[number][i])], hidden));

        Combination Best(IEnumerable<Combination> all) => all.MaxBy(one => Tau(one.Of(z, chosenOn), known));

        double Tried(Combination one) => Tau(one.Of(z, triedOn), hidden);

        string Name(Combination two) => $"{Signed(two.A, two.First)} {Signed(two.B, two.Second)}";

        string Signed(double weight, int measure) => $"{(weight < 0 ? '−' : '+')}{measures[measure].Name}";
    }

    /// <summary>A measure alone goes as is said of it; one of which nothing is said may go either way.</summary>
    private static IEnumerable<Combination> Alone(Candidate measure, int number) =>
        measure.SmallerIsBetter is null
            ? [new Combination(number, number, 1, 0), new Combination(number, number, -1, 0)]
            : [new Combination(number, number, measure.Sign, 0)];

    /// <summary>τ; 0 where one side is all equal, which tells nothing.</summary>
    private static double Tau(double[] values, double[] gaps) =>
        KendallTau.Of(values, gaps) is var tau && double.IsNaN(tau) ? 0 : tau;
}
