using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>What the runs of <see cref="HyperExperiment"/> say, as a table, in words, and as rows of numbers.</summary>
/// <param name="cells">The grid's runs, those of the plain optimizer first.</param>
/// <param name="best">The chosen pair.</param>
/// <param name="onTest">The runs on all training images: of the plain optimizer, and of the chosen pair.</param>
/// <param name="all">The images.</param>
/// <param name="seeds">The seeds of each pair's runs.</param>
internal sealed class HyperFindings(ArmRuns[] cells, ArmRuns best, ArmRuns[] onTest, Dataset all, ulong[] seeds)
{
    private const string Over = "mean over the seeds (smallest to largest)";

    private readonly double[] levels = [.. cells.Select(cell => cell.Eta).OfType<double>().Distinct()];
    private readonly double[] widths = [.. cells.Select(cell => cell.Gamma).OfType<double>().Distinct()];

    /// <summary>The findings, a paragraph each.</summary>
    public string[] Paragraphs => [$"{Chosen()} {Worth()}", Tested()];

    /// <summary>The accuracies of all pairs as rows of a table in Markdown.</summary>
    public IEnumerable<string> Table() =>
    [
        $"| η |{string.Concat(widths.Select(width => $" γ = {width} |"))}",
        $"| ---: |{string.Concat(widths.Select(_ => " ---: |"))}",
        .. levels.Select(level =>
            Prose.Line($"""
                | {level}
                |{string.Concat(widths.Select(width => $" {cells.Single(cell => cell.Arm == new RunArm(level, width))} |"))}
                """)),
    ];

    /// <summary>The numbers of all runs, as lines of comma-separated values.</summary>
    public IEnumerable<string> Rows() =>
    [
        "eta,gamma,seed,evaluated_on,train_loss,train_accuracy,loss,accuracy,epochs,failure",
        .. cells.SelectMany(cell => Rows(cell, "validation")),
        .. onTest.SelectMany(cell => Rows(cell, "test")),
    ];

    /// <summary>The page.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="setting">What was trained on what, and where.</param>
    /// <param name="pair">The first pair's optimizer.</param>
    /// <param name="command">The command that made it.</param>
    /// <param name="files">The picture and the numbers.</param>
    public string Page(string title, string setting, string pair, string command, (string Picture, string Numbers) files) => $"""
        # {title}

        ![Validation accuracy over η and γ]({files.Picture})

        - {setting}
        - first pair: {pair}
        - machine: {Machine.Text}; date: {Machine.Date}
        - command: `{command}`
        - numbers: [{files.Numbers}]({files.Numbers}), a row for each run

        {string.Join("\n\n", Paragraphs)}

        Validation accuracy after the last epoch at the unperturbed weights w, in evaluation mode, {Over}:

        {string.Join('\n', Table())}

        """;

    private IEnumerable<string> Rows(ArmRuns cell, string tested) => cell.Records.Zip(seeds, (record, seed) =>
    {
        RunEpoch? end = record.Failure is null ? record.Epochs[^1] : null;
        string losses = $"{end?.TrainLoss:R},{end?.TrainAccuracy:R},{end?.TestLoss:R},{end?.TestAccuracy:R}";
        return Prose.Line($"""
            {cell.Eta},{cell.Gamma},{seed},{tested},{losses},{record.Epochs.Count},{(record.Failure is null ? "" : "failed")}
            """);
    });

    private string Chosen()
    {
        ArmRuns plain = cells[0];
        int equals = cells.Count(cell => cell.Eta is not null && cell.Accuracy == best.Accuracy);
        string among = equals > 1 ? $", the smallest validation loss of {equals} equal pairs" : "";
        string than = best.Accuracy > plain.Accuracy ? "less"
            : best.Accuracy < plain.Accuracy ? "more: on these images no pair was better than none"
            : "as much";
        string against = plain.Failed ? "the plain optimizer failed" : $"the plain optimizer reaches {plain}, {than}";
        return $"Chosen: η = {best.Eta}, γ = {best.Gamma}, with a validation accuracy of {best}{among}; {against}.";
    }

    /// <summary>How much the choice is worth.</summary>
    private string Worth()
    {
        ArmRuns plain = cells[0];
        int pairs = cells.Length - 1, failed = cells.Count(cell => cell.Failed);
        bool idle = levels.Length > 1
            && cells.Where(cell => cell.Gamma == best.Gamma)
                .All(cell => cell.Accuracy == best.Accuracy && cell.Loss == best.Loss);
        bool edge = (!idle && IsEdge(levels, best.Eta)) || IsEdge(widths, best.Gamma);
        List<string> sentences = [];
        if (idle)
        {
            sentences.Add(
                $"At γ = {best.Gamma} every η gives the same numbers: κ sets σ there, and η has no say; the first was taken.");
        }

        if (seeds.Length > 1 && !plain.Failed)
        {
            int beyond = cells.Count(cell => cell.Eta is not null && cell.Accuracy > plain.Accuracies.Max());
            sentences.Add($"The mean of {beyond} of the {pairs} pairs is above the best plain run.");
        }

        sentences.Add($"The best of {pairs} is better than it deserves, since it was chosen by these very images.");
        if (edge)
        {
            sentences.Add("It lies at the edge of the grid: a wider one may have a better.");
        }

        if (failed > 0)
        {
            sentences.Add($"Runs of {failed} settings failed; these were not chosen.");
        }

        return string.Join(' ', sentences);
    }

    private string Tested()
    {
        ArmRuns plain = onTest[0], chosen = onTest[1];
        bool failed = onTest.Any(cell => cell.Failed);
        string training = failed
            ? ""
            : $"; training accuracy {100 * chosen.TrainAccuracy:F2} % and {100 * plain.TrainAccuracy:F2} %";
        string ranges = failed || plain.Records.Count == 1 ? ""
            : chosen.Accuracies.Min() > plain.Accuracies.Max() ? " Every perturbed run is above every plain one."
            : chosen.Accuracies.Max() < plain.Accuracies.Min() ? " Every perturbed run is below every plain one."
            : " The two ranges over the seeds overlap.";
        return Prose.Line($"""
            Trained anew on all {all.Train.Count:N0} training images, the test accuracy is {chosen} with the chosen pair and
            {plain} without perturbation{training}.{ranges} No other pair saw the {all.Test.Count:N0} test images.
            """);
    }

    private static bool IsEdge(double[] values, double? value) =>
        values.Length > 2 && (value == values[0] || value == values[^1]);
}
