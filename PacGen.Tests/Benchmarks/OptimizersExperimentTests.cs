using System.Globalization;
using PacGen.Benchmarks;
using PacGen.Benchmarks.Runs;

namespace PacGen.Tests.Benchmarks;

internal sealed class OptimizersExperimentTests
{
    private static readonly string[] Quick =
    [
        "experiment", "optimizers", "--dataset", "digits", "--model", "mlp", "--hidden", "8", "--limit", "200", "--epochs", "2",
        "--batch-size", "32", "--seeds", "2", "--methods", "plain,perturbed=0.5:1,sam=0.05,swa=0.5",
    ];

    [TestCase("there is no method 'sma'; did you mean", "--methods", "sma")]
    [TestCase("sam's ρ is '0', but must be in (0, ∞)", "--methods", "sam=0")]
    [TestCase("no method with values", "--methods", "plain=1")]
    [TestCase("has a method twice", "--methods", "sam=1,sam=1")]
    [TestCase("--epochs is 3, but sam takes 2 gradients", "--epochs", "3")]
    [TestCase("There is no option --perturb", "--perturb", "uniform")]
    public void AWrongCommandLineIsOneLine(string says, string option, string value)
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(With(folder, option, value));
        run.RequireRefusal(2, says);
    }

    [Test]
    public void GradientEvaluationsAreEqualAndTheTestImagesAreLookedAtByTheChosenAlone()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(With(folder));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EqualTo(new[] { "optimizers.csv", "optimizers.md", "optimizers.png" }));
        string[][] rows = Rows(folder);
        Assert.That(rows.Select(row => row[6]).Distinct(), Is.EqualTo(new[] { "10" }), "2 epochs of 5 batches");
        Assert.That(rows.Single(row => row[0] == "sam" && row[3] == "2")[5], Is.EqualTo("1"), "half the epochs");
        Assert.That(rows.Count(row => row[4] == "yes"), Is.EqualTo(4 * 2));
        Assert.That(rows.Where(row => row[4] == "no").Select(row => row[0]), Is.EqualTo(new[] { "perturbed" }));
        Assert.That(rows.Where(row => row[4] == "no").Select(row => row[12]), Has.All.Empty, "never tested");
        Assert.That(rows.Where(row => row[4] == "yes").Select(row => Number(row[12])), Has.All.InRange(0, 1));
        Assert.That(rows.Where(row => row[0] == "perturbed").Select(row => Number(row[15])), Has.All.GreaterThan(0));
        Assert.That(Directory.GetDirectories(folder["optimizers-runs"]), Has.Length.EqualTo(9));
        Assert.That(run.Output, Does.Contain("Tests the weights of 8 runs"));

        ProgramRun again = ProgramRun.Of(With(folder));
        Assert.That(again.Output, Does.Contain("2 of 2 runs are there").And.Contain("8 of 8 runs are there"));
        Assert.That(Rows(folder), Is.EqualTo(rows));
    }

    [Test]
    public void WithoutMethodsAllAreCompared()
    {
        using Folder folder = new();
        string[] args = [.. Quick.Where((_, at) => at != Array.IndexOf(Quick, "--methods")
            && at != Array.IndexOf(Quick, "--methods") + 1)];
        ProgramRun run = ProgramRun.Of([.. args, "--output", folder[""]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Rows(folder).Select(row => row[0]).Distinct(), Is.EqualTo(Method.All.Select(method => method.Name)));
    }

    [Test]
    public void WhatWasStoppedGoesOnToTheSameNumbers()
    {
        using Folder folder = new(), straight = new();
        Assert.That(ProgramRun.Of(With(straight)).ExitCode, Is.Zero);
        using StopRequest stop = new();
        ProgramRun stopped = ProgramRun.UpTo("5 of 8: ", () => stop.Make(143), stop, With(folder));
        Assert.That(stopped.ExitCode, Is.EqualTo(143));
        Assert.That(stopped.Error, Does.Contain("the same command goes on"));
        Assert.That(folder.Files, Is.Empty);
        Assert.That(ProgramRun.Of(With(folder)).ExitCode, Is.Zero);
        Assert.That(Timeless(folder), Is.EqualTo(Timeless(straight)));
    }

    [Test]
    public void TwoProcessesShareTheRuns()
    {
        using Folder folder = new();
        ProgramRun[] runs = new ProgramRun[2];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(i => new Thread(() => runs[i] = ProgramRun.Of(With(folder))))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(
            runs.Select(run => run.ExitCode), Is.EqualTo(new[] { 0, 0 }), string.Join('\n', runs.Select(run => run.Error)));
        int trained = runs.Sum(run => run.OutputLines.Count(line => line.Contains(" % validation, ", StringComparison.Ordinal)));
        Assert.That(trained, Is.EqualTo(9), "each run is done once");
    }

    private static string[] With(Folder folder, string? option = null, string? value = null) =>
        ProgramRun.With([.. Quick, "--output", folder[""]], option, value);

    private static string[][] Rows(Folder folder) =>
        [.. File.ReadAllLines(folder["optimizers.csv"]).Skip(1).Select(line => line.Split(','))];

    private static string[] Timeless(Folder folder) =>
        [.. Rows(folder).Select(row => string.Join(',', row.Where((_, column) => column != 13)))];

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
