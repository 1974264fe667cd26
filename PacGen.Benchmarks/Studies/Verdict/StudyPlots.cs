using System.Globalization;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The plots of a study's report: gaps over Ψ, over the best measures, and over the hyper-parameters.</summary>
internal static class StudyPlots
{
    private const int Best = 3;

    /// <summary>The plots of a slice.</summary>
    /// <param name="slice">The networks and how the measures did.</param>
    public static IReadOnlyList<string> Of(SliceFindings slice)
    {
        StudySlice networks = slice.Slice;
        string[] key = [.. Groups(networks)];
        double[] gaps = networks.Gaps(GapKind.Loss);
        IEnumerable<MeasureFindings> shown = slice.Measures.Where(one => one.Candidate.Name == Candidate.PublishedPsi)
            .Concat(slice.Measures.Take(Best)).DistinctBy(one => one.Candidate.Name)
            .Where(one => one.Candidate.Of(networks).Any(double.IsFinite));
        return
        [
            .. shown.Select(one => Scatter(
                $"{one.Candidate.Name}: τ = {PageCell.Signed(one.Loss.Tau)}", one.Candidate.Name, "gap of losses",
                one.Candidate.Of(networks), gaps)),
            .. networks.Factors.Where(factor => networks.Numbers(factor) is not null).SelectMany(factor =>
                new (string Name, double[] Values)[] { ("gap of losses", gaps), (Candidate.PublishedPsi, Psi()) }
                    .Where(quantity => quantity.Values.Any(double.IsFinite)).Select(quantity => Scatter(
                        $"{quantity.Name} by {factor}", factor, quantity.Name, networks.Numbers(factor)!, quantity.Values))),
        ];

        double[] Psi() => slice.Of(Candidate.PublishedPsi)?.Candidate.Of(networks) ?? [.. gaps.Select(_ => double.NaN)];

        string Scatter(string title, string x, string y, double[] across, double[] up)
        {
            return ScatterSvg.Draw(title, x, y,
            [
                .. from i in Enumerable.Range(0, across.Length)
                   where double.IsFinite(across[i]) && double.IsFinite(up[i])
                   select new ScatterSvg.Mark(
                       across[i], up[i], Array.IndexOf(key, GroupOf(networks, networks.Rows[i])),
                       NameOf(networks, networks.Rows[i])),
            ]);
        }
    }

    /// <summary>What each colour is: a batch size where these vary, else a value of the first hyper-parameter.</summary>
    public static IReadOnlyList<(string Name, string Colour)> Key(StudySlice slice) =>
    [
        .. Groups(slice).Index().Select(group => (
            group.Item.Length == 0 ? "all" : $"{Coloured(slice)} {group.Item}", ScatterSvg.ColourOf(group.Index))),
    ];

    private static string? Coloured(StudySlice slice) =>
        slice.Factors.Contains("batch-size") ? "batch-size" : slice.Factors.Count > 0 ? slice.Factors[0] : null;

    private static string GroupOf(StudySlice slice, StudyRow row) =>
        Coloured(slice) is { } factor ? StudySlice.SettingOf(row, factor) : "";

    /// <summary>The values that have a colour, numbers by their size.</summary>
    private static IEnumerable<string> Groups(StudySlice slice) => slice.Rows.Select(row => GroupOf(slice, row)).Distinct()
        .OrderBy(value => double.TryParse(value, CultureInfo.InvariantCulture, out double number) ? number : double.MaxValue)
        .ThenBy(value => value, StringComparer.Ordinal);

    private static string NameOf(StudySlice slice, StudyRow row) => string.Join(", ", slice.Factors
        .Select(factor => $"{factor} {StudySlice.SettingOf(row, factor)}").Append($"seed {row.Seed}, run {row.Run}"));
}
