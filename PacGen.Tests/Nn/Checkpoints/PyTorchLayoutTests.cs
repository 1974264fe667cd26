using PacGen.Kernels;
using PacGen.Nn;
using Region = PacGen.Kernels.Region;
using Shape = PacGen.Kernels.Shape;

namespace PacGen.Tests.Nn;

/// <summary>
/// Weights that libtorch trained (samples/pytorch/make-mnist-cnn.cs, Trajectories/make-trajectories.cs) give its outputs here,
/// and go back as they came.
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
            PyTorchLayout.Of(model, new Shape(28, 28, 1)).Load(file, arena);
        }

        using SafetensorsFile reference = SafetensorsFile.Open(Sample("mnist-cnn-logits.safetensors"));
        float[] logits = Outputs(model, arena, reference.Read("images"), [28, 28, 1]);
        Assert.That(logits, Is.EqualTo(reference.Read("logits")).Within(1e-4f), "one channel: NHWC and NCHW are the same");

        // The test sees the flattened layer's order: without it the outputs are others.
        using SafetensorsFile again = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        PyTorchLayout.Of(model, Nothing).Load(again, arena);
        Assert.That(
            Outputs(model, arena, reference.Read("images"), [28, 28, 1]), Is.Not.EqualTo(reference.Read("logits")).Within(0.1f));
    }

    [Test]
    public void WhatIsExportedIsWhatWasRead()
    {
        using CpuDevice device = new(1);
        MnistCnn model = new();
        using ParameterArena arena = new(model, device, 1);
        using SafetensorsFile file = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(28, 28, 1));
        layout.Load(file, arena);
        IReadOnlyList<NamedTensor> exported = layout.Export(arena);
        Assert.That(exported.Select(tensor => tensor.Name), Is.EquivalentTo(file.Tensors.Keys));
        foreach (NamedTensor tensor in exported)
        {
            Assert.That(tensor.Shape, Is.EqualTo(file.Tensors[tensor.Name].Shape), tensor.Name);
            Assert.That(tensor.Values.ToArray(), Is.EqualTo(file.Read(tensor.Name)), tensor.Name);
        }
    }

    /// <summary>
    /// A state_dict with its running statistics and counters: libtorch's outputs in evaluation mode, and its numbers back again.
    /// </summary>
    [Test]
    public void WideResNetOfLibtorchGivesItsOutputsAndGoesBack()
    {
        string folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Trajectories");
        using CpuDevice device = new(1);
        WideResNet model = new(10, 1, 10);
        using ParameterArena arena = new(model, device, 1);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "wide-resnet.safetensors"));
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(32, 32, 3));
        Assert.That(layout.Flattened, Is.Empty, "the mean over all pixels is no flattened image");
        layout.Load(file, arena);
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
        IReadOnlyList<NamedTensor> exported = layout.Export(arena);
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

    /// <summary>
    /// Names as the reference code has them, running statistics included; what is written is read into another model.
    /// </summary>
    [Test]
    public void WideResNetGoesThereAndBack()
    {
        using CpuDevice device = new(1);
        WideResNet model = new(10, 2, 10);
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(32, 32, 3));
        using ParameterArena source = new(model, device, 1), target = new(new WideResNet(10, 2, 10), device, 2);
        source.LoadState([.. Enumerable.Range(0, (int)source.State!.Count).Select(i => (float)i)]);
        using MemoryStream stream = new();
        IReadOnlyList<NamedTensor> exported = layout.Export(source);
        string[] names = [
            "conv1.weight", "layer1.0.bn1.running_mean", "layer2.0.shortcut.0.weight", "layer3.0.conv2.bias", "bn1.running_var",
            "linear.weight"];
        Assert.That(exported.Select(tensor => tensor.Name), Is.SupersetOf(names));
        NamedTensor first = exported.Single(tensor => tensor.Name == "layer1.0.conv1.weight");
        Assert.That(first.Shape, Is.EqualTo(new long[] { 32, 16, 3, 3 }));
        int index = Enumerable.Range(0, source.Parameters.Count).Single(
            i => source.Parameters[i].Name == "layer1.0.conv1.weight");
        float[] ours = source.Segment(source.Weights, index).ToArray();
        for (int o = 0; o < 32; o += 7)
        {
            for (int c = 0; c < 16; c += 5)
            {
                Assert.That(
                    first.Values.Span[(((o * 16) + c) * 9) + 5], Is.EqualTo(ours[(((5 * 16) + c) * 32) + o]),
                    "(row 1, column 2), OIHW and HWIO");
            }
        }

        SafetensorsFile.Write(stream, [.. exported, new NamedTensor("bn1.num_batches_tracked", [], new float[1])]);
        using SafetensorsFile file = new(stream, "file");
        layout.Load(file, target);
        Assert.That(target.Save(), Is.EqualTo(source.Save()));
        Assert.That(target.SaveState(), Is.EqualTo(source.SaveState()));
    }

    [Test]
    public void WhatDoesNotFitIsRefused()
    {
        using CpuDevice device = new(1);
        MnistCnn model = new();
        Mlp small = new(64, 10);
        using ParameterArena cnn = new(model, device, 1), mlp = new(small, device, 1);
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(28, 28, 1)), other = PyTorchLayout.Of(small, new Shape(64));
        float[] before = cnn.Save();
        using SafetensorsFile file = SafetensorsFile.Open(Sample("mnist-cnn.safetensors"));
        Refused(() => other.Load(file, mlp), "no array layers.0.weight", "Mlp");
        Assert.That(() => layout.Load(file, mlp), Throws.ArgumentException.With.Message.Contains("made for MnistCnn"));
        Assert.That(
            () => PyTorchLayout.Of(model, new Dictionary<string, (int, int, int)> { ["fc1.weight"] = (20, 4, 5) }),
            Throws.ArgumentException.With.Message.Contains("another size"));
        Assert.That(
            () => PyTorchLayout.Of(model, new Dictionary<string, (int, int, int)> { ["fc3.weight"] = (20, 4, 4) }),
            Throws.ArgumentException.With.Message.Contains("no such array"));
        Assert.That(
            () => layout with { Names = new Dictionary<string, string> { ["fc3.weight"] = "x" } },
            Throws.ArgumentException.With.Message.Contains("no such array"));
        IReadOnlyList<NamedTensor> good = layout.Export(cnn);
        Refused(() => Load([.. good.Select(tensor => tensor.Name == "fc2.weight" ? tensor with { Shape = [50, 10] } : tensor)]),
            "fc2.weight in file", "(50, 10)", "(10, 50)", "seems transposed");
        Refused(() => Load([.. good.Select(tensor => tensor.Name == "fc2.weight" ? tensor with { Shape = [5, 100] } : tensor)]),
            "fc2.weight in file", "(5, 100)", "(10, 50)");
        Refused(() => Load([.. good, new NamedTensor("extra", [1], new float[1])]),
            "file has extra, which has no place in MnistCnn");
        float[] lost = new float[10];
        lost[7] = float.PositiveInfinity;
        Refused(() => Load([.. good.Select(tensor => tensor.Name == "fc2.bias" ? tensor with { Values = lost } : tensor)]),
            "fc2.bias in file", "element 7");
        Assert.That(cnn.Save(), Is.EqualTo(before), "nothing was replaced");

        void Load(NamedTensor[] tensors)
        {
            using MemoryStream stream = new();
            SafetensorsFile.Write(stream, tensors);
            using SafetensorsFile one = new(stream, "file");
            layout.Load(one, cnn);
        }

        static void Refused(Action load, params string[] says)
        {
            string message = Assert.Throws<CheckpointException>(() => load())!.Message;
            Assert.That(says, Has.All.Matches((string? part) => message.Contains(part!, StringComparison.Ordinal)), message);
        }
    }

    /// <summary>
    /// What is exported gives, read as PyTorch reads it (features by channel, height, width), the outputs that the model has
    /// here. The reference is a sum by hand over PyTorch's order of features.
    /// </summary>
    [TestCase(false, false)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    public void WeightsBehindAFlattenedImageAreInPyTorchsOrder(bool batchNorm, bool branches)
    {
        const int Height = 2, Width = 3, Channels = 4, Features = Height * Width * Channels, Outputs = 3;
        Module model = branches ? new TwoBranches(Features, Outputs)
            : batchNorm ? new Sequential(new Flatten(), new BatchNorm(Features), new Linear(Features, Outputs))
                : new Mlp(Features, Outputs);
        using CpuDevice device = new(1);
        using ParameterArena arena = new(model, device, 1);
        Random random = new(3);
        arena.Load([.. arena.Save().Select(_ => random.NextSingle() - 0.5f)]);
        arena.LoadState([.. arena.SaveState().Select(_ => 0.5f + random.NextSingle())]);
        float[] image = [.. Enumerable.Range(0, Features).Select(_ => random.NextSingle() - 0.5f)];
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(Height, Width, Channels));
        Assert.That(layout.Flattened.Values, Is.Not.Empty.And.All.EqualTo((Channels, Height, Width)));
        Dictionary<string, float[]> theirs = layout.Export(arena).ToDictionary(
            tensor => tensor.Name, tensor => tensor.Values.ToArray());

        double[] features = new double[Features];
        for (int c = 0, k = 0; c < Channels; c++)
        {
            for (int pixel = 0; pixel < Height * Width; pixel++, k++)
            {
                features[k] = image[(pixel * Channels) + c];
                if (batchNorm)
                {
                    features[k] =
                        ((features[k] - theirs["layers.1.running_mean"][k]) / Math.Sqrt(theirs["layers.1.running_var"][k] + 1e-5)
                        * theirs["layers.1.weight"][k]) + theirs["layers.1.bias"][k];
                }
            }
        }

        string[] layers = branches ? ["first", "second"] : [batchNorm ? "layers.2" : "layers.0"];
        double[] expected = [.. Enumerable.Range(0, Outputs).Select(o => layers.Sum(layer =>
            theirs[$"{layer}.bias"][o] + Enumerable.Range(0, Features).Sum(
                k => theirs[$"{layer}.weight"][(o * Features) + k] * features[k])))];
        Assert.That(
            Array.ConvertAll(PyTorchLayoutTests.Outputs(model, arena, image, [Height, Width, Channels]), value => (double)value),
            Is.EqualTo(expected).Within(1e-5));

        // And back.
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, layout.Export(arena));
        using SafetensorsFile file = new(stream, "file");
        float[] before = arena.Save(), states = arena.SaveState();
        arena.Load(new float[before.Length]);
        layout.Load(file, arena);
        Assert.That(arena.Save(), Is.EqualTo(before));
        Assert.That(arena.SaveState(), Is.EqualTo(states));
    }

    /// <summary>
    /// Where the order can't be known, nothing is loaded until somebody says it; one channel or one pixel has one order.
    /// </summary>
    [Test]
    public void AFlattenedImageThatIsLostIsRefused()
    {
        Shape image = new(4, 4, 2);
        Module gathered = new Custom(x => Tensor.MatMul(x.Reshape(2, 8, 4).Sum([2]), new Linear(8, 3).Parameters[0]));
        Assert.That(() => PyTorchLayout.Of(gathered, image), Throws.TypeOf<NotSupportedException>().With.Message.Contains(
            "PyTorchLayout.Of(model, flattened)"));
        Assert.That(() => PyTorchLayout.Of(new Decoder(), new Shape(5)), Throws.TypeOf<NotSupportedException>());
        Assert.That(PyTorchLayout.Of(gathered, Nothing).Flattened, Is.Empty);
        Assert.That(PyTorchLayout.Of(new Mlp(64, 10), new Shape(8, 8, 1)).Flattened, Is.Empty);
        Assert.That(PyTorchLayout.Of(new Mlp(64, 10), new Shape(1, 1, 64)).Flattened, Is.Empty);
        Assert.That(PyTorchLayout.Of(new Mlp(64, 10), new Shape(64)).Flattened, Is.Empty);
    }

    private static Dictionary<string, (int Channels, int Height, int Width)> Nothing => [];

    private sealed class TwoBranches(int features, int outputs) : Module
    {
        private readonly Linear first = new(features, outputs), second = new(features, outputs);

        public override Tensor Forward(Tensor x)
        {
            Tensor flat = (x * 2f * 0.5f).Flatten();
            return first.Forward(flat) + second.Forward(flat);
        }
    }

    private sealed class Custom(Func<Tensor, Tensor> forward) : Module
    {
        private readonly Linear unused = new(2, 2);

        public override Tensor Forward(Tensor x) => forward(x);
    }

    /// <summary>A layer's features become an image: its columns are in another order in PyTorch.</summary>
    private sealed class Decoder : Module
    {
        private readonly Linear linear = new(5, 32);

        public override Tensor Forward(Tensor x) => linear.Forward(x).Reshape(2, 4, 4, 2);
    }

    [Test]
    public void OtherNamesAreFound()
    {
        using CpuDevice device = new(1);
        Mlp model = new(3, 2);
        using ParameterArena arena = new(model, device, 1);
        using MemoryStream stream = new();
        SafetensorsFile.Write(
            stream, [new NamedTensor("w", [2, 3], new[] { 1f, 2, 3, 4, 5, 6 }), new NamedTensor("b", [2], new[] { 7f, 8 })]);
        using SafetensorsFile file = new(stream, "file");
        PyTorchLayout layout = PyTorchLayout.Of(model, new Shape(3))
            with { Names = new Dictionary<string, string> { ["layers.0.weight"] = "w", ["layers.0.bias"] = "b" } };
        layout.Load(file, arena);
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
