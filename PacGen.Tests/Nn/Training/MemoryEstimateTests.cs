using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>What a run says that it will take is what it takes, and a run that cannot fit is not begun.</summary>
internal sealed class MemoryEstimateTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [TestCase("mlp", 1, 1)]
    [TestCase("mlp", 4, 1)]
    [TestCase("cnn", 1, 1)]
    [TestCase("wrn", 1, 2)]
    [TestCase("wrn", 4, 2)]
    public void TheEstimateIsWhatIsAllocated(string name, int parts, int epochs)
    {
        Module model = name switch
        {
            "mlp" => new Mlp(64, 32, 10),
            "cnn" =>
                new Sequential(new Conv2d(1, 6, 3, padding: 1), new MaxPool2d(2), new Relu(), new Flatten(), new Linear(96, 10)),
            _ => new WideResNet(10, 1, 10, 1),
        };
        Dataset data = name == "wrn" ? Digits with { Train = Digits.Train.Take(100), Test = Digits.Test.Take(40) } : Digits;
        using CpuDevice device = new(2);
        using Trainer trainer = new(
            model, data, new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
            new TrainingOptions { Epochs = epochs, BatchSize = 32, Accumulate = parts, Device = device });
        MemoryEstimate memory = trainer.Memory;
        long m = trainer.Arena.Count * sizeof(float);
        Assert.That(
            memory.Weights, Is.EqualTo(m + (2 * (trainer.Arena.State?.Count ?? 0) * sizeof(float))),
            "w, the state, and what a step makes of it");
        long summed = m + (((trainer.Arena.State?.Count ?? 0) + 1) * sizeof(float));
        Assert.That(
            memory.Gradients, Is.EqualTo(parts > 1 ? m + ((1 + long.Log2(parts)) * summed) : m),
            "a part's gradient, and a sum of gradient, running statistics and loss for each height of the tree");
        Assert.That(memory.Optimizer, Is.EqualTo(3 * m), "Adam's m and v, which is Algorithm 1's h, and w + u");
        Assert.That(memory.Activations, Is.GreaterThan(m));
        Assert.That(memory.Kernels, Is.GreaterThan(0));
        Assert.That(memory.Images, Is.EqualTo((data.Train.Count + data.Test.Count) * (64 + sizeof(int))));
        Assert.That(memory.Free, Is.GreaterThan(memory.Total));
        Assert.That(memory.Total, Is.EqualTo(device.AllocatedBytes), "before the first step");
        trainer.Run();
        Assert.That(device.AllocatedBytes, Is.EqualTo(memory.Total), "after steps, evaluation and re-estimation");
        Assert.That(memory.ToString(), Does.Contain("activations").And.Contain("were free"));
    }

    /// <summary>
    /// Matrix products need memory of their own; maps and outputs don't, but for the threads' scratch memory, which stays.
    /// </summary>
    [Test]
    public void APlanIsWhatCompilingTakes()
    {
        using CpuDevice device = new(1);
        Tensor x = Tensor.Input(new Shape(30, 7), "x"), unread = Tensor.Input(new Shape(7), "b");
        Tensor y = (x + unread).Tanh(), z = (y * Tensor.Constant(new Shape(7), [1, 2, 3, 4, 5, 6, 7])).Exp(), w = (
            z.BroadcastTo(new Shape(3, 30, 7)) + 1f).Square();
        CompiledGraph.Compile(device, [z, w]).Dispose();
        long scratch = device.AllocatedBytes;
        GraphCompiler plan = CompiledGraph.Plan(device, [z, w]);
        Assert.That(device.AllocatedBytes, Is.EqualTo(scratch), "nothing yet");
        using CompiledGraph graph = CompiledGraph.Compile(plan);
        Assert.That(device.AllocatedBytes - scratch, Is.EqualTo(plan.PlannedBytes));
        Assert.That(graph.IntermediateBytes, Is.EqualTo(plan.IntermediateBytes).And.LessThan(plan.PlannedBytes));
        graph[x].Write(new float[210]);
        graph.Run();
        Assert.That(graph[w].ToArray()[0], Is.EqualTo(4), "(exp(0) + 1)²");
    }

    [Test]
    public void ARunThatCannotFitSaysWhatToLower()
    {
        // Activations of terabytes, weights of kilobytes: nothing of the former is touched.
        const int Side = 512, Images = 512;
        Dataset large = new("large", Set(Images), Set(2));
        Sequential model = new(new Conv2d(1, 2000, 1), new Relu(), new GlobalAveragePool(), new Linear(2000, 10));
        using CpuDevice device = new(1);
        Assert.That(
            () => new Trainer(model, large, new Sgd(0.1), new TrainingOptions { BatchSize = Images, Device = device }),
            Throws.TypeOf<TrainingException>().With.Message.Contains("lower the batch size").And.Message.Contains(
                "parts").And.Message.Contains("GiB"));
        Assert.That(device.AllocatedBytes, Is.Zero, "what was taken was given back");

        static ImageSet Set(int count) =>
            new(new byte[count * Side * Side], new int[count], Side, Side, 10, Digits.Train.Normalization!);
    }

    /// <summary>
    /// A training step takes a little more than is free, which might do. That of a larger batch packs its weights: a quarter
    /// more. That is known before any of it is touched.
    /// </summary>
    [TestCase(190, true)]
    [TestCase(200, false)]
    public void PackedWeightsAreCountedBeforeTheyAreTaken(int batch, bool fits)
    {
        using CpuDevice device = new(1);
        Mlp model = new(64, 3000, 3000, 10);
        using ParameterArena arena = new(model, device, 1, draw: false);
        long taken = device.AllocatedBytes;
        MemoryPlan plan = new(
            model, arena, Digits, new TrainingOptions { BatchSize = batch, Device = device }, 4 * taken, 0);
        Assert.That(
            plan.RequireRoomForModel,
            fits ? Throws.Nothing
                : Throws.TypeOf<TrainingException>().With.Message.Contains("take a smaller model").And.Message.Contains(
                    "kernels"));
        Assert.That(device.AllocatedBytes, Is.EqualTo(taken), "nothing more was taken");
    }

    [TestCase(5, 7, 33, false, false)]
    [TestCase(200, 1024, 192, false, false)]
    [TestCase(64, 300, 250, true, false)]
    [TestCase(331, 65, 17, false, true)]
    public void AProductsKernelTakesWhatItSays(int rows, int terms, int columns, bool transposeA, bool transposeB)
    {
        // The threads' scratch memory, which launches share, is taken before.
        using CpuDevice device = new(1);
        device.ReserveScratch(1 << 16);
        Shape[] shapes = [
            transposeA ? new Shape(terms, rows) : new Shape(rows, terms), transposeB ? new Shape(columns, terms)
            : new Shape(terms, columns)];
        using DeviceBuffer a = device.Allocate(shapes[0].Count), b = device.Allocate(shapes[1].Count), c = device.Allocate(
            (long)rows * columns);
        MatMul product = new(transposeA, transposeB);
        long before = device.AllocatedBytes;
        using Launch launch = device.Bind(product, shapes, [new Region(a), new Region(b)], new Region(c));
        Assert.That(device.AllocatedBytes - before, Is.EqualTo(product.SharedBytes(device, shapes)));
        before = device.AllocatedBytes;
        using Launch second = device.Bind(product, shapes, [new Region(a), new Region(b)], new Region(c));
        Assert.That(device.AllocatedBytes - before, Is.Zero, "all launches share it");
    }

    /// <summary>The threads' scratch memory comes on top, which is small.</summary>
    [TestCase(1)]
    [TestCase(2)]
    public void AConvolutionsKernelsTakeAtLeastWhatTheySay(int stride)
    {
        using CpuDevice device = new(1) { Convolutions = ConvolutionMode.Direct };
        Shape x = new(2, 8, 8, 48), w = new(3, 3, 48, 100);
        Conv2dGeometry geometry = new(stride, stride, 1, 1);
        Conv2dForward forward = new(geometry);
        Conv2dInputGradient backward = new(geometry, 8, 8);
        Shape y = forward.Infer([x, w]);
        using DeviceBuffer images = device.Allocate(x.Count), weights = device.Allocate(w.Count), outputs = device.Allocate(
            y.Count);
        foreach ((Operation operation, Shape[] shapes, DeviceBuffer from, DeviceBuffer to) in new (
            Operation, Shape[], DeviceBuffer, DeviceBuffer)[]
        {
            (forward, [x, w], images, outputs), (backward, [y, w], outputs, images),
        })
        {
            long before = device.AllocatedBytes, says = operation.KernelBytes(device, shapes);
            using Launch launch = device.Bind(operation, shapes, [new Region(from), new Region(weights)], new Region(to));
            Assert.That(
                says, Is.GreaterThanOrEqualTo(w.Count * sizeof(float)).And.LessThanOrEqualTo(device.AllocatedBytes - before),
                operation.Name);
        }
    }

    /// <summary>What Winograd's convolution transforms lies in memory that all launches of the device share.</summary>
    [TestCase(ConvolutionMode.Winograd4, 1)]
    [TestCase(ConvolutionMode.Winograd4, 2)]
    [TestCase(ConvolutionMode.Winograd2, 1)]
    public void AConvolutionByWinogradSharesWhatItSaysAndKeepsNothing(ConvolutionMode mode, int stride)
    {
        // The threads' scratch memory, which launches share too, is taken before.
        Shape x = new(9, 16, 16, 48), w = new(3, 3, 48, 100);
        Conv2dGeometry geometry = new(stride, 1);
        Shape y = new Conv2dForward(geometry).Infer([x, w]);
        foreach ((Operation operation, Shape[] shapes) in new (Operation, Shape[])[]
        {
            (new Conv2dForward(geometry), [x, w]), (new Conv2dInputGradient(geometry, 16, 16), [y, w]),
            (new Conv2dWeightGradient(geometry, 3, 3), [x, y]),
        })
        {
            using CpuDevice device = new(1) { Convolutions = mode };
            device.ReserveScratch(1 << 22);
            using DeviceBuffer first = device.Allocate(shapes[0].Count), second = device.Allocate(shapes[1].Count), output =
                device.Allocate(operation.Infer(shapes).Count);
            long before = device.AllocatedBytes;
            using Launch launch = device.Bind(operation, shapes, [new Region(first), new Region(second)], new Region(output));
            Assert.That(device.AllocatedBytes - before, Is.EqualTo(operation.SharedBytes(device, shapes)), operation.Name);
            Assert.That(operation.SharedBytes(device, shapes), Is.GreaterThan(w.Count * sizeof(float)), operation.Name);
            Assert.That(operation.KernelBytes(device, shapes), Is.Zero, operation.Name);
            before = device.AllocatedBytes;
            using Launch again = device.Bind(operation, shapes, [new Region(first), new Region(second)], new Region(output));
            Assert.That(device.AllocatedBytes - before, Is.Zero, "all launches share it");
        }
    }

    /// <summary>
    /// Weights, gradients and activations take five times the weights; what Winograd's convolutions transform as much again, and
    /// a quarter more than is free is too much.
    /// </summary>
    [TestCase(5, false)]
    [TestCase(20, true)]
    public void TransformedWeightsAreCountedBeforeTheyAreTaken(int free, bool fits)
    {
        using CpuDevice device = new(1) { Convolutions = ConvolutionMode.Winograd4 };
        Sequential model = new(
            new Conv2d(1, 8, 3, padding: 1), new Conv2d(8, 384, 3, padding: 1), new Conv2d(384, 384, 3, padding: 1),
            new GlobalAveragePool(), new Linear(384, 10));
        using ParameterArena arena = new(model, device, 1, draw: false);
        long taken = device.AllocatedBytes;
        MemoryPlan plan = new(model, arena, Digits, new TrainingOptions { BatchSize = 8, Device = device }, free * taken, 0);
        Assert.That(
            plan.RequireRoomForModel,
            fits ? Throws.Nothing : Throws.TypeOf<TrainingException>().With.Message.Contains("take a smaller model"));
        Assert.That(device.AllocatedBytes, Is.EqualTo(taken), "nothing more was taken");
    }

    [Test]
    public void ADeviceCountsItsBuffers()
    {
        using CpuDevice device = new(1);
        DeviceBuffer first = device.Allocate(10), second = device.Allocate(1000);
        Assert.That(device.AllocatedBytes, Is.EqualTo(4040));
        first.Dispose();
        first.Dispose();
        Assert.That(device.AllocatedBytes, Is.EqualTo(4000));
        second.Dispose();
        Assert.That(device.AllocatedBytes, Is.Zero);
        Assert.That(device.FreeBytes, Is.GreaterThan(0));
    }
}
