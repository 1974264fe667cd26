using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;
using PacGen.Plots;

namespace PacGen.Benchmarks.Training;

/// <summary>What a training found, as parts of a page: curves, what it ended with, and each epoch.</summary>
internal static class TrainPage
{
    /// <summary>The parts.</summary>
    /// <param name="lead">What was trained on what and how, a paragraph each.</param>
    /// <param name="runs">The runs: at least one with an epoch.</param>
    public static IReadOnlyList<PageBlock> Of(IReadOnlyList<string> lead, IReadOnlyList<SeedRun> runs)
    {
        SeedMeans means = new(runs);
        return
        [
            .. lead.Select(line => new PageBlock.Plain(line)),
            ReportFile.Pictures(
                runs.Count > 1 ? $"Curves by epoch, mean and range of {runs.Count} seeds" : "Curves by epoch",
                TrainingPlot.Panels(new TrainingCurves("", [.. runs.Select(run => run.Epochs)]))),
            new PageBlock.Heading(2, "What it ended with"),
            runs.Count > 1 ? Grid(means.Headings, means.Rows)
                : Grid([$"after epoch {runs[0].Epochs[^1].Epoch}", "value"], means.Rows.Select(row => row[..2])),
            .. runs.Count > 1 ? (PageBlock[])[new PageBlock.Plain(SeedMeans.Remark)] : [],
            new PageBlock.Plain(Prose.Line("""
                The gap is what the network loses on images that it was not trained on. Ψ ranks networks of one size on the same
                images, smaller being better; it is no bound.
                """)),
            .. runs.Select(run => new PageBlock.Fold(
                runs.Count > 1 ? $"Each epoch of seed {run.Seed}" : "Each epoch", [Epochs(run)])),
        ];
    }

    private static PageBlock.Grid Epochs(SeedRun run)
    {
        IReadOnlyList<EpochColumn> columns = EpochColumn.In(run.Epochs);
        return Grid(
            ["epoch", .. columns.Select(column => column.Name)],
            run.Epochs.Select(epoch => (string[])[$"{epoch.Epoch}", .. columns.Select(column => column.Text(column.Of(epoch)))]));
    }

    private static PageBlock.Grid Grid(IReadOnlyList<string> headings, IEnumerable<string[]> rows) =>
        new(headings, [.. rows.Select(row => row.Select(PageCell.Plain).ToArray())]);
}
