using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>Mixed precision: products of numbers rounded to bfloat16, all else in single precision.</summary>
internal sealed class PrecisionTests
{
    private static readonly Shape Matrix = new(6, 6), Stack = new(2, 3, 3), Images = new(2, 5, 5, 3), Taps = new(3, 3, 3, 3),
        Depthwise = new(3, 3, 1, 3);

    private static IEnumerable<TestCaseData> Products =>
    [
        new(Matrix, Matrix, (Tensor a, Tensor b) => Tensor.MatMul(a, b)),
        new(Stack, Stack, (Tensor a, Tensor b) => Tensor.Apply(new BatchMatMul(), a, b)),
        new(Images, Taps, (Tensor a, Tensor b) => Tensor.Apply(new Conv2dForward(1, 1), a, b)),
        new(Images, Depthwise, (Tensor a, Tensor b) => Tensor.Apply(new DepthwiseConv2d(new DepthwiseGeometry(
            new Conv2dGeometry(1, 1))), a, b)),
    ];

    /// <summary>A product in bfloat16, and its gradients, are those of operands that were rounded.</summary>
    [TestCaseSource(nameof(Products))]
    public void OperandsAreRounded(Shape left, Shape right, Func<Tensor, Tensor, Tensor> product)
    {
        foreach (Device device in (Device[])[Device.Cpu, Device.Simulator])
        {
            Tensor a = Tensor.Constant(left, Numbers(left, 1)), b = Tensor.Constant(right, Numbers(right, 2));
            Tensor made = product(a.Relu(), b), c = Tensor.Constant(made.Shape, Numbers(made.Shape, 3));
            Tensor[] outputs = [made, .. (made * c).Sum().Gradient([a, b])];
            float[][] single = Values(device, outputs, Precision.Single);

            Tensor x = Rounded(a.Relu()), y = Rounded(b), g = Rounded(c), plain = product(x, y);
            Tensor[] expected = [plain, .. (plain * g).Sum().Gradient([a, b])];
            float[][] mixed = Values(device, outputs, Precision.BFloat16), rounded = Values(device, expected, Precision.Single);
            Assert.That(mixed, Is.EqualTo(rounded), $"{device.Name}");
            Assert.That(mixed, Is.Not.EqualTo(single), $"{device.Name}");
        }
    }

    /// <summary>What only products read is rounded where it is made; a tensor is rounded once for all products.</summary>
    [Test]
    public void RoundingJoinsTheMapBeforeIt()
    {
        Tensor x = Tensor.Input(Matrix, "x"), w = Tensor.Input(Matrix, "w"), y = (x + 1f).Relu();
        using CompiledGraph graph = CompiledGraph.Compile(
            Device.Cpu, [Tensor.MatMul(y, w), Tensor.MatMul(y.Reshape(6, 6), w)], precision: Precision.BFloat16);
        Assert.That(graph.Launches, Is.EqualTo(4), "the map, the weights and two products");
    }

    /// <summary>On a GPU a map can store two numbers in the place of one, each the upper half of a float.</summary>
    [Test]
    public void MapsStorePairs()
    {
        Shape shape = new(3, 8);
        float[] numbers = Numbers(shape, 5);
        PairMap map = new(Expression.Unary<ReluFunction>(), shape);
        using DeviceBuffer from = Device.Simulator.Allocate(shape.Count), to = Device.Simulator.Allocate(shape.Count / 2);
        from.Write(0, numbers);
        Assert.That(map.Infer([shape]), Is.EqualTo(new Shape(3, 4)));
        using Launch launch = Device.Simulator.Bind(map, [shape], [new Region(from)], new Region(to));
        launch.Run();
        Assert.That(
            new Region(to).ToArray().SelectMany(pair => new[] { Half(pair, 16), Half(pair, 0) }),
            Is.EqualTo(numbers.Select(number => BFloat16.Round(Math.Max(number, 0)))));
        Assert.That(
            () => map.Bind(Device.Cpu, [shape], [new Region(from)], new Region(to)), Throws.TypeOf<NotSupportedException>());

        static float Half(float pair, int shift) =>
            BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(pair) << shift & BFloat16.Kept);
    }

    /// <summary>
    /// A run in bfloat16 differs from one in single precision, and gives the same bits again, stopped in an epoch and resumed
    /// too; one in single precision does not go on from its checkpoint.
    /// </summary>
    [Test]
    public void TrainsAndResumesWithTheSameBits()
    {
        string folder = Directory.CreateTempSubdirectory("pacgen-").FullName;
        try
        {
            Dataset all = Datasets.Digits(), digits = new("digits", all.Train.Take(80), all.Test.Take(20));
            TrainingOptions single = new() { Epochs = 2, BatchSize = 20, Device = Device.Cpu, Seed = 7 };
            TrainingOptions mixed = single with { Precision = Precision.BFloat16 };
            TrainingOptions kept = mixed with { Checkpoints = new CheckpointOptions(folder) { EverySteps = 2, Keep = 100 } };
            PerturbedOptimizer optimizer = new(new Adam(1e-3), eta: 0.01, gamma: 0.5);
            float[] straight = Trained(single), inBFloat16 = Trained(mixed);
            Assert.That(inBFloat16, Is.Not.EqualTo(straight));
            Assert.That(inBFloat16, Is.EqualTo(straight).Within(0.02));
            Assert.That(Trained(mixed), Is.EqualTo(inBFloat16));

            Assert.That(Trained(kept), Is.EqualTo(inBFloat16));
            foreach (string late in Directory.GetFiles(folder, "step-*").Where(
                file => !file.EndsWith("step-0000000002.safetensors", StringComparison.Ordinal)))
            {
                File.Delete(late);
            }

            using (Trainer resumed = new(new Mlp(64, 6, 10), digits, optimizer, kept))
            {
                Assert.That(resumed.Resume(folder).Steps, Is.EqualTo(2));
                resumed.Run();
                Assert.That(resumed.Arena.Save(), Is.EqualTo(inBFloat16));
            }

            using Trainer other = new(
                new Mlp(64, 6, 10), digits, optimizer, kept with { Precision = Precision.Single });
            Assert.That(() => other.Resume(folder), Throws.Exception.With.Message.Contains("BFloat16"));

            float[] Trained(TrainingOptions options)
            {
                using Trainer trainer = new(new Mlp(64, 6, 10), digits, optimizer, options);
                trainer.Run();
                return trainer.Arena.Save();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Tensor Rounded(Tensor x) => Tensor.Map<BFloat16Function>(x);

    private static float[] Numbers(Shape shape, int seed) =>
        [.. Enumerable.Range(0, (int)shape.Count).Select(i => (float)Math.Sin((i + 1) * (seed + 0.7)))];

    private static float[][] Values(Device device, Tensor[] outputs, Precision precision)
    {
        using CompiledGraph graph = CompiledGraph.Compile(device, outputs, precision: precision);
        graph.Run();
        return [.. outputs.Select(output => graph[output].ToArray())];
    }
}
