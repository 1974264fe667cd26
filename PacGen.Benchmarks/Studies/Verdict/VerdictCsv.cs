using System.Globalization;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>The numbers of a study's report, a line for each measure, slice and gap.</summary>
internal static class VerdictCsv
{
    /// <summary>The lines.</summary>
    /// <param name="findings">The numbers.</param>
    public static IEnumerable<string> Of(StudyFindings findings)
    {
        string[] factors = [.. findings.Slices.SelectMany(slice => slice.Slice.Factors).Distinct()];
        yield return CsvText.Line(
        [
            "dataset", "moment", "gap", "measure", "reference", "networks", "tau", "seeds-low", "seeds-high", "settings-low",
            "settings-high", "granulated", .. factors.Select(factor => $"granulated-{factor}"), "sign-error-mean",
            "sign-error-worst", "sign-error-pairs", "sign-error-left-out", "conditional-information", "given",
        ]);
        foreach (SliceFindings slice in findings.Slices)
        {
            foreach (MeasureFindings one in slice.All)
            {
                foreach (GapKind kind in slice.Slice.Kinds)
                {
                    yield return Line(slice.Slice, one, kind, factors);
                }
            }
        }
    }

    private static string Line(StudySlice slice, MeasureFindings one, GapKind kind, string[] factors)
    {
        RankFindings rank = one.Beside(kind);
        return CsvText.Line(
        [
            slice.Data, slice.Moment, kind == GapKind.Loss ? "loss" : "accuracy", one.Candidate.Name,
            one.Candidate.IsReference ? "yes" : "no", $"{one.Networks}", Number(rank.Tau), .. Ends(rank.OverSeeds),
            .. Ends(rank.OverSettings), Number(rank.Granulated),
            .. factors.Select(factor => slice.Factors.ToList().IndexOf(factor) is >= 0 and var number
                ? Number(rank.ByFactor[number]) : ""),
            Number(rank.SignErrors.Mean), Number(rank.SignErrors.Worst), $"{rank.SignErrors.Environments.Count}",
            $"{rank.SignErrors.LeftOut}", Number(rank.Information.Value),
            string.Join(' ', rank.Information.Given.Select(factor => slice.Factors[factor])),
        ]);
    }

    private static string[] Ends(ConfidenceInterval? interval) =>
        interval is null ? ["", ""] : [Number(interval.Low), Number(interval.High)];

    private static string Number(double value) => double.IsNaN(value) ? "" : value.ToString("G6", CultureInfo.InvariantCulture);
}
