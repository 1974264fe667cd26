using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Benchmarks;
using Region = PacGen.Kernels.Region;
using Shape = PacGen.Kernels.Shape;

namespace PacGen.Tests.Nn;

/// <summary>
/// Weights go to Python's PyTorch and come from it through safetensors, in one run with it: interchange.py is its side, models.py
/// the models. Skipped where Python, PyTorch or safetensors is missing.
/// </summary>
internal sealed class PyTorchInterchangeTests
{
    private static readonly (string Name, Func<Module> Create, int[] Image)[] Models =
    [
        ("mnist-cnn", () => new MnistCnn(), [28, 28, 1]),
        ("wide-resnet-paper", () => new WideResNet(10, 1, 10), [32, 32, 3]),
        ("wide-resnet-original", () => new WideResNet(10, 1, 10, form: WideResNetForm.Original), [32, 32, 3]),
    ];

    private static readonly string[] Kinds = ["", "-float16", "-bfloat16"];

    [OneTimeSetUp]
    public void NeedsPyTorch()
    {
        (int code, string output, string error) = Run("-c", "import torch, safetensors, numpy");
        if (code != 0)
        {
            Assert.Ignore($"Python with PyTorch and safetensors is needed: {error.Trim().Split('\n')[^1]}");
        }

        TestContext.Out.WriteLine(Python("versions").Trim() + output);
    }

    [Test]
    public void WhatIsExportedGivesTheSameLogitsInPyTorch()
    {
        using TemporaryFolder folder = new();
        using CpuDevice device = new(1);
        foreach ((string name, Func<Module> create, int[] image) in Models)
        {
            Module model = create();
            using ParameterArena arena = new(model, device, 3);
            RandomStream random = new(5, 1);

            // Weights and biases of batch norm that are not 1 and 0, running means that are not 0, variances of 0.5 to 2.5.
            arena.Load([.. arena.Save().Select(value => value + (0.02f * Symmetric(ref random)))]);
            List<float> states = [];
            foreach (StateTensor state in arena.States)
            {
                for (long i = 0; i < state.Shape.Count; i++)
                {
                    states.Add(
                        state.Name.EndsWith("runningVar", StringComparison.Ordinal) ? 1.5f + Symmetric(ref random)
                        : 0.3f * Symmetric(ref random));
                }
            }

            arena.LoadState([.. states]);
            float[] images = [.. Enumerable.Range(0, 5 * image[0] * image[1] * image[2]).Select(_ => 2 * Symmetric(ref random))];
            float[] logits = PyTorchLayoutTests.Outputs(model, arena, images, image);
            SafetensorsFile.Save(folder[$"{name}.safetensors"], PyTorchLayout.Of(model, new Shape(image)).Export(arena));
            SafetensorsFile.Save(
                folder[$"{name}-outputs.safetensors"],
                [new NamedTensor("images", [5, image[0], image[1], image[2]], images),
                    new NamedTensor("logits", [5, 10], logits)]);
        }

        JsonNode[] results = [.. Python("check", folder.Path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
            line => JsonNode.Parse(line)!)];
        Assert.That(results.Select(result => (string)result["model"]!), Is.EqualTo(Models.Select(model => model.Name)));
        foreach (JsonNode result in results)
        {
            double difference = (double)result["difference"]!, largest = (double)result["largest"]!;
            TestContext.Out.WriteLine($"to PyTorch: {result.ToJsonString()}");
            Assert.That(largest, Is.GreaterThan(0.05), "logits that say something");
            Assert.That(difference, Is.LessThan(1e-5 * Math.Max(1, largest)), (string)result["model"]!);
        }
    }

    [Test]
    public void WhatPyTorchSavedGivesItsLogits()
    {
        using TemporaryFolder folder = new();
        Python("make", folder.Path);
        using CpuDevice device = new(1);
        foreach ((string name, Func<Module> create, int[] image) in Models)
        {
            foreach (string kind in Kinds)
            {
                Module model = create();
                using ParameterArena arena = new(model, device, 1);
                using (SafetensorsFile file = SafetensorsFile.Open(folder[$"{name}{kind}.safetensors"]))
                {
                    string[] types = [.. file.Tensors.Values.Select(info => info.Type).Distinct().Order()];
                    string type = kind switch { "" => "F32", "-float16" => "F16", _ => "BF16" };
                    Assert.That(
                        types, Is.EquivalentTo(name == "mnist-cnn" ? (string[])[type] : [type, "I64"]),
                        "counters of batches are whole numbers");
                    PyTorchLayout.Of(model, new Shape(image)).Load(file, arena);
                }

                using SafetensorsFile outputs = SafetensorsFile.Open(folder[$"{name}{kind}-outputs.safetensors"]);
                float[] expected = outputs.Read("logits"), actual = PyTorchLayoutTests.Outputs(
                    model, arena, outputs.Read("images"), image);
                float largest = expected.Max(Math.Abs);
                TestContext.Out.WriteLine(
                    $"from PyTorch: {name}{kind}: largest logit {largest}, difference " +
                    $"{expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max():G3}");
                Assert.That(actual, Is.EqualTo(expected).Within(1e-5f * Math.Max(1, largest)), name + kind);
            }
        }
    }

    /// <summary>What the program writes, read by Python's safetensors: all texts, and the bits of all arrays.</summary>
    [Test]
    public void PythonReadsCheckpointsAndSavedWeights()
    {
        using TemporaryFolder folder = new();
        string saved = folder["saved.safetensors"], run = folder["run"];
        ProgramRun trained = ProgramRun.Of(
            "train", "--epochs", "1", "--limit", "96", "--optimizer", "adam", "--perturb", "uniform", "--psi", "off", "--threads",
            "1", "--save", saved, "--checkpoint", run);
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        string checkpoint = Directory.GetFiles(run, "step-*.safetensors").Order(StringComparer.Ordinal).Last();
        string[] paths = [saved, checkpoint];
        JsonNode[] found = [.. Python(["describe", .. paths]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
            line => JsonNode.Parse(line)!)];
        for (int i = 0; i < paths.Length; i++)
        {
            using SafetensorsFile file = SafetensorsFile.Open(paths[i]);
            Assert.That(file.HasChecksum);
            Assert.That(
                found[i]["metadata"]!.AsObject().Select(text => (text.Key, (string)text.Value!)),
                Is.EquivalentTo(file.Metadata.Select(text => (text.Key, text.Value))));
            JsonObject arrays = found[i]["arrays"]!.AsObject();
            Assert.That(arrays.Select(array => array.Key), Is.EquivalentTo(file.Tensors.Keys));
            foreach (SafetensorInfo info in file.Tensors.Values)
            {
                JsonNode array = arrays[info.Name]!;
                Assert.That(array["shape"]!.AsArray().Select(extent => (long)extent!), Is.EqualTo(info.Shape), info.Name);
                Assert.That((string)array["type"]!, Is.EqualTo("torch.float32"), info.Name);
                Assert.That(
                    (string)array["sha256"]!,
                    Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(file.Read(info.Name).AsSpan())))),
                    info.Name);
            }
        }

        Assert.That(found[1]["arrays"]!.AsObject().Select(array => array.Key), Does.Contain("optimizer/v"));
        Assert.That((string)found[1]["metadata"]!["pacgen.state"]!, Does.StartWith("{"));
    }

    private static float Symmetric(ref RandomStream random) => (random.NextBelow(2001) - 1000) / 1000f;

    /// <summary>What interchange.py prints.</summary>
    private static string Python(params string[] arguments)
    {
        string script = Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "Checkpoints", "interchange.py");
        (int code, string output, string error) = Run([script, .. arguments]);
        Assert.That(code, Is.Zero, error);
        return output;
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        ProcessStartInfo start = new("python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // models.py is compiled in memory alone: nothing is left in the tests' folder.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (Win32Exception missing)
        {
            return (-1, "", missing.Message);
        }
    }
}
