using System.Text.Json.Nodes;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>The program with a network of one's own: --model FILE.onnx, weights from .pt, and what a saved file says.</summary>
internal sealed class OnnxProgramTests
{
    private static readonly string[] Few = ["--psi-images", "64", "--psi-draws", "2", "--json"];

    /// <summary>The same weights by ONNX and by PyTorch's file have the same Ψ; the reference outputs are theirs.</summary>
    [Test]
    public void ScoresAnOnnxFileAndPyTorchsWeights()
    {
        string[] network = ["--model", TestNetworks.PathOf("grouped-cnn.onnx"), "--dataset", "digits",
            "--reference", TestNetworks.PathOf("grouped-cnn.safetensors")];
        JsonNode onnx = Json(["score", .. network, .. Few]);
        JsonNode pyTorch = Json(["score", "--weights", TestNetworks.PathOf("grouped-cnn.pt"), .. network, .. Few]);
        Assert.That(onnx["model"]!.GetValue<string>(), Is.EqualTo("grouped-cnn.onnx"));
        Assert.That(pyTorch["scores"]?.ToJsonString(), Is.EqualTo(onnx["scores"]?.ToJsonString()));
        Assert.That(pyTorch.AsObject().Count, Is.EqualTo(onnx.AsObject().Count));
    }

    /// <summary>A saved file builds its network by itself, and goes on where training ended.</summary>
    [Test]
    public void ASavedFileSaysHowToBuildItsNetwork()
    {
        using Folder folder = new();
        string copy = folder["net.onnx"];
        File.Copy(TestNetworks.PathOf("resnet18.onnx"), copy);
        ProgramRun run = ProgramRun.Of(
            "train", "--model", copy, "--dataset", "digits", "--epochs", "1", "--batch-size", "64", "--learning-rate", "0.001",
            "--schedule", "constant",
            "--psi",
            "off", "--save", folder["w.safetensors"], "--checkpoint", folder["run"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        File.Delete(copy);
        JsonNode saved = Json(["score", "--weights", folder["w.safetensors"], .. Few]);
        Assert.That(saved["model"]!.GetValue<string>(), Is.EqualTo("net.onnx"));
        Assert.That(saved["dataset"]!.GetValue<string>(), Is.EqualTo("digits"));

        // The network's file is a path, which isn't taken from a checkpoint.
        ProgramRun resumed = ProgramRun.Of("train", "--resume", folder["run"], "--epochs", "2");
        Assert.That(resumed.ExitCode, Is.EqualTo(2));
        Assert.That(resumed.Error, Does.Contain("--model"));
        ProgramRun again = ProgramRun.Of(
            "train", "--resume", folder["run"], "--epochs", "2", "--without", "save", "--model",
            TestNetworks.PathOf("resnet18.onnx"));
        Assert.That(again.ExitCode, Is.Zero, again.Error);
    }

    /// <summary>What training left, as ONNX, is scored as the weights themselves are.</summary>
    [Test]
    public void TrainedWeightsAreExported()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "train", "--hidden", "16", "--epochs", "1", "--batch-size", "64", "--psi", "off", "--save", folder["w.safetensors"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        run = ProgramRun.Of("export", "--weights", folder["w.safetensors"], "--output", folder["net.onnx"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string own = Json(["score", "--weights", folder["w.safetensors"], .. Few])["scores"]!.ToJsonString();
        string onnx = Json(["score", "--model", folder["net.onnx"], "--dataset", "digits", .. Few])["scores"]!.ToJsonString();
        Assert.That(onnx, Is.EqualTo(own));
        run = ProgramRun.Of("export", "--weights", folder["w.safetensors"], "--output", folder["net.pt"]);
        Assert.That(run.Error, Does.Contain("a network is written as .onnx, not .pt"));
    }

    /// <summary>
    /// How samples are normalised is said on the command line, kept with weights, written into an ONNX file and read from there;
    /// what contradicts it is refused.
    /// </summary>
    [Test]
    public void ANormalizationIsKept()
    {
        using Folder folder = new();
        string weights = folder["w.safetensors"], network = folder["net.onnx"];
        ProgramRun run = ProgramRun.Of(
            "train", "--hidden", "16", "--epochs", "1", "--batch-size", "64", "--psi", "off", "--normalization", "unit", "--save",
            weights);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        run = ProgramRun.Of("export", "--weights", weights, "--output", network);
        Assert.That(run.Output, Does.Contain("it takes value / 16 (in its metadata, pacgen.normalization)"));
        string[] onnx = ["--model", network, "--dataset", "digits"];
        string own = Json(["score", "--weights", weights, .. Few])["scores"]!.ToJsonString();
        Assert.That(Json(["score", .. onnx, .. Few])["scores"]!.ToJsonString(), Is.EqualTo(own));
        Assert.That(
            Json(["score", .. onnx, "--normalization", "unit", .. Few])["scores"]!.ToJsonString(), Is.EqualTo(own), "said twice");
        ProgramRun.Of(["score", .. onnx, "--normalization", "0.5/0.5", .. Few]).RequireRefusal(
            2, "says that its network takes value / 16, and --normalization 0.5/0.5 something else: leave --normalization out.");
        ProgramRun.Of(["score", "--weights", weights, "--normalization", "none", .. Few]).RequireRefusal(
            2, "leave --normalization out.");

        // A network of another program says nothing: then the command line decides.
        string[] foreign = ["score", "--model", TestNetworks.PathOf("mlp.onnx"), "--dataset", "digits", .. Few];
        string known = Json([.. foreign])["scores"]!.ToJsonString();
        Assert.That(
            Json([.. foreign, "--normalization", "0.3052/0.3758"])["scores"]!.ToJsonString(), Is.EqualTo(known));
        Assert.That(Json([.. foreign, "--normalization", "none"])["scores"]!.ToJsonString(), Is.Not.EqualTo(known));
        ProgramRun.Of([.. foreign, "--normalization", "imagenet"]).RequireRefusal(
            2, "is of 3 channels, but the samples of digits have 1");
        ProgramRun.Of([.. foreign, "--normalization", "0.5"]).RequireRefusal(2, "or MEAN/DEVIATION");
    }

    [TestCase("score --model missing.onnx --dataset digits", "missing.onnx is not there: it would be /")]
    [TestCase("score --model {regression} --dataset digits", "takes examples of (6)")]
    [TestCase("score --model {mlp}", "say it with --dataset")]
    [TestCase("score", "--weights is missing")]
    [TestCase("measure", "--weights is missing")]
    [TestCase("score --model {mlp} --dataset digits --reference {regression-outputs}", "(16, 6)")]
    [TestCase("train --model {mlp} --hidden 5", "--hidden has an effect only with --model mlp")]
    [TestCase("train --model {mlp} --dropout 0.5", "--dropout has an effect only with")]
    [TestCase("train --model net.pth", "--model net.pth holds weights without their network: write it by torch.onnx.export")]
    [TestCase("train --model net.keras", "--model takes mlp, mnist-cnn, wide-resnet")]
    public void SaysWhatIsWrong(string line, string expected)
    {
        string[] words = [.. line.Split(' ').Select(word => word.Replace(
            "{regression-outputs}", TestNetworks.PathOf("regression.safetensors"), StringComparison.Ordinal)).Select(
            word => word.StartsWith('{') ? TestNetworks.PathOf($"{word.Trim('{', '}')}.onnx") : word)];
        ProgramRun run = ProgramRun.Of(words);
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1), run.Error);
        Assert.That(run.Error, Does.Contain(expected));
    }

    private static JsonNode Json(params string[] line)
    {
        ProgramRun run = ProgramRun.Of(line);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return JsonNode.Parse(run.Output)!;
    }
}
