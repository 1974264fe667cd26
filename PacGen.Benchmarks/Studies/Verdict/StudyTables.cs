using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The tables of a study's report.</summary>
internal static class StudyTables
{
    /// <summary>All measures of a slice, the best τ beside the gap of losses first.</summary>
    public static PageBlock.Grid Measures(SliceFindings slice) => new(
        [
            "measure", "τ, gap of losses (over seeds)", "over settings", "granulated τ", "sign error, mean", "worst",
            "conditional information", .. slice.Accuracy is null ? (string[])[]
                : ["τ, gap of accuracies (over seeds)", "sign error, mean", "worst"],
            "places: τ, granulated, sign error, information", "networks",
        ],
        [.. slice.All.Select(one => Row(slice, one)), Chance(slice)]);

    /// <summary>The granulated τ of each hyper-parameter, in the same order.</summary>
    public static PageBlock.Grid ByFactor(SliceFindings slice) => new(
        ["measure", "mean", .. slice.Slice.Factors],
        [
            .. slice.All.Select(one => (IReadOnlyList<PageCell>)
            [
                Name(one), PageCell.Heat(one.Loss.Granulated), .. one.Loss.ByFactor.Select(PageCell.Heat),
            ]),
        ]);

    /// <summary>How gaps and Ψ's variants move with a hyper-parameter, by moment.</summary>
    public static PageBlock.Grid Trends(IReadOnlyList<Trend> trends)
    {
        string[] moments = [.. trends.Select(trend => trend.Slice.When).Distinct()];
        return new PageBlock.Grid(
            ["quantity", .. moments],
            [
                .. trends.GroupBy(trend => trend.Quantity).Select(quantity => (IReadOnlyList<PageCell>)
                [
                    new PageCell($"`{quantity.Key}`"), .. moments.Select(
                        moment => Cell(quantity.FirstOrDefault(trend => trend.Slice.When == moment))),
                ]),
            ]);

        static PageCell Cell(Trend? trend) => trend is null ? new PageCell("–") : new PageCell(
            $"{PageCell.Signed(trend.Value)}{PageCell.Range(trend.Interval)} {trend.Word}", trend.Value) { Shown = trend.Value };
    }

    /// <summary>Runs that collapsed.</summary>
    public static PageBlock.Grid Collapsed(IReadOnlyList<StudyRow> rows)
    {
        string[] settings = [.. rows.SelectMany(row => row.Settings.Keys).Distinct()];
        return new PageBlock.Grid(
            ["run", .. settings, "seed", "last epoch", "training loss", "training accuracy"],
            [
                .. rows.Select(row => (IReadOnlyList<PageCell>)
                [
                    new PageCell($"{row.Run}", row.Run),
                    .. settings.Select(name => new PageCell(StudySlice.SettingOf(row, name))),
                    new PageCell($"{row.Seed}", row.Seed), new PageCell($"{row.Epoch}", row.Epoch),
                    PageCell.Number(row.TrainLoss, "G4"), PageCell.Number(row.TrainAccuracy, "F3"),
                ]),
            ]);
    }

    /// <summary>What each measure is.</summary>
    public static PageBlock.Grid Legend(IReadOnlyList<Candidate> candidates) => new(
        ["measure", "what it is", "a smaller gap is said to go with"],
        [
            .. candidates.Where(one => !one.IsReference).Select(one => (IReadOnlyList<PageCell>)
            [
                new PageCell($"`{one.Name}`"), new PageCell(one.Description),
                new PageCell(
                    one.SmallerIsBetter switch { true => "smaller values", false => "larger values", _ => "nothing said" }),
            ]),
        ]);

    private static IReadOnlyList<PageCell> Row(SliceFindings slice, MeasureFindings one) =>
    [
        Name(one), PageCell.Estimate(one.Loss.Tau, one.Loss.OverSeeds),
        new PageCell(PageCell.Range(one.Loss.OverSettings).Trim(), one.Loss.OverSettings?.Low ?? double.NaN),
        PageCell.Heat(one.Loss.Granulated), PageCell.Number(one.Loss.SignErrors.Mean), PageCell.Number(one.Loss.SignErrors.Worst),
        PageCell.Number(one.Loss.Information.Value),
        .. one.Accuracy is not { } accuracy ? (PageCell[])[] :
        [
            PageCell.Estimate(accuracy.Tau, accuracy.OverSeeds), PageCell.Number(accuracy.SignErrors.Mean),
            PageCell.Number(accuracy.SignErrors.Worst),
        ],
        Places(slice, one), new PageCell($"{one.Networks}", one.Networks),
    ];

    private static PageCell Places(SliceFindings slice, MeasureFindings one)
    {
        if (one.Candidate.IsReference)
        {
            return new PageCell("–");
        }

        int[] places =
        [
            slice.Place(one, other => other.Loss.Tau), slice.Place(one, other => other.Loss.Granulated),
            slice.Place(one, other => -other.Loss.SignErrors.Mean), slice.Place(one, other => other.Loss.Information.Value),
        ];
        return new PageCell(string.Join(" · ", places), places.Average());
    }

    private static IReadOnlyList<PageCell> Chance(SliceFindings slice) =>
    [
        new PageCell("*random numbers, at most (95 of 100)*"), PageCell.Number(slice.Loss.Tau), new PageCell(""),
        PageCell.Number(slice.Loss.Granulated), new PageCell($"at least {slice.Loss.SignError:F2}", slice.Loss.SignError),
        new PageCell(""), PageCell.Number(slice.Loss.Information),
        .. slice.Accuracy is not { } accuracy ? (PageCell[])[] :
        [
            PageCell.Number(accuracy.Tau),
            new PageCell(double.IsNaN(accuracy.SignError) ? "–" : $"at least {accuracy.SignError:F2}", accuracy.SignError),
            new PageCell(""),
        ],
        new PageCell(""), new PageCell(""),
    ];

    private static PageCell Name(MeasureFindings one) =>
        new(one.Candidate.IsReference ? $"*{one.Candidate.Name}*" : $"`{one.Candidate.Name}`");
}
