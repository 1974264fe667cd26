using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Studies;

namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>The page of Figures 3 to 6.</summary>
internal static class GapPage
{
    /// <summary>The page.</summary>
    /// <param name="number">The figure's number.</param>
    /// <param name="findings">What was found.</param>
    /// <param name="run">One of the runs.</param>
    /// <param name="command">The command that makes it.</param>
    /// <param name="files">The picture, and the numbers by moment and by epoch.</param>
    public static string Markdown(
        int number, GapFindings findings, StudyRun run, string command, (string Picture, string Moments, string Epochs) files)
    {
        StudyTable table = findings.Table;
        TimeSpan training = TimeSpan.FromSeconds(table.Runs.Where(one => double.IsFinite(one.Seconds)).Sum(one => one.Seconds));
        string seeds = string.Join(", ", table.Runs.Select(one => one.Seed).Distinct());
        return $"""
            # Figure {number}: {findings.Title(run)}

            ![Gap and {findings.Measure} by epoch, and against each other]({files.Picture})

            - {(findings.Varied == "learning-rate" ? "" : $"{run.Training.Optimizer}; ")}{GapFindings.Common(run, findings.Varied)}; {GapFigure.Words(findings.Varied)}s
              {string.Join(", ", findings.Values)}; seeds {seeds}; {table.Runs.Count} networks
            - machine: {Machine.Text}; {string.Join(" and ", table.Runs.Select(one => one.Device).OfType<string>().Distinct())};
              date: {Machine.Date}
            - command: `{command}`; training took {TrainingReport.Left(training)} in all, one network after the other
            - numbers: [{files.Moments}]({files.Moments}), a row for each moment of a network;
              [{files.Epochs}]({files.Epochs}), a row for each epoch

            {string.Join("\n\n", findings.Sentences)}

            Means over seeds:

            {string.Join('\n', Rows(findings))}

            {Meaning(findings)}

            """;
    }

    private static IEnumerable<string> Rows(GapFindings findings)
    {
        yield return $"| {GapFigure.Words(findings.Varied)} | moment | networks | epoch | training loss | test loss | gap | "
            + $"accuracy gap, % | {findings.Measure} |";
        yield return "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";
        foreach (string value in findings.Values)
        {
            foreach (GapComparison comparison in findings.Comparisons)
            {
                StudyRow[] rows = [.. comparison.Rows.Where(row => findings.ValueOf(row) == value)];
                if (rows.Length > 0)
                {
                    double Mean(Func<StudyRow, double> of) => rows.Average(of);
                    yield return Prose.Line($"""
                        | {value} | {comparison.When} | {rows.Length} | {Mean(row => row.Epoch):F1} |
                        {Mean(row => row.TrainLoss):G4} | {Mean(row => row.TestLoss):G4} | {Mean(row => row.LossGap):F4} |
                        {100 * Mean(row => row.AccuracyGap):F2} | {Mean(row => row.Measures[findings.Measure]):G6} |
                        """);
                }
            }
        }
    }

    private static string Meaning(GapFindings findings) => Prose.Line($"""
        The gap is the test images' cross-entropy less the training images', both over the whole sets at the weights after an epoch.
        The paper doesn't say how many epochs it ran. At equal epoch, large batches and small rates have trained less, and their gap
        is smaller for that alone; at equal training loss that is not so. τ is Kendall's τ-b; in brackets its 95 % interval by the
        bootstrap over the seeds of each {GapFigure.Words(findings.Varied)}: it knows what seeds change, and nothing of other
        settings; of few seeds it is too narrow, and lies too near ±1, since a network that is drawn twice makes no pair with itself.
        The paper's claim is a τ near 1, and a gap that grows with the batch size and shrinks with the rate.
        """);
}
