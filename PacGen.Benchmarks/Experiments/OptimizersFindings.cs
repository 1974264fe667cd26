using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>What the runs of <see cref="OptimizersExperiment"/> say, as a table, in words, and as rows of numbers.</summary>
/// <param name="results">The methods, in the order of the command line.</param>
/// <param name="seeds">The seeds of each chosen setting's runs.</param>
/// <param name="gradients">The gradient evaluations of an epoch.</param>
internal sealed class OptimizersFindings(MethodResult[] results, ulong[] seeds, Func<RunArm, double> gradients)
{
    private readonly MethodResult? plain = Array.Find(results, one => one is { Method.IsPlain: true, IsWhole: true });
    private readonly MethodResult? perturbed = Array.Find(results, one => one is { Method.Name: "perturbed", IsWhole: true });

    /// <summary>The methods whose runs all came to their end, the best on the test images first.</summary>
    public MethodResult[] Ranked { get; } = [.. results.Where(one => one.IsWhole).OrderByDescending(one => one.Test.Mean)];

    /// <summary>The findings, a paragraph each.</summary>
    public IReadOnlyList<string> Paragraphs =>
    [
        .. Against(plain, "plain training"), .. Against(perturbed, "Perturbed OPT"), .. Levels(), Worth(), .. Failures(),
    ];

    /// <summary>The methods as rows of a table in Markdown, the best first.</summary>
    public IEnumerable<string> Table() =>
    [
        "| method | chosen | validation | training accuracy | test accuracy | test − plain | test loss | ms a step | MiB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        .. Ranked.Select(one => Prose.Line($"""
            | {one.Method.Title} | {Value(one)} | {Percent(one.Chosen!.Accuracy)} | {Percent(one.Chosen.TrainAccuracy)} |
            {Percent(one.Test.Mean)}{Half(one.Test)} | {Difference(one, plain)} |
            {one.Chosen.Records.Average(record => record.Tested!.Loss):F3} | {1000 * Seconds(one):F1} |
            {one.Chosen.Records.Average(record => record.Memory ?? double.NaN) / (1 << 20):F0} |
            """)),
    ];

    /// <summary>The numbers of all runs, as lines of comma-separated values.</summary>
    public IEnumerable<string> Rows() =>
    [
        Prose.Line("""
            method,setting,value,seed,chosen,epochs,gradients,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,seconds_a_step,bytes,kappa_share,still_share,kappa_over_w,sigma_over_w,failure
            """),
        .. from one in results
           from runs in one.Tried.Where(tried => tried.Arm != one.Best).Concat(one.Chosen is { } chosen ? [chosen] : [])
           from row in Rows(one, runs)
           select row,
    ];

    /// <summary>The page.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="setting">What was trained on what, and where.</param>
    /// <param name="command">The command that made it.</param>
    /// <param name="files">The picture and the numbers.</param>
    public string Page(string title, string setting, string command, (string Picture, string Numbers) files) => $"""
        # {title}

        ![Test accuracy of each method, and validation accuracy by epoch]({files.Picture})

        - {setting}
        - machine: {Machine.Text}; date: {Machine.Date}
        - command: `{command}`
        - numbers: [{files.Numbers}]({files.Numbers}), a row for each run

        {string.Join("\n\n", Paragraphs)}

        {string.Join('\n', Table())}

        The value of a method's setting is the one of those tried with the best mean validation accuracy after the last epoch; tried
        were {string.Join("; ", results.Where(one => one.Arms.Length > 1).Select(Grid))}. Test accuracies are those of the weights
        that the chosen runs ended with, at w and in evaluation mode: mean over the seeds {string.Join(", ", seeds)} ± half of
        Student's 95 % interval; test − plain is the mean difference seed by seed, with its interval. Runs of one seed start from the
        same weights. ms a step is the fastest epoch's mean, MiB what a run takes on its device. SWA's rate is constant.

        """;

    private IEnumerable<string> Rows(MethodResult one, ArmRuns runs) => runs.Records.Zip(seeds, (record, seed) =>
    {
        RunEpoch? end = record.Failure is null ? record.Epochs[^1] : null;
        double perEpoch = gradients(runs.Arm), steps = perEpoch / one.Method.Passes;
        string fit = $"{end?.TrainLoss:R},{end?.TrainAccuracy:R},{end?.TestLoss:R},{end?.TestAccuracy:R}";
        string test = $"{record.Tested?.Loss:R},{record.Tested?.Accuracy:R}";
        double? step = record.Epochs.Count > 0 ? record.Epochs.Min(epoch => epoch.Seconds) / steps : null;
        PerturbationLevels? levels = end?.Levels;
        string noise =
            $"{levels?.KappaShare:R},{levels?.StillShare:R},{levels?.KappaOverWeight:R},{levels?.SigmaOverWeight:R}";
        string settled = runs == one.Chosen ? "yes" : "no";
        return Prose.Line($"""
            {one.Method.Name},{one.Method.Setting},{runs.Arm.Value},{seed},{settled},{record.Epochs.Count},{perEpoch *
            record.Epochs.Count},{fit},{test},{step:F6},{record.Memory},{noise},{(record.Failure is null ? "" : "failed")}
            """);
    });

    private double Seconds(MethodResult one) => one.StepSeconds(gradients(one.Best!) / one.Method.Passes);

    private IEnumerable<string> Against(MethodResult? basis, string name)
    {
        if (basis is null || Ranked.Length < 2)
        {
            yield break;
        }

        MethodResult[] others = [.. Ranked.Where(one => one != basis)];
        if (seeds.Length == 1)
        {
            yield return Prose.Line($"""
                Beside {name} ({Percent(basis.Test.Mean)} test accuracy): {string.Join(", ", others.Select(one =>
                    $"{Named(one)} {Difference(one, basis)}"))}. One seed has no spread, so any of these differences may be chance.
                """);
            yield break;
        }

        (string Text, int Sign)[] parts = [("better beyond the spread over seeds", 1), ("worse beyond it", -1), ("within it", 0)];
        yield return Prose.Line($"""
            **Beside {name}** ({Percent(basis.Test.Mean)}{Half(basis.Test)} test accuracy), in points with Student's 95 % interval.
            {string.Join("; ", parts.Select(part => $"{part.Text}: {List(part.Sign)}"))}.
            """);

        string List(int sign)
        {
            string[] those = [.. others.Where(one => Of(one, basis).Sign == sign).Select(
                one => $"{Named(one)} {Difference(one, basis)}")];
            return those.Length == 0 ? "none" : string.Join(", ", those);
        }
    }

    /// <summary>Which branch of line 8 ruled.</summary>
    private IEnumerable<string> Levels()
    {
        foreach (MethodResult one in Ranked.Where(one => one.Method.Name is "perturbed"))
        {
            PerturbationLevels[][] runs = [.. one.Chosen!.Records.Select(
                record => record.Epochs.Select(epoch => epoch.Levels).OfType<PerturbationLevels>().ToArray())];
            if (runs.Any(run => run.Length == 0))
            {
                continue;
            }

            yield return Prose.Line($"""
                **What sets σ.** Under {one.Method.At(one.Best!.Value)}, σ is κ for {Percent(Mean(run => run[0].KappaShare))} of the
                weights after the first epoch and {Percent(Mean(run => run[^1].KappaShare))} after the last
                ({Percent(Mean(run => run[^1].StillShare))} are not perturbed, since |g| reaches β₂). The median of σ/|w| goes from
                {Mean(run => run[0].SigmaOverWeight):F3} to {Mean(run => run[^1].SigmaOverWeight):F3}, that of κ/|w| from
                {Mean(run => run[0].KappaOverWeight):F3} to {Mean(run => run[^1].KappaOverWeight):F3}.
                """);

            double Mean(Func<PerturbationLevels[], double> value) => runs.Average(value);
        }
    }

    private string Worth()
    {
        string[] edges = [.. results.Where(one => one.Arms.Length > 1 && one.Best is { } best && (best == one.Arms[0]
            || best == one.Arms[^1])).Select(one => one.Method.At(one.Best!.Value))];
        string many = seeds.Length == 1 || Ranked.Length < 3 ? "" : Prose.Line($"""
             Each interval stands by itself: of twenty methods that do as plain training does, one is expected to lie beyond it.
            """);
        int choosers = results.Max(one => one.Tried.Select(tried => tried.Records.Count).DefaultIfEmpty(0).Max());
        string chosen = choosers == 0 ? "No settings were chosen: each method had one"
            : $"Settings were chosen by {Prose.Count(choosers, "seed")}";
        return Prose.Line($"""
            {chosen}; the test images decided nothing.
            {(edges.Length == 0 ? "" : $"At an end of what was tried, so that more may be better: {string.Join("; ", edges)}.")}
            Seeds change first weights, order of images and noise, not which images there are.{many}
            """).TrimEnd();
    }

    private IEnumerable<string> Failures() => results.Where(one => !one.IsWhole).Select(one => Prose.Line($"""
        {one.Method.Title}: a run failed ({one.Tried.Concat(one.Chosen is { } some ? [some] : []).SelectMany(runs => runs.Records)
            .First(record => record.Failure is not null).Failure}).
        """));

    private static string Named(MethodResult one) =>
        one.Best!.Value is null ? one.Method.Title : $"{one.Method.Title} ({Value(one)})";

    private static string Value(MethodResult one) => one.Best!.Value is { } value ? $"{one.Method.Setting} {value}" : "";

    private static string Grid(MethodResult one) =>
        $"{one.Method.Title}: {one.Method.Setting} {string.Join(", ", one.Arms.Select(arm => arm.Value))}";

    private static StudentMean Of(MethodResult one, MethodResult other) =>
        new([.. one.Tests.Zip(other.Tests, (a, b) => a - b)]);

    private static string Difference(MethodResult one, MethodResult? other)
    {
        if (other is null || one == other)
        {
            return "";
        }

        StudentMean difference = Of(one, other);
        return $"{Points(difference.Mean)}{Half(difference)}";
    }

    private static string Half(StudentMean values) => values.Values.Count < 2 ? "" : $" ± {100 * values.HalfWidth:F2}";

    private static string Points(double share) => (100 * share).ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);

    private static string Percent(double share) => $"{100 * share:F2} %";
}
