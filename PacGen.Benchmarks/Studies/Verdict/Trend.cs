using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>Whether a quantity moves with a hyper-parameter as the paper says, everything else being equal.</summary>
/// <param name="Slice">The networks.</param>
/// <param name="Factor">The hyper-parameter.</param>
/// <param name="Quantity">The quantity: a gap, or Ψ in a variant.</param>
/// <param name="Value">
/// The granulated τ between the hyper-parameter and the quantity, positive where the quantity moves as the paper says.
/// </param>
/// <param name="Interval">Its interval over seeds; null where each setting has one, so that nothing tells it from chance.</param>
internal sealed record Trend(StudySlice Slice, string Factor, string Quantity, double Value, ConfidenceInterval? Interval)
{
    /// <summary>What the paper says of the gap of losses and of Ψ: hyper-parameter, and whether they grow with it.</summary>
    public static IReadOnlyList<(string Factor, bool Grows)> Claims { get; } = [("batch-size", true), ("learning-rate", false)];

    /// <summary>Whether it moves as the paper says, beyond what seeds do.</summary>
    public bool Holds => Interval is { Low: > 0 };

    /// <summary>Whether it moves the other way, beyond what seeds do.</summary>
    public bool IsOpposite => Interval is { High: < 0 };

    /// <summary>The verdict in a word.</summary>
    public string Word => Holds ? "as said" : IsOpposite ? "opposite" : "open";

    /// <summary>How a quantity moves with a hyper-parameter; null where the slice doesn't tell.</summary>
    /// <param name="slice">The networks.</param>
    /// <param name="factor">The hyper-parameter.</param>
    /// <param name="grows">Whether it is said to grow.</param>
    /// <param name="quantity">The quantity's name.</param>
    /// <param name="values">Its values; NaN where it isn't defined.</param>
    /// <param name="options">Replicates and seed.</param>
    public static Trend? Of(
        StudySlice slice, string factor, bool grows, string quantity, double[] values, VerdictOptions options)
    {
        int number = slice.Factors.ToList().IndexOf(factor);
        int[] defined = [.. Enumerable.Range(0, values.Length).Where(i => !double.IsNaN(values[i]))];
        if (number < 0 || slice.Numbers(factor) is not { } all || defined.Length < SliceFindings.Most * values.Length)
        {
            return null;
        }

        ExperimentDesign design =
            defined.Length == values.Length ? slice.Design : slice.DesignOf(defined.Select(i => slice.Rows[i]));
        double[] levels = [.. defined.Select(i => all[i])], turned = [.. defined.Select(i => grows ? values[i] : -values[i])];
        double whole = Of(design, [.. Enumerable.Range(0, levels.Length)]);
        return double.IsNaN(whole) ? null : new Trend(slice, factor, quantity, whole, Bootstrap.Interval(
            design.Members, Resampling.Members, drawn => Of(design.Take(drawn), drawn), options.Seed,
            options.TrendReplicates));

        double Of(ExperimentDesign drawn, int[] networks) => GranulatedTau.ByFactor(
            drawn, [.. networks.Select(i => levels[i])], [.. networks.Select(i => turned[i])])[number];
    }
}
