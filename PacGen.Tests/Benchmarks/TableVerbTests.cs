using PacGen.Kernels;
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

    /// <summary>
    /// The file of weights says which column is predicted, which are left out and which rows are tested on; a table with other
    /// columns, fewer texts or fewer classes gives the network the numbers that it was trained on.
    /// </summary>
    [Test]
    public void WeightsKeepWhatTheTableWas()
    {
        using TemporaryFolder folder = new();
        string table = folder["t.csv"], other = folder["other.csv"], weights = folder["w.safetensors"];
        File.WriteAllText(table, "id,a,c,kind\n" + string.Concat(Enumerable.Range(0, 120).Select(
            i => $"{i},{i % 7},{"xyz"[i % 3]},{(i % 3 == 0 ? "small" : i < 60 ? "large" : "huge")}\n")));
        File.WriteAllText(other, "c,new,a,kind\n" + string.Concat(Enumerable.Range(0, 40).Select(
            i => $"{"xz"[i % 2]},{i},{i % 5},{(i % 2 == 0 ? "small" : "huge")}\n")));
        string[] options = ["--target", "kind", "--ignore", "id", "--test-part", "0.25", "--test-seed", "7"];
        ProgramRun run = ProgramRun.Of(
            ["train", "--dataset", "csv:" + table, .. options, "--hidden", "8", "--epochs", "1", "--batch-size", "16", "--psi",
                "off", "--save", weights]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("90 + 30 rows"));
        string[] again = ["measure", "--weights", weights, "--measures", "training-loss", "--dataset"];
        Assert.That(ProgramRun.Of([.. again, "csv:" + table]).Output, Does.Contain("90 of 90 training rows"));
        run = ProgramRun.Of([.. again, "csv:" + other]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("3 classes: 0 huge, 1 large, 2 small").And.Contain("30 of 30 training rows"));
        run = ProgramRun.Of(
            "certify", "--weights", weights, "--dataset", "csv:" + table, "--posterior-epochs", "0", "--draws", "100");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("the 30 test rows"));
        foreach ((string option, string value, string says) in new[]
        {
            ("--target", "a", "was trained with --target kind, and not with --target a: leave --target out."),
            ("--test-seed", "8", "was trained with --test-seed 7"), ("--test-part", "0.5", "was trained with --test-part 0.25"),
            ("--ignore", "a", "was trained with --ignore id"),
        })
        {
            ProgramRun.Of([.. again, "csv:" + table, option, value]).RequireRefusal(2, says);
        }

        // Of another table all rows are unseen.
        Assert.That(ProgramRun.Of([.. again, "csv:" + other, "--test-part", "0.5"]).Output, Does.Contain("20 training rows"));
        File.WriteAllText(other, "c,a,kind\nx,1,small\nq,2,small\nx,3,huge\nz,0,large\n");
        ProgramRun.Of([.. again, "csv:" + other]).RequireRefusal(
            1, "c has q, which the network was not trained on: it takes x, y, z");
        File.WriteAllText(other, "c,b,kind\nx,1,small\ny,2,small\nx,3,huge\nz,0,large\n");
        ProgramRun.Of([.. again, "csv:" + other]).RequireRefusal(1, "has no column for a, which the network takes");
        File.WriteAllText(other, "c,a,kind\nx,1,tiny\ny,2,small\nx,3,huge\nz,0,large\n");
        ProgramRun.Of([.. again, "csv:" + other]).RequireRefusal(1, "kind has tiny, which is none of the network's classes");
    }

    /// <summary>
    /// Values far from order 1 are learnt by the default optimizer; errors, and what an exported network gives, are in their
    /// units.
    /// </summary>
    [Test]
    public void ValuesInAnyUnit()
    {
        using TemporaryFolder folder = new();
        string table = folder["t.csv"], weights = folder["w.safetensors"], network = folder["n.onnx"];
        File.WriteAllText(table, "a,b,price\n" + string.Concat(Enumerable.Range(0, 200).Select(
            i => $"{i % 10},{i % 7},{200_000 + (30_000 * (i % 10)) - (5_000 * (i % 7))}\n")));
        ProgramRun run = ProgramRun.Of(
            "train", "--dataset", "csv:" + table, "--target", "price", "--target-kind", "values", "--hidden", "16", "--epochs",
            "30", "--batch-size", "8", "--psi", "off", "--save", weights);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("Targets are standardised by the training part's mean and deviation"));
        double Error(string output) => double.Parse(
            System.Text.RegularExpressions.Regex.Match(output, @"mean absolute error ([\d.E+]+)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(Error(run.OutputLines.Last(line => line.StartsWith("epoch  30", StringComparison.Ordinal))),
            Is.InRange(10, 20_000));
        run = ProgramRun.Of("export", "--weights", weights, "--dataset", "csv:" + table, "--output", network);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("gives values in their own units"));

        // The network of the file takes and gives what its own weights do, in the values' units.
        TableOptions options = new() { Targets = ["price"], Kind = TargetKind.Values, StandardizeTargets = false };
        Dataset data = Datasets.Load("csv:" + table, new DataOptions { Table = options });
        data = data.Normalized(OnnxNetwork.ReadNormalization(network)!);
        OnnxNetwork read = OnnxNetwork.Open(network, data.Train.SampleShape);
        Assert.That(read.Parameters.Select(parameter => parameter.Shape.Count), Is.EqualTo(new long[] { 32, 16, 16, 1 }));
        using ParameterArena arena = new(read, Device.Cpu, 1);
        using Evaluator evaluator = new(read, arena, data.Test);
        Assert.That(evaluator.Evaluate(data.Test, Metric.MeanAbsoluteError)[Metric.MeanAbsoluteError], Is.InRange(10, 20_000));
        Assert.That(evaluator.Predict(data.Test), Has.All.InRange(150_000, 550_000));
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
        Assert.That(run.Error, Does.Contain("Images of bytes can be varied, but not 266 rows of 11, 1 value"));
    }

    private static string Rows(int shift) => "a,b,kind\n" + string.Concat(
        Enumerable.Range(0, 120).Select(i => $"{i + shift},{i % 7},{(i < 60 ? "small" : "large")}\n"));
}
