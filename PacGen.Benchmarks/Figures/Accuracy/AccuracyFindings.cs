using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>
/// What runs of Figure 7 say of the paper's effect, lower training accuracy and higher test accuracy, in words.
/// </summary>
/// <param name="arms">The ways of training, the plain one first.</param>
/// <param name="curves">All runs that are there.</param>
/// <param name="epochs">The epochs of a whole run.</param>
/// <param name="classes">How many classes the images have.</param>
internal sealed class AccuracyFindings(IReadOnlyList<RunArm> arms, IReadOnlyList<AccuracyCurve> curves, int epochs, int classes)
{
    private const int MostRows = 25;

    /// <summary>The seeds whose runs are all there, to the last epoch; the others are left out of all that follows.</summary>
    public ulong[] Seeds { get; } =
    [
        .. curves.Select(curve => curve.Seed).Distinct()
            .Where(seed => arms.All(
                arm => curves.Any(curve => curve.Arm == arm && curve.Seed == seed
                    && curve.Record.Epochs.Count == epochs / arm.Passes))),
    ];

    /// <summary>The epochs of a way of training, a row for each of <see cref="Seeds"/>.</summary>
    public RunEpoch[][] Of(RunArm arm) =>
        [.. Seeds.Select(seed => curves.First(curve => curve.Arm == arm && curve.Seed == seed).Record.Epochs.ToArray())];

    /// <summary>Whether some of them take two gradients a step, and have half the epochs.</summary>
    public bool Halves { get; } = arms.Any(arm => arm.Passes > 1);

    /// <summary>The findings, a paragraph each.</summary>
    public IReadOnlyList<string> Paragraphs =>
    [
        .. arms.Where(arm => arm.Gamma is not null).Select(Effect), .. arms.Where(arm => arm.Method is not null).Select(Rival),
        .. Failures(),
    ];

    /// <summary>Mean accuracies by epoch, as rows of a table in Markdown.</summary>
    public IEnumerable<string> Table()
    {
        yield return $"| epoch |{string.Concat(arms.Select(arm => $" {arm.Name}: training | test |"))}";
        yield return $"| ---: |{string.Concat(arms.Select(_ => " ---: | ---: |"))}";
        RunEpoch[][][] all = [.. arms.Select(Of)];
        int step = ((epochs - 1) / MostRows) + 1;
        for (int e = 0; e < epochs; e++)
        {
            if ((e + 1) % step == 0 || e == 0 || e == epochs - 1)
            {
                int seen = e + 1;
                yield return
                    $"| {seen} |{string.Concat(all.Zip(arms, (runs, arm) => $" {Mean(runs, (seen / arm.Passes) - 1)} |"))}";
            }
        }
    }

    private static string Mean(RunEpoch[][] runs, int epoch) => epoch < 0 ? "|"
        : $"{Percent(runs.Average(run => run[epoch].TrainAccuracy))} | {Percent(runs.Average(run => run[epoch].TestAccuracy))}";

    private string Effect(RunArm arm)
    {
        StudentMean train = Difference(arm, epoch => epoch.TrainAccuracy);
        StudentMean test = Difference(arm, epoch => epoch.TestAccuracy);
        string verdict = (Seeds.Length, train.Sign, test.Sign) switch
        {
            (1, _, _) => Prose.Line($"""
                One seed has no spread, so these differences may be chance; their signs are
                {(train.Mean < 0 && test.Mean > 0 ? "the paper's" : "not both the paper's")}.
                """),
            (_, < 0, > 0) =>
                "The paper's effect, lower training accuracy and higher test accuracy, appeared, beyond the spread over seeds.",
            (_, _, > 0) => Prose.Line($"""
                Half of the paper's effect appeared: test accuracy is higher beyond the spread over seeds, but training accuracy
                is {Where(train)}.
                """),
            (_, < 0, _) => Prose.Line($"""
                The paper's effect did not appear: training accuracy is lower beyond the spread over seeds, but test accuracy is
                {Where(test)}, not higher.
                """),
            _ => $"The paper's effect did not appear: training accuracy is {Where(train)}, test accuracy is {Where(test)}.",
        };
        double last = Last(arm, epoch => epoch.TrainAccuracy).Average();
        string chance = Guessing.Explains(last, classes)
            ? Prose.Line($"""
                 With these perturbations the network learned next to nothing: {Percent(last)} of the training images, where guessing
                gives {Percent(1.0 / classes)}.
                """)
            : "";
        return Prose.Line($"""
            **{char.ToUpperInvariant(arm.Name[0])}{arm.Name[1..]}.** {verdict}{chance} After epoch {epochs}:
            {Levels("training accuracy", arm, epoch => epoch.TrainAccuracy, train)}
            {Levels("Test accuracy", arm, epoch => epoch.TestAccuracy, test)} Training minus test accuracy:
            {Points(Gap(RunArm.Plain))} points plain, {Points(Gap(arm))} perturbed.
            """);
    }

    private string Rival(RunArm arm)
    {
        StudentMean train = Difference(arm, epoch => epoch.TrainAccuracy);
        StudentMean test = Difference(arm, epoch => epoch.TestAccuracy);
        string where = Seeds.Length == 1 ? "" : $" Beside plain training, its test accuracy is {Where(test)}.";
        IEnumerable<string> beside = arms.Where(one => one.Gamma is not null).Select(one =>
        {
            StudentMean more = Difference(one, epoch => epoch.TestAccuracy, arm);
            string interval = Seeds.Length == 1 ? ""
                : $" ({Points(more.Mean - more.HalfWidth)} to {Points(more.Mean + more.HalfWidth)})";
            return $"{Points(more.Mean)} points{interval} with γ = {one.Gamma}";
        });
        return Prose.Line($"""
            **{arm.Name}.**{where} After epoch {epochs / arm.Passes}{(arm.Passes > 1 ? ", of as many gradients" : "")}:
            {Levels("training accuracy", arm, epoch => epoch.TrainAccuracy, train)}
            {Levels("Test accuracy", arm, epoch => epoch.TestAccuracy, test)} Perturbed OPT − {arm.Method!.Title} on the test
            images: {string.Join(", ", beside)}.
            """);
    }

    private string Levels(string what, RunArm arm, Func<RunEpoch, double> value, StudentMean difference)
    {
        (double mean, double half) = (difference.Mean, difference.HalfWidth);
        string by = difference.Values.Count == 1 ? $"{Points(mean)} points" : Prose.Line($"""
            on average {Points(mean)} points (seed by seed {string.Join(", ", difference.Values.Select(Points))}; standard deviation
            {Digits(100 * difference.Deviation)}; Student's 95 % interval {Points(mean - half)} to {Points(mean + half)})
            """);
        string name = arm.Method?.Title ?? "perturbed";
        string levels = $"{Range(Last(RunArm.Plain, value))} plain and {Range(Last(arm, value))} {name}";
        return $"{what} {levels}; {name} − plain {by}.";
    }

    private static string Where(StudentMean difference) => difference.Sign switch
    {
        > 0 => "higher beyond the spread over seeds",
        < 0 => "lower beyond the spread over seeds",
        _ => Prose.Line($"""
            {(difference.Mean > 0 ? "higher" : difference.Mean < 0 ? "lower" : "the same")} on average but within the spread over
            seeds
            """),
    };

    private IEnumerable<string> Failures() =>
        curves.Where(curve => curve.Record.Failure is not null)
            .Select(curve => Prose.Line($"""
                Seed {curve.Seed}, {curve.Arm.Name}, failed after {curve.Record.Epochs.Count} epochs ({curve.Record.Failure});
                this seed is left out of all numbers.
                """));

    private double Gap(RunArm arm) => Last(arm, epoch => epoch.TrainAccuracy - epoch.TestAccuracy).Average();

    private double[] Last(RunArm arm, Func<RunEpoch, double> value) => [.. Of(arm).Select(run => value(run[^1]))];

    private StudentMean Difference(RunArm arm, Func<RunEpoch, double> value, RunArm? other = null) =>
        new([.. Last(arm, value).Zip(Last(other ?? RunArm.Plain, value), (one, basis) => one - basis)]);

    private static string Range(double[] values) =>
        values.Length == 1
            ? Percent(values[0])
            : $"{Percent(values.Average())} ({Digits(100 * values.Min())} to {Digits(100 * values.Max())})";

    private static string Percent(double share) => $"{Digits(100 * share)} %";

    private static string Points(double share) => (100 * share).ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);

    private static string Digits(double percent) => $"{percent:0.00;−0.00}";
}
