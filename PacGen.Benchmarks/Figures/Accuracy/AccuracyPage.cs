using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>Figure 7's page.</summary>
/// <param name="options">How it is trained.</param>
/// <param name="images">On what.</param>
/// <param name="command">The command that makes it.</param>
/// <param name="planned">How many runs there will be.</param>
internal sealed class AccuracyPage(TrainingOptions options, Dataset images, string command, int planned)
{
    /// <summary>The heading.</summary>
    public required string Title { get; init; }

    /// <summary>What is trained on what and how.</summary>
    public required string Setting { get; init; }

    /// <summary>How that differs from the paper.</summary>
    public required string Differences { get; init; }

    /// <summary>The page.</summary>
    /// <param name="found">What the runs say.</param>
    /// <param name="records">The runs so far.</param>
    /// <param name="files">The picture and the numbers.</param>
    public string Markdown(AccuracyFindings found, IReadOnlyList<RunRecord> records, (string Picture, string Numbers) files)
    {
        TimeSpan training = TimeSpan.FromSeconds(records.SelectMany(record => record.Epochs).Sum(epoch => epoch.Seconds));
        string soFar = records.Count < planned ? $"; {records.Count} of {planned} runs are complete so far" : "";
        return $"""
            # {Title}

            ![Training and test accuracy by epoch]({files.Picture})

            - {Setting}; {string.Join(" and ", records.Select(record => record.Device).Distinct())}
            - machine: {Machine.Text}; date: {Machine.Date}
            - command: `{command}`; training alone took {TrainingReport.Left(training)} in all
            - numbers: [{files.Numbers}]({files.Numbers}), a row for each run and epoch{soFar}

            {string.Join("\n\n", found.Paragraphs)}

            {(found.Seeds.Length == 1 ? "Accuracy, %:" : $"Accuracy, means over the seeds {string.Join(", ", found.Seeds)}:")}

            {string.Join('\n', found.Table())}

            {Differences}

            {Meaning(found.Halves)}

            """;
    }

    private string Meaning(bool halves)
    {
        string statistics = options.RunningStatistics == RunningStatistics.Reestimated
            ? Prose.Line("""
                Batch norm's statistics are estimated at w, by a pass over training images, before each evaluation, in plain and
                perturbed runs alike
                """)
            : "Batch norm's statistics are the averages of the training passes', which in perturbed runs are those of w + u";
        string halved = halves
            ? " Methods that take two gradients a step have half the epochs; the table counts passes over the images."
            : "";
        return Prose.Line($"""
            Accuracies are those of the unperturbed weights w in evaluation mode after each epoch, over all
            {images.Train.Count:N0} training images as they are and all {images.Test.Count:N0} test images. {statistics}. Runs of
            one seed start from the same weights and see the images in the same order. "Beyond the spread" means that Student's 95
            % interval for the mean of the differences, one for each seed, leaves out 0; over few seeds it is wide, and knows only
            what seeds change.{halved}
            """);
    }
}
