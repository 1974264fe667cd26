using System.IO.Compression;
using System.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Files of <c>torch.save</c>, which PyTorch 2.6 made by <c>Networks/make-networks.py</c>, and what isn't read of them.
/// </summary>
internal sealed class PyTorchFileTests
{
    /// <summary>
    /// A state_dict's arrays under the names that the ONNX file of the same network gives them; of the transformer's matrices the
    /// exporter made names of its own.
    /// </summary>
    [TestCase("mlp")]
    [TestCase("grouped-cnn")]
    [TestCase("resnet18")]
    [TestCase("transformer")]
    [TestCase("regression")]
    public void AStateDictFillsTheNetworkOfTheOnnxFile(string name)
    {
        OnnxNetwork network = Emptied(name);
        using ParameterArena arena = new(network, Device.Cpu, 1);
        using SafetensorsFile reference = SafetensorsFile.Open(TestNetworks.PathOf($"{name}.safetensors"));
        Assert.That(
            () => ReferenceOutputs.Check(network, arena, reference),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("are not those that stand there"), "all weights are 0");
        using (PyTorchFile file = PyTorchFile.Open(TestNetworks.PathOf($"{name}.pt")))
        {
            network.Load(file, arena);
        }

        Assert.That(ReferenceOutputs.Check(network, arena, reference, 1e-5), Is.LessThan(1e-5));
    }

    /// <summary>A module of one's own, whose layout is found from the module itself; the flattened image of 24×2×2 too.</summary>
    [TestCase("mlp")]
    [TestCase("grouped-cnn")]
    [TestCase("transformer")]
    public void AStateDictFillsAModule(string name)
    {
        Module module = name switch
        {
            "mlp" => new Perceptron(),
            "transformer" => new Transformer(),
            _ => new GroupedCnn(),
        };
        using ParameterArena arena = new(module, Device.Cpu, 1);
        PyTorchLayout layout = PyTorchLayout.Of(module, new Shape(8, 8, 1));
        using (TensorFile file = TensorFile.OpenAny(TestNetworks.PathOf($"{name}.pt")))
        {
            layout.Load(file, arena);
        }

        using TensorFile reference = TensorFile.OpenAny(TestNetworks.PathOf($"{name}.safetensors"));
        Assert.That(ReferenceOutputs.Check(module, arena, reference, 1e-5), Is.LessThan(1e-5));
    }

    [Test]
    public void ACheckpointOfATrainingHasItsStateDict()
    {
        using MemoryStream stream = Zip(
            "}(X\u0005\u0000\u0000\u0000epochK\u0003X\n\u0000\u0000\u0000state_dict}X\u0001\u0000\u0000\u0000w" + Tensor + "su.",
            [1, 2, 3, 4, 5, 6]);
        using PyTorchFile file = new(stream, "file");
        Assert.That(file.Tensors.Keys, Is.EqualTo(new[] { "w" }));
        Assert.That(file.Tensors["w"].Shape, Is.EqualTo(new[] { 2, 3 }));
        Assert.That(file.Read("w"), Is.EqualTo(new float[] { 1, 3, 5, 2, 4, 6 }), "its strides are (1, 2)");
    }

    [TestCase("cos\nsystem\n(X\u0004\u0000\u0000\u0000truetR.", "os.system")]
    [TestCase("cposix\nsystem\n.", "posix.system")]
    [TestCase("c__main__\nNet\n)\u0081.", "__main__.Net")]
    [TestCase("cbuiltins\neval\nX\u0001\u0000\u0000\u00001\u0085R.", "builtins.eval")]
    [TestCase("ccollections\nOrderedDict\n)\u0081.", "opcode 0x81")]
    [TestCase("(cos\nsystem\no.", "os.system")]
    [TestCase("(X\u0001\u0000\u0000\u00001ios\nsystem\n.", "opcode 0x69")]
    [TestCase("}.", "no arrays")]
    [TestCase("K\u0001.", "no mapping")]
    public void WhatWouldRunCodeIsRefusedByName(string pickle, string named)
    {
        using MemoryStream stream = Zip(pickle, [1]);
        Assert.That(
            () => new PyTorchFile(stream, "file"), Throws.TypeOf<CheckpointException>().With.Message.Contains(named));
    }

    /// <summary>Elements beyond the storage, or the same ones twice, take no memory that isn't there.</summary>
    [TestCase(7)]
    [TestCase(5)]
    public void ATensorLiesWithinItsStorage(int count)
    {
        using MemoryStream stream = Zip(
            "}X\u0001\u0000\u0000\u0000w" + Tensor.Replace("K\u0006", $"K{(char)count}", StringComparison.Ordinal) + "s.",
            [1, 2, 3, 4, 5, 6]);
        Assert.That(
            () => { using PyTorchFile file = new(stream, "file"); file.Read("w"); },
            Throws.TypeOf<CheckpointException>().With.Message.Contains("damaged"));
    }

    /// <summary>A network of the ONNX file without its weights.</summary>
    private static OnnxNetwork Emptied(string name)
    {
        Shape example = TestNetworks.Example(name);
        byte[] bytes = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), example).Structure();
        Assert.That(bytes, Has.Length.LessThan(name is "resnet18" or "transformer" ? 45_000 : 6_000));
        return OnnxNetwork.FromStructure(bytes, name, example, 100_000);
    }

    /// <summary>A tensor (2, 3) of strides (1, 2) over a storage of six floats, as torch.save writes one.</summary>
    private const string Tensor =
        "ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u00000X" +
        "\u0003\u0000\u0000\u0000cpuK\u0006tQK\u0000K\u0002K\u0003\u0086K\u0001K\u0002\u0086\u0089" +
        "ccollections\nOrderedDict\n)RtR";

    /// <summary>A file of torch.save: a pickle, each character a byte, and one storage.</summary>
    private static MemoryStream Zip(string pickle, float[] storage)
    {
        MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("archive/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]);
            Add("archive/byteorder", "little"u8.ToArray());
            Add("archive/data/0", [.. storage.SelectMany(BitConverter.GetBytes)]);

            void Add(string entry, byte[] bytes)
            {
                using Stream part = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open();
                part.Write(bytes);
            }
        }

        stream.Position = 0;
        return stream;
    }

    private sealed class Perceptron : Module
    {
        private readonly Linear fc1 = new(64, 32), fc2 = new(32, 16), fc3 = new(16, 10);

        public override Tensor Forward(Tensor x) => fc3.Forward(fc2.Forward(fc1.Forward(x.Flatten()).Relu()).Tanh());
    }

    private sealed class Transformer : Module
    {
        private readonly Linear embed = new(8, 16);
        private readonly Parameter position = new(new Shape(1, 8, 16), Initializer.Zeros);
        private readonly TransformerEncoderLayer first = new(16, 4, 32, 0.1, x => x.Gelu());
        private readonly TransformerEncoderLayer second = new(16, 2, 32, 0, x => x.Relu(), normFirst: true);
        private readonly LayerNorm norm = new(16);
        private readonly Linear head = new(16, 10);

        public override Tensor Forward(Tensor x) => head.Forward(norm.Forward(second.Forward(first.Forward(
            embed.Forward(x.Reshape(-1, 8, 8)) + position))).Mean([1]));
    }

    private sealed class GroupedCnn : Module
    {
        private readonly Module[] features =
        [
            new Conv2d(1, 8, 3, padding: 1, bias: false), new BatchNorm(8), new Relu(),
            new Conv2d(8, 8, 3, padding: 1, groups: 8), new BatchNorm(8), new Relu(), new MaxPool2d(2),
            new Conv2d(8, 24, 3, padding: 1, groups: 4), new BatchNorm(24), new Relu(), new AvgPool2d(2),
        ];

        private readonly Module[] classifier =
            [new Flatten(), new Linear(96, 32), new Relu(), new Dropout(0.1), new Linear(32, 10)];

        public override Tensor Forward(Tensor x) => features.Concat(classifier).Aggregate(x, (y, layer) => layer.Forward(y));
    }
}
