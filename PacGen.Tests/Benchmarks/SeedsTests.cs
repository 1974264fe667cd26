using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

/// <summary><c>train --seeds</c>: a run for each seed, and their means.</summary>
internal sealed class SeedsTests
{
    private static readonly string[] Quick = ["train", "--epochs", "2", "--hidden", "8", "--psi", "off"];

    [Test]
    public void EachSeedIsTheRunThatItIsAlone()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
        [
            .. Quick, "--seeds", "3,5,8", "--json", "--csv", folder["a.csv"], "--plot", folder["a.svg"], "--save", folder["w"],
        ]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        JsonObject[] lines = [.. run.OutputLines.Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.That(lines, Has.Length.EqualTo(7), "two epochs of three seeds, and the means");
        JsonObject alone = JsonNode.Parse(ProgramRun.Of([.. Quick, "--seed", "5", "--json"]).OutputLines[^1])!.AsObject();
        JsonObject second = lines[3];
        Assert.That(second["seed"]!.GetValue<ulong>(), Is.EqualTo(5));
        Assert.That(second["testLoss"]!.GetValue<double>(), Is.EqualTo(alone["testLoss"]!.GetValue<double>()));

        // Of three values Student's interval is the mean ± 4.30265 s/√3.
        JsonNode accuracy = lines[^1]["means"]!["testAccuracy"]!;
        double[] values = [.. new[] { 1, 3, 5 }.Select(i => lines[i]["testAccuracy"]!.GetValue<double>())];
        double mean = values.Average(), deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / 2);
        Assert.That(accuracy["mean"]!.GetValue<double>(), Is.EqualTo(mean).Within(1e-12));
        Assert.That(
            accuracy["high"]!.GetValue<double>(), Is.EqualTo(mean + (4.30265 * deviation / Math.Sqrt(3))).Within(1e-5));
        string[] csv = File.ReadAllLines(folder["a.csv"]);
        Assert.That(csv, Has.Length.EqualTo(7));
        Assert.That(csv[0], Does.StartWith("seed,epoch,train_loss,test_loss,gap,train_accuracy,test_accuracy"));
        string[] row = csv[4].Split(',');
        Assert.That(row[..2], Is.EqualTo(new[] { "5", "2" }));
        Assert.That(
            double.Parse(row[3], CultureInfo.InvariantCulture), Is.EqualTo(alone["testLoss"]!.GetValue<double>()),
            "to the last bit");
        Assert.That(File.ReadAllText(folder["a.svg"]), Does.Contain("mean and range of 3 seeds"));
        Assert.That(
            folder.Files, Is.EqualTo(new[] { "a.csv", "a.svg", "w-seed-3", "w-seed-5", "w-seed-8" }));
    }

    [Test]
    public void PeopleSeeATableOfMeans()
    {
        ProgramRun run = ProgramRun.Of([.. Quick, "--seeds", "2"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("2 seeds").And.Contain("95 % interval").And.Contain("test accuracy").And.Contain(
            "not of other images"));
    }

    [Test]
    public void ARunThatFailsIsLeftOutAndNamed()
    {
        ProgramRun run = ProgramRun.Of([.. Quick, "--seeds", "2", "--learning-rate", "1e30"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("seed 1: ").And.Contain("2 of 2 runs failed"));
        Assert.That(run.Output, Does.Not.Contain("95 % interval"));
    }

    [Test]
    public void AStoppedSeriesShowsTheWholeRuns()
    {
        using StopRequest stop = new();
        ProgramRun run = ProgramRun.UpTo("seed 1: epoch", () => stop.Make(130), stop, [.. Quick, "--seeds", "50"]);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(run.Output, Does.Contain("1 seed"));
        Assert.That(run.Error, Does.Contain("1 of 50 runs are whole"));
    }

    [TestCase("both say which seeds", "--seed", "3")]
    [TestCase("--seeds keeps no checkpoints", "--checkpoint", "c")]
    public void WhatDoesNotGoWithSeeds(string says, params string[] more) =>
        ProgramRun.Of([.. Quick, "--seeds", "2", .. more]).RequireRefusal(2, says);
}
