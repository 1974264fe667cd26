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
        string? colour = networks.Factors.Contains("batch-size") ? "batch-size" : networks.Factors.Count > 0 ? networks.Factors[0]
            : null;
        double[] gaps = networks.Gaps(GapKind.Loss);
        IEnumerable<MeasureFindings> shown = slice.Measures.Where(one => one.Candidate.Name == Candidate.PublishedPsi)
            .Concat(slice.Measures.Take(Best)).DistinctBy(one => one.Candidate.Name);
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
            string[] groups = [.. networks.Rows.Select(row => colour is null ? "" : StudySlice.SettingOf(row, colour))];
            string[] names = [.. groups.Distinct()];
            return ScatterSvg.Draw(title, x, y,
            [
                .. from i in Enumerable.Range(0, across.Length)
                   where double.IsFinite(across[i]) && double.IsFinite(up[i])
                   select new ScatterSvg.Mark(
                       across[i], up[i], Array.IndexOf(names, groups[i]), NameOf(networks, networks.Rows[i])),
            ]);
        }
    }

    /// <summary>What the colours are, in words.</summary>
    public static string Colours(StudySlice slice) => slice.Factors.Contains("batch-size")
        ? "A colour is a batch size." : slice.Factors.Count > 0 ? $"A colour is a value of {slice.Factors[0]}." : "";

    private static string NameOf(StudySlice slice, StudyRow row) => string.Join(", ", slice.Factors
        .Select(factor => $"{factor} {StudySlice.SettingOf(row, factor)}").Append($"seed {row.Seed}, run {row.Run}"));
}
