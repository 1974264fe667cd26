using PacGen.Nn;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>Tables in the program: trained on, scored, measured and certified, or refused with a reason.</summary>
internal sealed class TableVerbTests
{
    /// <summary>Classes of a CSV file; the weights keep the normalisation of the rows that they were trained on.</summary>
    [Test]
    public void AClassOfATable()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["t.csv"], Rows(0));
        File.WriteAllText(folder["other.csv"], Rows(100));
        string[] data = ["--dataset", "csv:" + folder["t.csv"], "--target", "kind"];
        string weights = folder["w.safetensors"];
        ProgramRun run = ProgramRun.Of(
            ["train", .. data, "--hidden", "8", "--epochs", "3", "--batch-size", "16", "--psi", "off", "--save", weights]);
        Assert.That((run.ExitCode, run.OutputLines[0]), Is.EqualTo((0, "2 classes: 0 large, 1 small")), run.Error);
        using (SafetensorsFile file = SafetensorsFile.Open(weights))
        {
            Normalization kept = Normalization.Parse(file.Metadata["normalization"])!;
            Normalization fitted = Datasets.Load(
                data[1], new DataOptions { Table = new TableOptions { Targets = ["kind"] } }).Train.Normalization!;
            Assert.That(kept.Mean.ToArray(), Is.EqualTo(fitted.Mean.ToArray()));
        }

        Assert.That(ProgramRun.Of(["score", "--weights", weights, .. data]).ExitCode, Is.Zero);
        string[] other = ["--dataset", "csv:" + folder["other.csv"], "--target", "kind"];
        Assert.That(ProgramRun.Of(["measure", "--weights", weights, .. other, "--measures", "training-loss"]).ExitCode, Is.Zero);
    }

    [Test]
    public void WhatATableCannot()
    {
        ProgramRun run = ProgramRun.Of(["certify", "--dataset", "penguins"]);
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain("ask for a class a sample, but the targets of penguins are 1 value"));
        run = ProgramRun.Of(["train", "--dataset", "digits", "--target", "y"]);
        Assert.That(run.Error, Does.Contain("--target").And.Contain("csv:FILE"));
        run = ProgramRun.Of(["train", "--dataset", "npy:a.npy"]);
        Assert.That(run.Error, Does.Contain("folder:PATH, csv:PATH").And.Contain("not 'npy:a.npy'"));
        run = ProgramRun.Of(["train", "--dataset", "csv:"]);
        Assert.That(run.Error, Does.Contain("--dataset csv: lacks its path: write --dataset csv:PATH, PATH a file."));
        run = ProgramRun.Of(["train", "--dataset", "penguins", "--augment", "crop-flip", "--epochs", "1"]);
        Assert.That(run.Error, Does.Contain("Images of bytes can be varied, but not 266 samples of 11, 1 value"));
    }

    private static string Rows(int shift) => "a,b,kind\n" + string.Concat(
        Enumerable.Range(0, 120).Select(i => $"{i + shift},{i % 7},{(i < 60 ? "small" : "large")}\n"));
}
