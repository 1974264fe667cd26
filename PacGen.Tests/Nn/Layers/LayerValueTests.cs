using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Layers and losses against PyTorch's numbers, recorded by make-layer-values.py: a layer takes PyTorch's state_dict by its names
/// and shapes and gives its outputs, gradients and Hessian-vector products.
/// </summary>
internal sealed class LayerValueTests
{
    private static readonly Dictionary<string, Func<Module>> Layers = new()
    {
        ["gelu"] = () => new Gelu(),
        ["gelu-tanh"] = () => new Gelu(true),
        ["silu"] = () => new Silu(),
        ["leaky-relu"] = () => new LeakyRelu(0.2),
        ["prelu"] = () => new PRelu(6),
        ["elu"] = () => new Elu(1.3),
        ["softplus"] = () => new Softplus(),
        ["softplus-2"] = () => new Softplus(2),
        ["hardswish"] = () => new Hardswish(),
        ["layer-norm"] = () => new LayerNorm(7),
        ["layer-norm-2"] = () => new LayerNorm(new Shape(3, 4)),
        ["group-norm"] = () => new GroupNorm(3, 6),
        ["instance-norm"] = () => new InstanceNorm(3, affine: true),
        ["rms-norm"] = () => new RmsNorm(7, 2.220446049250313e-16),
        ["conv-rectangular"] = () => new Conv2d(3, 4, (3, 2), new Conv2dGeometry(2, 1, 1, 2)),
        ["conv-dilated"] = () => new Conv2d(2, 3, (3, 3), new Conv2dGeometry(1, 2), (2, 3)),
        ["conv-groups"] = () => new Conv2d(6, 9, 3, padding: 1, groups: 3),
        ["conv-same"] = () => new Conv2d(2, 3, (4, 3), new Conv2dGeometry(1), same: true),
        ["conv-depthwise"] = () => new Conv2d(5, 5, 3, padding: 1, groups: 5),
        ["conv-depthwise-strided"] = () => new Conv2d(4, 8, (3, 5), new Conv2dGeometry(2, 2, 1, 2), groups: 4),
        ["conv-depthwise-dilated"] = () => new Conv2d(5, 5, 3, padding: 2, dilation: 2, groups: 5, bias: false),
        ["conv1d"] = () => new Conv1d(4, 6, 3, 2, 1, groups: 2),
        ["conv-transpose"] = () => new ConvTranspose2d(3, 2, 3, 2, 1, 1),
        ["conv-transpose-groups"] = () => new ConvTranspose2d(4, 6, 3, 2, groups: 2, dilation: 2),
        ["adaptive-pool"] = () => new AdaptiveAvgPool2d(3, 2),
        ["adaptive-pool-even"] = () => new AdaptiveAvgPool2d(2),
        ["attention"] = () => new MultiheadAttention(8, 2),
        ["attention-causal"] = () => new Causal(),
        ["encoder"] = () => new TransformerEncoder(
            [.. Enumerable.Range(0, 2).Select(_ => new TransformerEncoderLayer(8, 2, 12, 0))], new LayerNorm(8)),
        ["encoder-norm-first"] = () => new TransformerEncoder(
            [.. Enumerable.Range(0, 2).Select(_ => new TransformerEncoderLayer(8, 2, 12, 0, x => x.Gelu(), normFirst: true))],
            new LayerNorm(8)),
        ["lstm"] = () => new Lstm(3, 4),
        ["gru"] = () => new Gru(3, 4),
        ["lstm-deep"] = () => new Lstm(3, 4, numLayers: 2, bidirectional: true),
        ["lstm-plain"] = () => new Lstm(3, 4, bias: false, numLayers: 2),
        ["gru-deep"] = () => new Gru(3, 4, numLayers: 3, bidirectional: true),
        ["gru-plain"] = () => new Gru(3, 4, bias: false, bidirectional: true),
        ["resnet18"] = () => new ResNet18(5, width: 2),
        ["resnet18-small"] = () => new ResNet18(5, small: true, width: 2),
        ["vit"] = () => new VisionTransformer(8, 12, 3, 5, 4, 8, 2, 2),
        ["embedding"] = () => new Embedding(7, 5),
    };

    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor, Tensor>> Losses = new()
    {
        ["cross-entropy"] = (x, t, _) => Loss.CrossEntropy(x, t),
        ["cross-entropy-smoothed"] = (x, t, _) => Loss.CrossEntropy(x, t, 0.1),
        ["cross-entropy-weighted"] = (x, t, w) => Loss.CrossEntropy(x, t, 0, w),
        ["cross-entropy-both"] = (x, t, w) => Loss.CrossEntropy(x, t, 0.2, w),
        ["cross-entropy-soft"] = (x, t, _) => Loss.SoftCrossEntropy(x, t),
        ["cross-entropy-soft-weighted"] = (x, t, w) => Loss.SoftCrossEntropy(x, t, w),
        ["binary"] = (x, t, _) => Loss.BinaryCrossEntropy(x, t),
        ["binary-weighted"] = (x, t, w) => Loss.BinaryCrossEntropy(x, t, w),
        ["l1"] = (x, t, _) => Loss.MeanAbsoluteError(x, t),
        ["huber"] = (x, t, _) => Loss.Huber(x, t, 0.7),
        ["kl"] = (x, t, _) => Loss.KullbackLeibler(x.LogSoftmax(), t),
    };

    private static IEnumerable<string> LayerNames => Layers.Keys;

    private static IEnumerable<string> LossNames => Losses.Keys;

    [TestCaseSource(nameof(LayerNames))]
    public void ALayerGivesPyTorchsNumbers(string name)
    {
        using SafetensorsFile file = Open();
        using CpuDevice device = new(1);
        Module module = Layers[name]();
        using ParameterArena? arena = module.Parameters.Count == 0 ? null : new ParameterArena(module, device, 1);
        Shape shape = ShapeOf(file, $"{name}/x");
        PyTorchLayout layout = PyTorchLayout.Of(module, new Shape(shape.AsSpan()[1..]));
        foreach ((string array, IReadOnlyList<long> extents) in layout.Arrays)
        {
            Assert.That(file.Tensors[$"{name}/state/{array}"].Shape, Is.EqualTo(extents), array);
        }

        if (arena is not null)
        {
            Load(file, name, layout, arena);
        }

        Tensor x = Input(file, $"{name}/x"), y = module.Forward(x);
        Assert.That(y.Shape, Is.EqualTo(ShapeOf(file, $"{name}/y")));
        Tensor scalar = (Tensor.Constant(y.Shape, file.Read($"{name}/r")) * y.Square()).Sum();
        Tensor[] wanted = [.. module.Parameters.Select(parameter => parameter.Tensor)];
        bool continuous = file.Tensors.ContainsKey($"{name}/dx");
        Tensor[] gradients = scalar.Gradient([.. wanted, .. continuous ? (Tensor[])[x] : []]);
        Tensor[] products = continuous ? Product(file, name, gradients[^1], x) : [];
        using CompiledGraph graph = CompiledGraph.Compile(device, [y, .. gradients, .. products]);
        graph[x].Write(file.Read($"{name}/x"));
        graph.Run();
        Compare(file, $"{name}/y", graph[y].ToArray(), 1e-5);
        if (continuous)
        {
            Compare(file, $"{name}/dx", graph[gradients[^1]].ToArray(), 2e-5);
            Compare(file, $"{name}/hx", graph[products[0]].ToArray(), 1e-4);
        }

        // The gradients take the way of weights to PyTorch's names and order.
        for (int i = 0; i < wanted.Length; i++)
        {
            module.Parameters[i].Region!.Value.Write(graph[gradients[i]].ToArray());
        }

        foreach (NamedTensor theirs in (arena is null ? [] : layout.Export(arena)).Where(
            array => file.Tensors.ContainsKey($"{name}/grad/{array.Name}")))
        {
            Compare(file, $"{name}/grad/{theirs.Name}", theirs.Values.ToArray(), 2e-5);
        }
    }

    [TestCaseSource(nameof(LossNames))]
    public void ALossGivesPyTorchsNumbers(string name)
    {
        using SafetensorsFile file = Open();
        Tensor x = Input(file, $"{name}/x"), t = Input(file, $"{name}/t");
        Tensor loss = Losses[name](x, t, Tensor.Constant(new Shape(5), file.Read("loss-weights")));
        Tensor gradient = loss.Gradient(x)[0], product = Product(file, name, gradient, x)[0];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [loss, gradient, product]);
        graph[x].Write(file.Read($"{name}/x"));
        graph[t].Write(file.Read($"{name}/t"));
        graph.Run();
        Compare(file, $"{name}/y", graph[loss].ToArray(), 2e-6);
        Compare(file, $"{name}/dx", graph[gradient].ToArray(), 5e-6);
        Compare(file, $"{name}/hx", graph[product].ToArray(), 2e-5);
    }

    private static Tensor[] Product(SafetensorsFile file, string name, Tensor gradient, Tensor x) =>
        (gradient * Tensor.Constant(x.Shape, file.Read($"{name}/v"))).Sum().Gradient(x);

    private static void Load(SafetensorsFile file, string name, PyTorchLayout layout, ParameterArena arena)
    {
        string prefix = $"{name}/state/";
        using MemoryStream stream = new();
        SafetensorsFile.Write(
            stream,
            [.. file.Tensors.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key => new NamedTensor(
                key[prefix.Length..], file.Tensors[key].Shape, file.Read(key)))]);
        using SafetensorsFile own = new(stream, name);
        layout.Load(own, arena);
    }

    private static void Compare(SafetensorsFile file, string array, float[] actual, double tolerance)
    {
        float[] expected = file.Read(array);
        Assert.That(actual, Has.Length.EqualTo(expected.Length), array);
        double scale = Math.Max(1e-3, expected.Max(value => Math.Abs((double)value)));
        double worst = actual.Zip(expected, (a, e) => Math.Abs((double)a - e)).Max() / scale;
        Assert.That(worst, Is.LessThan(tolerance), array);
    }

    private static Tensor Input(SafetensorsFile file, string array) => Tensor.Input(ShapeOf(file, array), array);

    private static Shape ShapeOf(SafetensorsFile file, string array) =>
        new([.. file.Tensors[array].Shape.Select(extent => (int)extent)]);

    private static SafetensorsFile Open() => SafetensorsFile.Open(
        Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "Layers", "layer-values.safetensors"));

    private sealed class Causal : Module
    {
        private readonly Parameter inProjWeight, inProjBias;
        private readonly Linear outProj;
        private readonly Func<Tensor, Tensor> forward;

        public Causal()
        {
            // The same parameters under the same names, so that the state_dict is the layer's own.
            MultiheadAttention attention = new(8, 2);
            inProjWeight = Field<Parameter>(attention, "inProjWeight");
            inProjBias = Field<Parameter>(attention, "inProjBias");
            outProj = Field<Linear>(attention, "outProj");
            forward = attention.Causal;
        }

        public override Tensor Forward(Tensor x) => forward(x);

        private static T Field<T>(object of, string name) => (T)of.GetType().GetField(
            name, System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.GetValue(of)!;
    }
}
