using System.Globalization;
using System.Text.RegularExpressions;
using PacGen.Benchmarks.Suites;

namespace PacGen.Tests.Benchmarks;

/// <summary>The table of a device, on the CPU and on few rows: what it says, not how fast anything is.</summary>
internal sealed partial class DeviceBenchTests
{
    [Test]
    public void WritesWhatItMeasuredBesidePyTorchsSteps()
    {
        using Folder folder = new();
        string peer = folder["steps.jsonl"], page = folder["page.md"];
        File.WriteAllText(peer, """
            {"torch": "2.6.0", "device": "a device", "python": "3.13"}
            {"model": "mlp", "batch": 32, "perturbed": false, "mode": "eager", "milliseconds": 12.5}
            {"model": "mlp", "batch": 32, "perturbed": true, "mode": "torch.compile", "note": "left out"}

            """);
        ProgramRun run =
            ProgramRun.Of("bench", "--device", "cpu", "--filter", "*mlp*", "--seconds", "0.01", "--peer", peer, "--output", page);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string text = File.ReadAllText(page);
        string[] plain = Cells(text, "mlp, batch 32"), perturbed = Cells(text, "mlp, batch 32, perturbed");
        double ours = double.Parse(plain[1], CultureInfo.InvariantCulture);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.Output, Does.Contain("mlp, batch 32, training step, perturbed: ").And.Contain(
                "PyTorch eager, ms").And.Not.Contain("copy,"), "no pass is a share of copying");
            Assert.That(text, Does.Contain("PyTorch 2.6.0 on a device, Python 3.13").And.Contain(
                "pacgen bench --device cpu --filter '*mlp*' --seconds 0.01"));
            Assert.That(text, Does.Not.Contain("matrix product").And.Not.Contain("mnist-cnn"), "rows that were not chosen");
            Assert.That(plain[3], Is.EqualTo("12.50"));
            Assert.That(double.Parse(plain[4], CultureInfo.InvariantCulture), Is.EqualTo(12.5 / ours).Within(1).Percent);
            Assert.That(double.Parse(perturbed[1], CultureInfo.InvariantCulture), Is.Positive);
            Assert.That(perturbed[3..], Is.All.EqualTo("–"));
        }
    }

    [TestCase("*perturb, 1,000,000 *", 16, "perturb, 1,000,000 parameters")]
    [TestCase("Adam update, 1,000,000*", 28, "Adam update, 1,000,000 parameters")]
    [TestCase("Ψ, 1,000,000*", 8, "Ψ, 1,000,000 parameters")]
    [TestCase(
        "KL sums*, 1,000,000 *", 8, "KL sums, uniform (Lemma 6), 1,000,000 parameters",
        "KL sums, Gaussian (Lemma 8), 1,000,000 parameters")]
    public void PassesAreFractionsOfTheCopy(string filter, double bytes, params string[] names)
    {
        using Folder folder = new();
        string page = folder["page.md"];
        ProgramRun run = ProgramRun.Of("bench", "--device", "cpu", "--filter", filter, "--seconds", "0.01", "--output", page);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string text = File.ReadAllText(page);
        double ceiling = double.Parse(Ceiling().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
        string[] copy = Cells(text, "copy, 10,000,000 numbers");
        Assert.That(run.OutputLines[1], Does.StartWith(names[0]), "what was chosen comes first, copies after it");
        Assert.That(
            double.Parse(copy[2], CultureInfo.InvariantCulture),
            Is.EqualTo(0.08 / double.Parse(copy[1], CultureInfo.InvariantCulture) * 1e3).Within(1).Percent);
        foreach (string[] row in names.Select(name => Cells(text, name)))
        {
            double time = double.Parse(row[1], CultureInfo.InvariantCulture), rate = double.Parse(
                row[2], CultureInfo.InvariantCulture);
            Assert.That(rate, Is.EqualTo(bytes / time).Within(1 + (0.02 * rate)), row[0]);
            Assert.That(
                int.Parse(row[3].TrimEnd('%', ' '), NumberStyles.Number, CultureInfo.InvariantCulture),
                Is.EqualTo(100 * rate / ceiling).Within(2 + (3 * rate / ceiling)), row[0]);
        }
    }

    [Test]
    public void PiecesOfWorkStandBesidePyTorchs()
    {
        using Folder folder = new();
        string peer = folder["steps.jsonl"], page = folder["page.md"];
        File.WriteAllText(peer, """
            {"work": "copy, 1,000,000 numbers", "mode": "eager", "milliseconds": 2.5}
            {"work": "copy, 1,000,000 numbers", "mode": "eager, bf16", "milliseconds": 0.01}

            """);
        ProgramRun run = ProgramRun.Of(
            "bench", "--device", "cpu", "--filter", "copy, 1,000,000 *", "--seconds", "0.01", "--peer", peer, "--output", page);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string[] cells = Cells(File.ReadAllText(page), "copy, 1,000,000 numbers");
        double ours = double.Parse(cells[1], CultureInfo.InvariantCulture);
        Assert.That(cells[4..6], Is.EqualTo(new[] { "2.50", "0.0100" }));
        Assert.That(
            double.Parse(cells[6], CultureInfo.InvariantCulture), Is.EqualTo(2.5 / ours).Within(1).Percent,
            "of the same precision");
    }

    [TestCase("mnist-cnn, score: 100 draws of a certificate, each for one image")]
    [TestCase("mnist-cnn, score: Hessian-vector product over 1,024 images")]
    [TestCase("mnist-cnn, score: Ψ of 1,024 images with one draw for ρ")]
    public void ScoringHasRows(string name)
    {
        using Folder folder = new();
        string page = folder["page.md"];
        ProgramRun run = ProgramRun.Of("bench", "--device", "cpu", "--filter", name, "--seconds", "0.01", "--output", page);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(double.Parse(Cells(File.ReadAllText(page), name)[1], CultureInfo.InvariantCulture), Is.Positive);
    }

    /// <summary>Each method's step over the plain one of the same run.</summary>
    [Test]
    public void MethodsAreMultiplesOfPlainTraining()
    {
        using Folder folder = new();
        string page = folder["methods.md"];
        ProgramRun run = ProgramRun.Of(
            "bench", "--methods", "--batch-size", "2", "--filter", "*10-1", "--threads", "1", "--seconds", "0.001",
            "--output", page);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string text = File.ReadAllText(page);
        Assert.That(text, Does.Contain("| method | WRN-10-1, 1 thread, ms | over plain |").And.Contain(
            "pacgen bench --methods --batch-size 2 --filter '*10-1' --threads 1 --seconds 0.001").And.Not.Contain("WRN-16-1"));
        Assert.That(Cells(text, "plain Adam")[2], Is.EqualTo("1.000"));
        foreach (string name in (string[])["Perturbed OPT, truncated Gaussian", "SAM", "IVON", "SWA, averaging at each step"])
        {
            Assert.That(
                Cells(text, name)[1..].Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)), Is.All.Positive);
        }

        Assert.That(
            MethodBench.Methods.Select(method => $"{method.Optimizer()}, {method.Average}"), Is.Unique, "each is another method");
    }

    [TestCase("--methods", "--device", "cpu")]
    [TestCase("--methods", "--filter", "nothing")]
    [TestCase("--batch-size", "16", "--quick")]
    [TestCase("--quick", "--device", "cpu")]
    [TestCase("--seconds", "1")]
    [TestCase("--output", "page.md")]
    [TestCase("--device", "simulator")]
    [TestCase("--device", "simulator", "--threads", "1")]
    [TestCase("--device", "cpu", "--seconds", "0")]
    [TestCase("--device", "cpu", "--seconds", "0.01", "--filter", "nothing")]
    public void WhatHasNoEffectIsRefused(params string[] arguments)
    {
        ProgramRun run = ProgramRun.Of(["bench", .. arguments]);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
    }

    [Test]
    public void AFileThatPyTorchsScriptDidNotWriteIsRefused()
    {
        using Folder folder = new();
        File.WriteAllText(folder["steps.jsonl"], "{\"torch\": \"2.6.0\"}\n{\"model\": \"mlp\", \"milliseconds\": \"fast\"}\n");
        ProgramRun run = ProgramRun.Of("bench", "--device", "cpu", "--peer", folder["steps.jsonl"]);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("line 2").And.Contain("steps.py"));
    }

    [Test]
    public void PyTorchsScriptTimesTheSameSteps()
    {
        string script = File.ReadAllText(Path.Combine(HouseTests.Root, "PacGen.Benchmarks", "Peers", "pytorch", "steps.py"));
        Assert.That(
            ScriptStep().Matches(script).Select(
                match => (match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))),
            Is.EqualTo(StepCase.All.Select(step => (step.Model, step.Batch))));
    }

    /// <summary>The cells of the row that begins with a name.</summary>
    private static string[] Cells(string page, string name) =>
        page.Split('\n').Single(line => line.StartsWith($"| {name} |", StringComparison.Ordinal))[2..^2].Split(" | ");

    [GeneratedRegex(@"memory: ([\d.]+) GB/s")]
    private static partial Regex Ceiling();

    [GeneratedRegex(@"^    \(""([\w-]+)"", (\d+), \(", RegexOptions.Multiline)]
    private static partial Regex ScriptStep();
}
