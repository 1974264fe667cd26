using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PacGen.Kernels;
using PacGen.Nn;
using Tensor = PacGen.Nn.Tensor;

namespace PacGen.Tests.Nn;

/// <summary>What is written as ONNX gives in ONNX Runtime, and read back here, what the network itself gives.</summary>
internal sealed class OnnxExportTests
{
    private const double Tolerance = 1e-5;

    private static readonly (string Name, Func<Module> Make, Shape Example)[] Networks =
    [
        ("mlp", () => new Mlp([12, 8, 5], x => x.Tanh()), new Shape(12)),
        ("mnist-cnn", () => new MnistCnn(), new Shape(28, 28, 1)),
        ("wrn", () => new WideResNet(10, 1, 10), new Shape(16, 16, 3)),
        ("wrn-original", () => new WideResNet(10, 1, 10, form: WideResNetForm.Original), new Shape(16, 16, 3)),
        ("resnet18", () => new ResNet18(10, width: 4), new Shape(32, 32, 3)),
        ("vit", () => new VisionTransformer(8, 8, 3, 10, 4, 16, 2, 2), new Shape(8, 8, 3)),
        ("convolutions", () => new Sequential(
            new Conv2d(3, 8, 3, padding: 2, dilation: 2), new LeakyRelu(), new Conv2d(8, 8, 3, padding: 1, groups: 8), new Silu(),
            new Conv2d(8, 12, 3, stride: 2, groups: 4), new GroupNorm(3, 12), new Gelu(), new ConvTranspose2d(
                12, 4, 3, stride: 2, padding: 1, outputPadding: 1), new InstanceNorm(4, affine: true), new Hardswish(),
            new AdaptiveAvgPool2d(3), new Flatten(), new Linear(36, 5)), new Shape(9, 9, 3)),
        ("activations", () => new Sequential(
            new Linear(6, 8), new Elu(0.7), new Linear(8, 8), new Softplus(), new Linear(8, 8), new Gelu(tanh: true),
            new PRelu(8),
            new BatchNorm(8), new Sigmoid(), new LayerNorm(8), new RmsNorm(8), new Linear(8, 1)), new Shape(6)),
        ("pools", () => new Sequential(
            new Conv2d(2, 4, 3, padding: 1), new MaxPool2d(3, 2, 1), new BatchNorm(4), new AvgPool2d(2, 1, 1), new Relu(),
            new GlobalAveragePool(), new Linear(4, 3)), new Shape(7, 6, 2)),
        ("encoder", () => new Sequence(
            new TransformerEncoderLayer(8, 2, 16), new TransformerEncoderLayer(8, 4, 16, normFirst: true)), new Shape(5, 8)),
        ("recurrent", () => new Sequence(
            new Lstm(8, 6, 2, dropout: 0.2, bidirectional: true), new Gru(12, 7, bidirectional: true)), new Shape(5, 8)),
        ("sequences", () => new Sequence(new Conv1d(8, 6, 3, padding: 1), new Conv1d(6, 4, 3, dilation: 2, groups: 2)),
            new Shape(9, 8)),
        ("words", () => new Words(), new Shape(6)),
    ];

    private static IEnumerable<string> Names() => Networks.Select(network => network.Name);

    [TestCaseSource(nameof(Names))]
    public void OnnxRuntimeGivesTheSameOutputs(string name)
    {
        (_, Func<Module> make, Shape example) = Networks.First(network => network.Name == name);
        Module module = make();
        using ParameterArena arena = new(module, Device.Cpu, 7);
        Random random = new(3);
        if (arena.State is { } state)
        {
            arena.LoadState([.. Enumerable.Range(0, (int)state.Count).Select(_ => 0.5f + random.NextSingle())]);
        }

        float[] x = [.. Enumerable.Range(0, 3 * (int)example.Count).Select(
            _ => name == "words" ? random.Next(11) : (2 * random.NextSingle()) - 1)];
        float[] expected = Run(module, arena, example, x);
        using MemoryStream stream = new();
        Shares shares = new();
        OnnxExport.Write(stream, module, arena, example, progress: shares);
        Assert.That(shares.Values, Is.Ordered.And.Unique.And.All.InRange(0, 1));
        Assert.That(shares.Values[^1], Is.EqualTo(1));
        Assert.That(TestNetworks.Apart(Runtime(stream.ToArray(), example, x), expected), Is.LessThan(Tolerance), "ONNX Runtime");
        OnnxNetwork read = OnnxNetwork.Read(stream.ToArray(), name, example);
        Assert.That(TestNetworks.Apart(TestNetworks.Outputs(read, example, x), expected), Is.LessThan(Tolerance), "read back");
        Assert.That(read.ParameterCount, Is.GreaterThanOrEqualTo(module.ParameterCount));
        Assert.That(read.State.Sum(one => one.Shape.Count), Is.EqualTo(module.State.Sum(one => one.Shape.Count)));
    }

    /// <summary>A network from an ONNX file, written again, has the same operators where it had those of PacGen.</summary>
    [TestCase("mlp")]
    [TestCase("grouped-cnn")]
    [TestCase("resnet18")]
    [TestCase("transformer")]
    [TestCase("regression")]
    public void WhatWasReadIsWritten(string name)
    {
        Shape example = TestNetworks.Example(name);
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), example);
        using ParameterArena arena = new(network, Device.Cpu, 1);
        (float[] x, float[] expected, _) = TestNetworks.Recorded(name);
        using MemoryStream stream = new();
        OnnxExport.Write(stream, network, arena, example);
        Assert.That(TestNetworks.Apart(Runtime(stream.ToArray(), example, x), expected), Is.LessThan(Tolerance));
    }

    [Test]
    public void AnOperationThatOnnxLacksIsNamed()
    {
        Mlp model = new([4, 3], x => x);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using MemoryStream stream = new();
        Assert.That(
            () => OnnxExport.Write(stream, new Cumulative(model), arena, new Shape(4)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("takes the examples of a batch together"));
    }

    private sealed class Shares : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }

    private static float[] Run(Module module, ParameterArena arena, Shape example, float[] x)
    {
        Tensor input = Tensor.Input(new Shape([3, .. example.AsSpan()]), "x"), output = module.Forward(input);
        Dictionary<Tensor, Region> bindings = [];
        arena.Bind(bindings, arena.Weights);
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [output], bindings);
        graph[input].Write(x);
        graph.Run();
        return graph[output].ToArray();
    }

    /// <summary>ONNX Runtime's outputs; images are turned to (N, C, H, W).</summary>
    private static float[] Runtime(byte[] model, Shape example, float[] x)
    {
        int count = x.Length / (int)example.Count;
        int[] dims = [count, .. example.AsSpan()];
        if (example.Rank == 3)
        {
            x = [.. AxisOrder.Places(dims, OnnxAxes.ToChannelsFirst).Select(place => x[place])];
            dims = [count, example[2], example[0], example[1]];
        }

        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using InferenceSession session = new(model, options);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs =
            session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, dims))]);
        return [.. outputs[0].AsEnumerable<float>()];
    }

    /// <summary>Layers over sequences (N, T, F), and the mean over T.</summary>
    private sealed class Sequence(params Module[] layers) : Module
    {
        private readonly Module[] layers = layers;

        public override Tensor Forward(Tensor x) => layers.Aggregate(x, (y, layer) => layer.Forward(y)).Mean([1]);
    }

    private sealed class Words : Module
    {
        private readonly Embedding embedding = new(11, 4);
        private readonly Linear linear = new(4, 3);

        public override Tensor Forward(Tensor x) => linear.Forward(embedding.Forward(x).Mean([1]));
    }

    private sealed class Cumulative(Module inner) : Module
    {
        private readonly Module inner = inner;

        public override Tensor Forward(Tensor x) => inner.Forward(x - x.Mean([0], true));
    }
}
