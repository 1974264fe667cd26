using PacGen.Kernels.Devices;
using PacGen.Nn;
using PacGen.Nn.Checkpoints;
using Region = PacGen.Kernels.Devices.Region;
using Shape = PacGen.Kernels.Shape;

namespace PacGen.Tests.Nn.Checkpoints;

/// <summary>
/// Weights that libtorch trained (samples/pytorch/make-mnist-cnn.cs, Trajectories/make-trajectories.cs) give its outputs here, and go back
/// as they came.
/// </summary>
internal sealed class PyTorchLayoutTests
{
    private static string Sample(string name) => Path.Combine(HouseTests.Root, "samples", "pytorch", name);

    [Test]
    public void WeightsOfLibtorchGiveItsOutputs()
    {
        using CpuDevice device = new(1);
        MnistCnn model = new();
        using ParameterArena arena = new(model, device, 1);
        using (SafetensorsFile file = SafetensorsFile.Open(Sample("mnist-cnn.safetensors")))
        {
            PyTorchLayout.MnistCnn.Load(file, arena);
        }

        using SafetensorsFile reference = SafetensorsFile.Open(Sample("mnist-cnn-logits.safetensors"));
        float[] logits = Outputs(model, arena, reference.Read("images"), [28, 28, 1]);
        Assert.That(logits, Is.EqualTo(reference.Read("logits")).Within(1e-4f), "one channel: NHWC and NCHW are the same");

        // The test sees the flattened layer's order: without it the outputs are others.
        using SafetensorsFile again = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        PyTorchLayout.SameNames.Load(again, arena);
        Assert.That(Outputs(model, arena, reference.Read("images"), [28, 28, 1]), Is.Not.EqualTo(reference.Read("logits")).Within(0.1f));
    }

    [Test]
    public void WhatIsExportedIsWhatWasRead()
    {
        using CpuDevice device = new(1);
        using ParameterArena arena = new(new MnistCnn(), device, 1);
        using SafetensorsFile file = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        PyTorchLayout.MnistCnn.Load(file, arena);
        IReadOnlyList<NamedTensor> exported = PyTorchLayout.MnistCnn.Export(arena);
        Assert.That(exported.Select(tensor => tensor.Name), Is.EquivalentTo(file.Tensors.Keys));
        foreach (NamedTensor tensor in exported)
        {
            Assert.That(tensor.Shape, Is.EqualTo(file.Tensors[tensor.Name].Shape), tensor.Name);
            Assert.That(tensor.Values.ToArray(), Is.EqualTo(file.Read(tensor.Name)), tensor.Name);
        }
    }

    /// <summary>A state_dict with its running statistics and counters: libtorch's outputs in evaluation mode, and its numbers back again.</summary>
    [Test]
    public void WideResNetOfLibtorchGivesItsOutputsAndGoesBack()
    {
        string folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Trajectories");
        using CpuDevice device = new(1);
        WideResNet model = new(10, 1, 10);
        using ParameterArena arena = new(model, device, 1);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "wide-resnet.safetensors"));
        PyTorchLayout.SameNames.Load(file, arena);
        using SafetensorsFile reference = SafetensorsFile.Open(Path.Combine(folder, "wide-resnet-logits.safetensors"));
        float[] planes = reference.Read("images"), pixels = new float[planes.Length];
        const int Places = 32 * 32;
        for (int i = 0; i < pixels.Length; i++)
        {
            // (N, H, W, C) here, (N, C, H, W) there.
            pixels[i] = planes[(i / (3 * Places) * 3 * Places) + (i % 3 * Places) + (i / 3 % Places)];
        }

        float[] expected = reference.Read("logits");
        float largest = expected.Max(Math.Abs);
        Assert.That(Outputs(model, arena, pixels, [32, 32, 3]), Is.EqualTo(expected).Within(1e-5f * largest));
        string[] counters = [.. file.Tensors.Keys.Where(name => name.EndsWith("num_batches_tracked", StringComparison.Ordinal))];
        Assert.That(counters, Has.Length.EqualTo(7), "one for each batch norm, which nothing here counts");
        IReadOnlyList<NamedTensor> exported = PyTorchLayout.SameNames.Export(arena);
        Assert.That(exported.Select(tensor => tensor.Name), Is.EquivalentTo(file.Tensors.Keys.Except(counters)));
        foreach (NamedTensor tensor in exported)
        {
            Assert.That(tensor.Shape, Is.EqualTo(file.Tensors[tensor.Name].Shape), tensor.Name);
            Assert.That(tensor.Values.ToArray(), Is.EqualTo(file.Read(tensor.Name)), tensor.Name);
        }

        // The test sees the statistics: with others the outputs are others.
        arena.LoadState([.. arena.SaveState().Select(value => value + 1)]);
        Assert.That(Outputs(model, arena, pixels, [32, 32, 3]), Is.Not.EqualTo(expected).Within(0.01f * largest));
    }

    /// <summary>Names as the reference code has them, running statistics included; what is written is read into another model.</summary>
    [Test]
    public void WideResNetGoesThereAndBack()
    {
        using CpuDevice device = new(1);
        using ParameterArena source = new(new WideResNet(10, 2, 10), device, 1), target = new(new WideResNet(10, 2, 10), device, 2);
        source.LoadState([.. Enumerable.Range(0, (int)source.State!.Count).Select(i => (float)i)]);
        using MemoryStream stream = new();
        IReadOnlyList<NamedTensor> exported = PyTorchLayout.SameNames.Export(source);
        string[] names = ["conv1.weight", "layer1.0.bn1.running_mean", "layer2.0.shortcut.0.weight", "layer3.0.conv2.bias", "bn1.running_var", "linear.weight"];
        Assert.That(exported.Select(tensor => tensor.Name), Is.SupersetOf(names));
        NamedTensor first = exported.Single(tensor => tensor.Name == "layer1.0.conv1.weight");
        Assert.That(first.Shape, Is.EqualTo(new long[] { 32, 16, 3, 3 }));
        int index = Enumerable.Range(0, source.Parameters.Count).Single(i => source.Parameters[i].Name == "layer1.0.conv1.weight");
        float[] ours = source.Segment(source.Weights, index).ToArray();
        for (int o = 0; o < 32; o += 7)
        {
            for (int c = 0; c < 16; c += 5)
            {
                Assert.That(first.Values.Span[(((o * 16) + c) * 9) + 5], Is.EqualTo(ours[(((5 * 16) + c) * 32) + o]), "(row 1, column 2), OIHW and HWIO");
            }
        }

        SafetensorsFile.Write(stream, [.. exported, new NamedTensor("bn1.num_batches_tracked", [], new float[1])]);
        using SafetensorsFile file = new(stream, "file");
        PyTorchLayout.SameNames.Load(file, target);
        Assert.That(target.Save(), Is.EqualTo(source.Save()));
        Assert.That(target.SaveState(), Is.EqualTo(source.SaveState()));
    }

    [Test]
    public void WhatDoesNotFitIsRefused()
    {
        using CpuDevice device = new(1);
        using ParameterArena cnn = new(new MnistCnn(), device, 1), mlp = new(new Mlp(64, 10), device, 1);
        float[] before = cnn.Save();
        using SafetensorsFile file = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        Assert.That(() => PyTorchLayout.SameNames.Load(file, mlp), Throws.TypeOf<CheckpointException>().With.Message.Contains("which has no place in this model"));
        Assert.That(() => PyTorchLayout.MnistCnn.Load(file, mlp), Throws.ArgumentException.With.Message.Contains("fc1.weight"));
        PyTorchLayout wrong = new() { Flattened = new Dictionary<string, (int, int, int)> { ["fc1.weight"] = (20, 4, 5) } };
        Assert.That(() => wrong.Load(file, cnn), Throws.ArgumentException.With.Message.Contains("another size"));
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [.. PyTorchLayout.SameNames.Export(cnn).Select(tensor => tensor.Name == "fc2.weight" ? tensor with { Shape = [50, 10] } : tensor)]);
        using SafetensorsFile other = new(stream, "other");
        Assert.That(() => PyTorchLayout.SameNames.Load(other, cnn), Throws.TypeOf<CheckpointException>().With.Message.Contains("needs (10, 50)"));
        Assert.That(cnn.Save(), Is.EqualTo(before), "nothing was replaced");
    }

    [Test]
    public void OtherNamesAreFound()
    {
        using CpuDevice device = new(1);
        using ParameterArena arena = new(new Mlp(3, 2), device, 1);
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [new NamedTensor("w", [2, 3], new[] { 1f, 2, 3, 4, 5, 6 }), new NamedTensor("b", [2], new[] { 7f, 8 })]);
        using SafetensorsFile file = new(stream, "file");
        new PyTorchLayout { Names = new Dictionary<string, string> { ["layers.0.weight"] = "w", ["layers.0.bias"] = "b" } }.Load(file, arena);
        Assert.That(arena.Save(), Is.EqualTo(new[] { 1f, 4, 2, 5, 3, 6, 7, 8 }));
    }

    /// <summary>A model's outputs of some images in evaluation mode.</summary>
    internal static float[] Outputs(Module model, ParameterArena arena, float[] images, int[] extents)
    {
        int count = images.Length / (extents[0] * extents[1] * extents[2]);
        Tensor input = Tensor.Input(new Shape([count, .. extents]), "images"), output = model.Forward(input);
        Dictionary<Tensor, Region> bindings = [];
        arena.Bind(bindings, arena.Weights);
        using CompiledGraph graph = CompiledGraph.Compile(arena.Device, [output], bindings);
        graph[input].Write(images);
        graph.Run();
        return graph[output].ToArray();
    }
}
