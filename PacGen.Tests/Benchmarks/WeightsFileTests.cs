using System.Globalization;
using PacGen.Benchmarks;
using PacGen.Benchmarks.Training;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Weights from elsewhere: what a file says is held against its arrays, and a network that would be wrong is refused.
/// </summary>
internal sealed class WeightsFileTests
{
    private static readonly Lazy<Dataset> DigitsOnce = new(Datasets.Digits);

    private static string Sample => Path.Combine(HouseTests.Root, "samples", "pytorch", "mnist-cnn.safetensors");

    /// <summary>
    /// Sizes that the file's arrays don't have: nothing of these sizes is built, so each answer takes little memory and no time.
    /// </summary>
    [TestCase("2147483647", "0", "mlp", "(64, 2147483647)")]
    [TestCase("30000,30000", "0", "mlp", "(64, 30000)")]
    [TestCase("", "2147483644", "wide-resnet", "has 2147483642 layers")]
    [TestCase("", "10", "wide-resnet", "has 8 layers")]
    public void StatedSizesAreHeldAgainstTheArrays(string hidden, string depth, string model, string says)
    {
        using Folder folder = new();
        byte[] good = Good(folder);
        File.WriteAllBytes(folder["w"], Texts.With(good, ("model", model), ("hidden", hidden), ("depth", depth), ("widen", "1")));
        LimitedProcess.Run(128, Open, folder["w"], says);
    }

    /// <summary>The posterior that IVON learnt is saved with its mean, and serves as levels of noise.</summary>
    [Test]
    public void APosteriorIsSavedWithItsMean()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "train", "--optimizer", "ivon", "--lr", "1", "--epochs", "2", "--psi", "off", "--device", "cpu", "--save",
            folder["w"]);
        Assert.That(run.ExitCode, Is.Zero);
        float[] deviations;
        using (SafetensorsFile file = SafetensorsFile.Open(folder["w"]))
        {
            deviations = file.Read("posterior/deviation");
        }

        using WeightsFile weights = WeightsFile.Open(folder["w"]);
        (Module network, ParameterArena arena) = weights.Load(weights.Model!, DigitsOnce.Value, null, Device.Cpu);
        using (arena)
        {
            using EmpiricalLoss loss = new(network, arena, DigitsOnce.Value.Train);
            ExpectedLoss expected = ExpectedLossSampler.Measure<PacGen.Core.Perturbation.GaussianNoise>(
                loss, new ExpectedLossOptions { Levels = deviations, Draws = 3 });
            loss.MoveToWeights();
            Assert.That(expected.Loss.Value, Is.EqualTo(loss.Value()).Within(0.2).And.Not.EqualTo(loss.Value()));
        }
    }

    [TestCase("seed", "\u0665")]
    [TestCase("depth", "-1")]
    [TestCase("hidden", "0")]
    [TestCase("batchSize", "0")]
    [TestCase("steps", "9223372036854775808")]
    [TestCase("statisticsOf", "x")]
    [TestCase("form", "\u001b[2J")]
    [TestCase("model", "mlp\u001b[2J")]
    public void TextsThatSayNothingAreRefused(string name, string text)
    {
        using Folder folder = new();
        File.WriteAllBytes(folder["w"], Texts.With(Good(folder), (name, text)));
        ProgramRun run = ProgramRun.Of("score", "--weights", folder["w"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(run.Error, Does.Contain("can't be used").And.Not.Contain("\u001b"));
    }

    /// <summary>A file may be a stranger's: a place on the disk is not gone to because it says so.</summary>
    [Test]
    public void APlaceThatAFileNamesIsNotGoneTo()
    {
        using Folder folder = new();
        File.WriteAllBytes(folder["w"], Texts.With(Good(folder), ("dataset", $"folder:{folder["there"]}")));
        ProgramRun run = ProgramRun.Of("score", "--weights", folder["w"]);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("by --dataset folder:PATH"));
        Assert.That(ProgramRun.Of(
            "score", "--weights", folder["w"], "--dataset", "digits", "--psi-images", "64", "--psi-draws", "1").ExitCode,
            Is.Zero);
    }

    [Test]
    public void WeightsOfPyTorchAreRecognised()
    {
        using Folder folder = new();
        using CpuDevice device = new(1);
        Dataset images = Blank();
        using WeightsFile file = WeightsFile.Open(Sample);
        Assert.That(file.Model, Is.Null);
        (Module network, ParameterArena arena) = file.Load(new ModelChoice("mnist-cnn", []), images, null, device);
        using (arena)
        {
            using SafetensorsFile reference =
                SafetensorsFile.Open(Sample.Replace("mnist-cnn.", "mnist-cnn-logits.", StringComparison.Ordinal));
            Assert.That(
                PyTorchLayoutTests.Outputs(network, arena, reference.Read("images"), [28, 28, 1]),
                Is.EqualTo(reference.Read("logits")).Within(1e-4f), "libtorch's outputs");
        }

        Assert.That(
            () => file.Load(new ModelChoice("mnist-cnn", []), images, "pacgen", device),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("seems transposed"));
        ProgramRun unnamed = ProgramRun.Of("score", "--weights", Sample);
        Assert.That(unnamed.ExitCode, Is.EqualTo(2));
        Assert.That(unnamed.Error, Does.Contain("--model").And.Contain("--dataset"));
    }

    /// <summary>
    /// Square matrices fit both layouts: one of them would be a transposed network, so somebody must say which.
    /// </summary>
    [Test]
    public void WhatFitsBothLayoutsMustBeSaid()
    {
        using Folder folder = new();
        float[] weights = [.. Enumerable.Range(0, 4096).Select(i => i / 4096f)];
        SafetensorsFile.Save(
            folder["w"],
            [new NamedTensor("layers.0.weight", [64, 64], weights), new NamedTensor("layers.0.bias", [64], new float[64])]);
        ImageSet images = new(new byte[128], new[] { 0, 1 }, 8, 8, 64, new Normalization([0f], [1f]));
        Dataset set = new("square", images, images);
        using CpuDevice device = new(1);
        using WeightsFile file = WeightsFile.Open(folder["w"]);
        ModelChoice choice = new("mlp", []);
        Assert.That(() => file.Load(choice, set, null, device), Throws.TypeOf<UsageException>().With.Message.Contains(
            "--layout pytorch or --layout pacgen"));
        using ParameterArena ours = file.Load(choice, set, "pacgen", device).Arena, theirs = file.Load(
            choice, set, "pytorch", device).Arena;
        Assert.That(ours.Save()[1], Is.EqualTo(weights[1]));
        Assert.That(theirs.Save()[1], Is.EqualTo(weights[64]), "row 0, column 1 here is row 1, column 0 there");
    }

    /// <summary>
    /// One rule for extra arrays, here as in <see cref="PyTorchLayout"/>; a checkpoint's optimizer is none of the network's.
    /// </summary>
    [TestCase("extra", false)]
    [TestCase("optimizer/v", true)]
    public void AnArrayWithoutAPlaceIsRefused(string name, bool allowed)
    {
        using Folder folder = new();
        Good(folder);
        using (SafetensorsFile file = SafetensorsFile.Open(folder["w"]))
        {
            SafetensorsFile.Save(
                folder["x"],
                [.. file.Tensors.Values.Select(info => new NamedTensor(info.Name, info.Shape, file.Read(info.Name))),
                    new NamedTensor(name, [1], new float[1])],
                file.Metadata.Where(text => text.Key != "sha256").ToDictionary());
        }

        ProgramRun run = ProgramRun.Of("score", "--weights", folder["x"], "--psi-images", "64", "--psi-draws", "1");
        Assert.That(run.ExitCode, Is.EqualTo(allowed ? 0 : 1), run.Error);
        Assert.That(run.Error, allowed ? Is.Empty : Does.Contain("extra, which has no place"));
    }

    /// <summary>
    /// Texts of all kinds, with a right checksum: read, or refused with one line, within a limit on memory and in no time.
    /// </summary>
    [TestCase(1000)]
    [TestCase(100_000, Explicit = true, Reason = "minutes")]
    public void MutatedTextsAreReadOrRefused(int count)
    {
        using Folder folder = new();
        Good(folder);
        LimitedProcess.Run(128, Fuzz, folder["w"], count.ToString(CultureInfo.InvariantCulture), Random.Shared.Next().ToString(
            CultureInfo.InvariantCulture));
    }

    private static byte[] Good(Folder folder)
    {
        Assert.That(
            ProgramRun.Of("train", "--epochs", "1", "--limit", "64", "--psi", "off", "--save", folder["w"]).ExitCode, Is.Zero);
        return File.ReadAllBytes(folder["w"]);
    }

    private static Dataset Blank()
    {
        ImageSet images = new(new byte[784], new[] { 0 }, 28, 28, 10, new Normalization([0f], [1f]));
        return new Dataset("blank", images, images);
    }

    /// <summary>In a process of its own: a file that must be refused with these words.</summary>
    private static void Open(string[] arguments)
    {
        try
        {
            Load(arguments[0]);
        }
        catch (CheckpointException error) when (error.Message.Contains(arguments[1], StringComparison.Ordinal))
        {
            return;
        }

        throw new InvalidOperationException("It was not refused.");
    }

    private static void Fuzz(string[] arguments)
    {
        byte[] good = File.ReadAllBytes(arguments[0]);
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture), refused = 0;
        Random random = new(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = Texts.Mutate(good, random);
            File.WriteAllBytes(arguments[0], bytes);
            try
            {
                Load(arguments[0]);
            }
            catch (Exception error) when (error is CheckpointException or UsageException && !error.Message.Any(char.IsControl))
            {
                refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {arguments[2]}, file {i}: {error.Message}", error);
            }
        }

        Console.WriteLine($"{count} files, {refused} refused, seed {arguments[2]}");
        if (refused < count / 4 || refused == count)
        {
            throw new InvalidOperationException($"{refused} of {count} were refused: mutation changes much, not all");
        }
    }

    private static void Load(string path)
    {
        using CpuDevice device = new(1);
        using WeightsFile file = WeightsFile.Open(path);
        file.Load(file.Model ?? new ModelChoice("mlp", [128]), DigitsOnce.Value, null, device).Arena.Dispose();
    }
}
