using System.CommandLine;
using PacGen.Benchmarks;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>What verbs share: options, and what of them tells runs apart.</summary>
internal sealed class VerbTests
{
    private const string Perturbed = "--perturb uniform", Stepped = "--schedule step", Ivon = "--optimizer ivon";

    /// <summary>Another value of each option of a training run, and what gives the option an effect.</summary>
    private static readonly (string Option, string Value, string With)[] Changes =
    [
        ("--batch-size", "32", ""), ("--accumulate", "2", ""), ("--augment", "crop-flip", ""), ("--optimizer", "adam", ""),
        ("--learning-rate", "0.5", ""), ("--momentum", "0.5", "--optimizer momentum"), ("--weight-decay", "0.1", ""),
        ("--clip-norm", "1", ""), ("--schedule", "constant", ""), ("--step-epochs", "1", Stepped),
        ("--step-factor", "0.5", Stepped),
        ("--warm-up", "1", ""), ("--perturb", "uniform", ""), ("--eta", "5", Perturbed), ("--gamma", "2", Perturbed),
        ("--epsilon", "0.2", Perturbed), ("--beta1", "0.5", Perturbed), ("--beta2", "0.5", Perturbed), ("--sharpness", "sam", ""),
        ("--ivon-beta2", "0.5", Ivon), ("--ivon-hessian", "0.5", Ivon), ("--ivon-examples", "500", Ivon),
        ("--sigma", "kappa", Perturbed), ("--sigma", "fixed", Perturbed), ("--bias-correction", "true", Perturbed),
        ("--two-point", "true", Perturbed), ("--noise-schedule", "constant", Perturbed), ("--noise-warm-up", "2", Perturbed),
        ("--average", "swa", ""), ("--average", "ema", ""),
        ("--average-start", "1", "--average swa"), ("--average-decay", "0.5", "--average ema"),
        ("--sharpness-rho", "0.3", "--sharpness sam"), ("--running-statistics", "kept", ""), ("--seed", "2", ""),
    ];

    [Test]
    public void EveryOptionOfATrainingRunTellsKeptRunsApart()
    {
        foreach ((string option, string value, string with) in Changes)
        {
            string[] common = with.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(Settings([.. common, option, value]), Is.Not.EqualTo(Settings(common)), option);
        }

        // How many epochs there are alone: more of them add to a run that is there.
        Assert.That(Changes.Select(change => change.Option).Distinct().Append("--epochs"), Is.EquivalentTo(Names()));
        Assert.That(
            Settings(["--epochs", "3", "--schedule", "constant"]),
            Is.EqualTo(Settings(["--epochs", "9", "--schedule", "constant"])));
    }

    [Test]
    public void ThePagesExampleOfAVerbRuns()
    {
        using StopRequest stop = new();
        using StringWriter output = new(), error = new();
        LabelsVerb verb = new(new Host(output, error, stop));
        RootCommand root = new("tries a verb") { verb.Command };
        Assert.That(root.Parse("labels --least 145", Options.Parsing).Invoke(), Is.Zero);

        int[] counts =
            [.. Enumerable.Range(0, 10).Select(digit => Datasets.Digits().Train.Labels.ToArray().Count(label => label == digit))];
        string[] rows = [.. output.ToString().Split('\n').Where(line => line.StartsWith('│')).Skip(1)];
        Assert.That(rows, Has.Length.EqualTo(counts.Count(count => count >= 145)));
        Assert.That(error.ToString(), Is.Empty);
    }

    [Test]
    public void ThePageHasTheExampleAsItIs()
    {
        string source = File.ReadAllText(Path.Combine(HouseTests.Root, "PacGen.Tests", "Benchmarks", "LabelsVerb.cs"));
        string example = source[source.IndexOf("internal sealed class", StringComparison.Ordinal)..].TrimEnd();
        Assert.That(File.ReadAllText(Path.Combine(HouseTests.Root, "docs", "adding-a-verb.md")), Does.Contain(example));
    }

    private static TrainingRunOptions RunOptions(out OptimizerOptions optimizer) =>
        new(new RunTexts { Statistics = "Running statistics" }, optimizer = new OptimizerOptions());

    private static IEnumerable<string> Names()
    {
        TrainingRunOptions run = RunOptions(out _);
        return run.All.Append(run.Seed).Select(option => option.Name);
    }

    private static SortedDictionary<string, string> Settings(string[] words)
    {
        TrainingRunOptions run = RunOptions(out OptimizerOptions optimizer);
        Command command = new("run");
        run.All.Append(run.Seed).ToList().ForEach(command.Add);
        ParseResult parsed = command.Parse(words, Options.Parsing);
        Assert.That(parsed.Errors, Is.Empty);
        ModelChoice model = new("wide-resnet", [], 10, 1);
        return new PlannedRun(
            "run", "run", model, Datasets.Digits(), "", optimizer.Create(parsed), run.Create(parsed, model)).Settings;
    }
}
