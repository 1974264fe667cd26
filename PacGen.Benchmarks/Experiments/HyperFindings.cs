using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;
using NoiseSchedule = PacGen.Core.Perturbation.NoiseSchedule;

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
    private readonly NoiseSchedule[] schedules =
        [.. cells.Where(cell => cell.Eta is not null).Select(cell => cell.Arm.Schedule).Distinct()];

    private readonly double[] widths = [.. cells.Select(cell => cell.Gamma).OfType<double>().Distinct()];

    /// <summary>The findings, a paragraph each.</summary>
    public string[] Paragraphs => [$"{Chosen()} {Worth()}", Tested(), .. Helpful()];

    /// <summary>The accuracies of all pairs as rows of a table in Markdown, with a column for the schedule if several are
    /// tried.</summary>
    public IEnumerable<string> Table()
    {
        bool several = schedules.Length > 1;
        yield return $"| η |{(several ? " over the epochs |" : "")}{string.Concat(widths.Select(width => $" γ = {width} |"))}";
        yield return $"| ---: |{(several ? " --- |" : "")}{string.Concat(widths.Select(_ => " ---: |"))}";
        foreach (NoiseSchedule schedule in schedules)
        {
            foreach (double level in levels)
            {
                IEnumerable<string> row = widths.Select(width => $" {Of(level, width, schedule)} |");
                yield return $"| {level} |{(several ? $" {schedule} |" : "")}{string.Concat(row)}";
            }
        }
    }

    /// <summary>
    /// What the noise was, by γ and schedule, as rows of a table in Markdown: at the η of the best accuracy, beside the plain
    /// optimizer.
    /// </summary>
    public IEnumerable<string> NoiseTable() =>
    [
        "| γ | over the epochs | η | κ/&#124;w&#124;, epoch 1 | last | σ = κ, epoch 1 | last | validation − plain |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        .. from schedule in schedules
           from width in widths
           let best = ArmRuns.Best(levels.Select(level => Of(level, width, schedule)))
           where best is not null && LevelsOf(best).Length > 0
           let ends = Ends(best)
           select Prose.Line($"""
               | {width} | {schedule} | {best.Eta} | {ends.First.KappaOverWeight:G3} | {ends.Last.KappaOverWeight:G3} |
               {100 * ends.First.KappaShare:F1} % | {100 * ends.Last.KappaShare:F1} % |
               {100 * (best.Accuracy - cells[0].Accuracy):+0.00;−0.00;0.00} |
               """),
    ];

    /// <summary>The numbers of all runs, as lines of comma-separated values.</summary>
    public IEnumerable<string> Rows() =>
    [
        "eta,gamma,seed,evaluated_on,train_loss,train_accuracy,loss,accuracy,epochs,failure,noise_divisor,noise_warm_up",
        .. cells.SelectMany(cell => Rows(cell, "validation")),
        .. onTest.SelectMany(cell => Rows(cell, "test")),
    ];

    /// <summary>
    /// The epochs of all runs, as lines of comma-separated values: accuracies, and what the noise was, in medians over the
    /// weights, since κ/|w| is infinite where a weight is 0, as shifts of batch norm begin.
    /// </summary>
    public IEnumerable<string> EpochRows() =>
    [
        Prose.Line("""
            eta,gamma,noise_divisor,noise_warm_up,seed,evaluated_on,epoch,train_loss,train_accuracy,loss,accuracy,kappa_share,still_share,kappa_over_w,sigma_over_w
            """),
        .. from part in new[] { (Cells: cells, On: "validation"), (Cells: onTest, On: "test") }
           from cell in part.Cells
           from run in cell.Records.Zip(seeds, (record, seed) => (record.Epochs, Seed: seed))
           from epoch in run.Epochs
           let noise = epoch.Levels
           select Prose.Line($"""
               {cell.Eta},{cell.Gamma},{Course(cell)},{run.Seed},{part.On},{epoch.Epoch},{epoch.TrainLoss:R},{epoch.TrainAccuracy:R},{epoch.TestLoss:R},{epoch.TestAccuracy:R},{noise?.KappaShare:R},{noise?.StillShare:R},{noise?.KappaOverWeight:R},{noise?.SigmaOverWeight:R}
               """),
    ];

    /// <summary>The page.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="setting">What was trained on what, and where.</param>
    /// <param name="pair">The first pair's optimizer.</param>
    /// <param name="command">The command that made it.</param>
    /// <param name="files">The picture and the numbers.</param>
    public string Page(string title, string setting, string pair, string command,
        (string Picture, string Numbers, string Epochs) files) => $"""
        # {title}

        ![Validation accuracy over η and γ]({files.Picture})

        - {setting}
        - first pair: {pair}
        - machine: {Machine.Text}; date: {Machine.Date}
        - command: `{command}`
        - numbers: [{files.Numbers}]({files.Numbers}), a row for each run; [{files.Epochs}]({files.Epochs}), one for each epoch

        {string.Join("\n\n", Paragraphs)}

        Validation accuracy after the last epoch at the unperturbed weights w, in evaluation mode, {Over}:

        {string.Join('\n', Table())}

        What the noise was, at the best η of each γ: medians over the weights of κ/|w|, the share of weights whose σ is κ and not
        1/(log(1 + epoch)√(η(h + ρκ))), and the difference to the plain optimizer in points:

        {string.Join('\n', NoiseTable())}

        """;

    private IEnumerable<string> Rows(ArmRuns cell, string tested) => cell.Records.Zip(seeds, (record, seed) =>
    {
        RunEpoch? end = record.Failure is null ? record.Epochs[^1] : null;
        string losses = $"{end?.TrainLoss:R},{end?.TrainAccuracy:R},{end?.TestLoss:R},{end?.TestAccuracy:R}";
        return Prose.Line($"""
            {cell.Eta},{cell.Gamma},{seed},{tested},{losses},{record.Epochs.Count},{(record.Failure is null ? "" : "failed")},{Course(cell)}
            """);
    });

    private static string Course(ArmRuns cell) =>
        cell.Eta is null ? "," : $"{(cell.Arm.Schedule.IsConstant ? "1" : "log")},{cell.Arm.Schedule.WarmUp}";

    private ArmRuns Of(double level, double width, NoiseSchedule schedule) =>
        cells.Single(cell => cell.Arm == new RunArm(level, width) { Schedule = schedule });

    /// <summary>The levels after each epoch, a row for each seed that has some.</summary>
    private static PerturbationLevels[][] LevelsOf(ArmRuns cell) =>
    [
        .. cell.Records.Select(record => record.Epochs.Select(epoch => epoch.Levels).OfType<PerturbationLevels>().ToArray())
            .Where(run => run.Length > 0),
    ];

    /// <summary>The levels after the first and after the last epoch, means over the seeds.</summary>
    private static (PerturbationLevels First, PerturbationLevels Last) Ends(ArmRuns cell)
    {
        PerturbationLevels[][] runs = LevelsOf(cell);
        return (Mean(run => run[0]), Mean(run => run[^1]));

        PerturbationLevels Mean(Func<PerturbationLevels[], PerturbationLevels> at) => new(
            runs.Average(run => at(run).KappaShare), runs.Average(run => at(run).StillShare),
            runs.Average(run => at(run).KappaOverWeight), runs.Average(run => at(run).SigmaOverWeight));
    }

    /// <summary>Which noise helped, by its size beside the weights.</summary>
    private IEnumerable<string> Helpful()
    {
        ArmRuns[] known = [.. cells.Skip(1).Where(cell => !cell.Failed && LevelsOf(cell).Length > 0)];
        if (cells[0].Failed || known.Length == 0)
        {
            yield break;
        }

        double above = cells[0].Accuracies.Max();
        string Range(ArmRuns[] those, Func<ArmRuns, double> value) => $"{those.Min(value):G3} to {those.Max(value):G3}";
        string Sizes(ArmRuns[] those) => those.Length == 0 ? "none" : Prose.Line($"""
            {those.Length}, with a median of κ/|w| of {Range(those, one => Ends(one).First.KappaOverWeight)} after the first epoch
            and {Range(those, one => Ends(one).Last.KappaOverWeight)} after the last
            """);
        ArmRuns[] better = [.. known.Where(cell => cell.Accuracy > above)];
        ArmRuns[] other = [.. known.Where(cell => cell.Accuracy <= above)];
        yield return Prose.Line($"""
            **Which noise helped.** Pairs above the best plain run: {Sizes(better)}. The others: {Sizes(other)}. σ is κ for
            {100 * known.Min(one => Ends(one).Last.KappaShare):F1} to {100 * known.Max(one => Ends(one).Last.KappaShare):F1} % of the
            weights after the last epoch: for the rest the curvature sets it, or |g| reaches β₂.
            """);
    }

    private string Chosen()
    {
        ArmRuns plain = cells[0];
        int equals = cells.Count(cell => cell.Eta is not null && cell.Accuracy == best.Accuracy);
        string among = equals > 1 ? $", the smallest validation loss of {equals} equal pairs" : "";
        string than = best.Accuracy > plain.Accuracy ? "less"
            : best.Accuracy < plain.Accuracy ? "more: on these images no pair was better than none"
            : "as much";
        string against = plain.Failed ? "the plain optimizer failed" : $"the plain optimizer reaches {plain}, {than}";
        return $"Chosen: {best.Arm.Pair}, with a validation accuracy of {best}{among}; {against}.";
    }

    /// <summary>How much the choice is worth.</summary>
    private string Worth()
    {
        ArmRuns plain = cells[0];
        int pairs = cells.Length - 1, failed = cells.Count(cell => cell.Failed);
        bool idle = levels.Length > 1
            && cells.Where(cell => cell.Gamma == best.Gamma && cell.Arm.Schedule == best.Arm.Schedule)
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
