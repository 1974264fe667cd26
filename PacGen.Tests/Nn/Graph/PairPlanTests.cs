using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>What a step in bfloat16 keeps in memory in that precision on a GPU whose products read it so.</summary>
[NonParallelizable]
internal sealed class PairPlanTests
{
    private const int Batch = 8;
    private static readonly GpuDevice Warps = WarpSimulator.Device;

    /// <summary>
    /// Of a Wide-ResNet all products read pairs but those of three or ten channels; a step takes less memory.
    /// </summary>
    [Test]
    public void ConvolutionsReadPairs()
    {
        (GraphCompiler plain, GraphCompiler pairs) = (WideResNetStep(false), WideResNetStep(true));
        Assert.That(plain.Steps.Where(ReadsPairs), Is.Empty);
        GraphCompiler.Step[] wide = [.. pairs.Steps.Where(IsProduct).Where(
            step => step.Inputs.Take(2).All(input => input.Shape[-1] % 8 == 0))];
        Assert.That(wide, Is.Not.Empty);
        Assert.That(wide.Where(step => !ReadsPairs(step)), Is.Empty);
        Assert.That(
            pairs.Steps.Select(step => step.Pass?.Pass.Kind),
            Does.Contain(ColumnPassKind.PairedSum).And.Contain(ColumnPassKind.StoredPairedSum), "gradients, and their sums");
        Assert.That(
            pairs.Steps.Where(step => step.Operation is FusedMap map && map.Expression.FunctionName == "BFloat16"), Is.Empty,
            "maps that round and store in single precision");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pairs.IntermediateBytes, Is.AtMost(0.83 * plain.IntermediateBytes));
            Assert.That(Moved(pairs), Is.AtMost(0.96 * Moved(plain)), "numbers that all but products read and write");
            Assert.That(Launches(pairs) - Launches(plain), Is.EqualTo(1), "one for all weights");
        }
    }

    /// <summary>
    /// Of an MLP on images the products of the second layer read pairs, which those of the first and of the last store beside
    /// what a ReLU's mask and a bias's gradient read.
    /// </summary>
    [Test]
    public void ProductsStorePairs()
    {
        Func<Module> mlp = () => new Mlp(64, 32, 32, 10);
        Shape images = new(Batch, 8, 8, 1);
        (GraphCompiler plain, GraphCompiler pairs) = (Step(false, mlp(), images), Step(true, mlp(), images));
        Assert.That(pairs.Steps.Count(ReadsPairs), Is.EqualTo(3));
        Assert.That(pairs.Steps.Count(step => step.CopyOf is not null), Is.EqualTo(2));
        Assert.That(Launches(pairs) - Launches(plain), Is.EqualTo(1), "the second layer's weights");
    }

    /// <summary>Where no product can read pairs, what is computed where is what it is without.</summary>
    [Test]
    public void WithoutPairsNothingChanges()
    {
        Func<Module> mlp = () => new Mlp(64, 36, 36, 10);
        Shape images = new(Batch, 8, 8, 1);
        Assert.That(
            Step(true, mlp(), images).Steps.Select(step => step.ToString()),
            Is.EqualTo(Step(false, mlp(), images).Steps.Select(step => step.ToString())));
    }

    /// <summary>
    /// The bits of an MLP and its gradients are those of products that round what they read, with pairs that products store alone
    /// and beside their numbers.
    /// </summary>
    [Test]
    public void AnMlpHasTheSameBits([ValueSource(typeof(WarpDevices), nameof(WarpDevices.Ids))] string id, [Values] bool joins)
    {
        GpuDevice device = Opened(id, joins);
        Tensor x = Constant(new(8, 16), 1), first = Constant(new(16, 8), 2), second = Constant(new(8, 16), 3);
        Tensor third = Constant(new(16, 8), 4), bias = Constant(new(8), 5);
        Tensor y = (Tensor.MatMul(x, first) + bias).Relu(), z = Tensor.MatMul(y, second).Relu();
        Tensor loss = (Tensor.MatMul(z, third) * Constant(new(8, 8), 6)).Sum();
        CheckBits(device, joins, [loss, .. loss.Gradient([first, bias, second, third])]);
    }

    /// <summary>What a product adds to what it multiplies stays in single precision.</summary>
    [Test]
    public void AThirdInputIsNoFactor([ValueSource(typeof(WarpDevices), nameof(WarpDevices.Ids))] string id)
    {
        GpuDevice device = Opened(id, true);
        Tensor x = Constant(new(8, 8), 1), w = Constant(new(8, 8), 2), y = (x + 1f).Relu();
        Tensor[] outputs = [Tensor.Apply(new ProductAndSum(new MatMul()), y, w, y)];
        CheckBits(device, true, outputs);
        GraphCompiler plan = With(
            device, true, true, () => CompiledGraph.Plan(device, outputs, precision: Precision.BFloat16));
        Assert.That(
            plan.Steps[^1].Inputs.Select(input => input.Shape), Is.EqualTo(new Shape[] { new(8, 4), new(8, 4), new(8, 8) }));
    }

    /// <summary>
    /// Leaves in one memory become pairs by one launch where they are near each other, at places that suit loads of 16 bytes.
    /// </summary>
    [Test]
    public void NearLeavesAreOneLaunch([ValueSource(typeof(WarpDevices), nameof(WarpDevices.Ids))] string id)
    {
        GpuDevice device = Opened(id, true);
        long[] starts = [4, 4 + 72, 4 + 72 + 64 + 2, 4 + 72 + 64 + (1 << 19)];
        Tensor[] weights = [.. starts.Select((_, i) => Tensor.Input(new Shape(8, 8), $"w{i}"))];
        Tensor x = Constant(new(8, 8), 1);
        Tensor[] outputs = [.. weights.Reverse().Select(w => Tensor.MatMul(x, w))];
        using DeviceBuffer memory = device.Allocate(starts[^1] + 64);
        Dictionary<Tensor, Region> bindings = [];
        foreach ((Tensor weight, long start) in weights.Zip(starts))
        {
            bindings[weight] = new Region(memory, start, 64);
            memory.Write(start, KernelRun.Random(weight.Shape, (ulong)start));
        }

        CheckBits(device, true, outputs, bindings);
        GraphCompiler plan = With(
            device, true, true, () => CompiledGraph.Plan(device, outputs, bindings, Precision.BFloat16));
        Assert.That(
            plan.Steps.Where(step => step.Operation is PairMap).Select(step => step.Inputs[0].Shape.Count),
            Is.EquivalentTo(new[] { 72 + 64, 64, 64, 64 }), "the first two, two weights alone, and x");
    }

    /// <summary>
    /// The bits are those of products that round what they read: a block with a scale, a bias and a residual, and its gradients,
    /// where what belongs together is one launch and where it is not.
    /// </summary>
    [Test]
    public void BitsAreTheSame([ValueSource(typeof(WarpDevices), nameof(WarpDevices.Ids))] string id, [Values] bool joins)
    {
        if (!id.StartsWith("cuda", StringComparison.Ordinal))
        {
            Assert.Ignore("The emulated CUDA device runs it; the simulator would take a minute.");
        }

        GpuDevice device = Opened(id, joins);
        Tensor x = Constant(new(1, 2, 3, 8), 1), first = Constant(new(1, 1, 8, 8), 2), second = Constant(new(3, 3, 8, 8), 3);
        Tensor bias = Constant(new(8), 4), third = Constant(new(1, 1, 8, 8), 5), scale = Constant(new(8), 6);
        Tensor y = Convolution(x, first, 0) + bias, z = Convolution((y * scale).Relu(), second, 1) + bias + y;
        Tensor loss = (Convolution((z * scale).Relu(), third, 0) * Constant(new(1, 2, 3, 8), 7)).Sum();
        Tensor[] outputs = [z, .. loss.Gradient([first, second, third, bias])];
        GraphCompiler plan = With(
            device, true, joins, () => CompiledGraph.Plan(device, outputs, precision: Precision.BFloat16));
        Assert.That(plan.Steps.Count(ReadsPairs), Is.Positive);
        CheckBits(device, joins, outputs);
    }

    /// <summary>A rounding of the user's own stays where its numbers are stored beside the pairs that a product reads.</summary>
    [Test]
    public void ARoundingThatIsWantedStays()
    {
        Tensor x = Constant(new(1, 2, 3, 8), 1), w = Constant(new(3, 3, 8, 8), 2), rounded = Tensor.Map<BFloat16Function>(x);
        Tensor[] outputs = [rounded, Convolution(rounded, w, 1)];
        float[] values = With(Warps, true, true, () =>
        {
            using CompiledGraph graph = CompiledGraph.Compile(Warps, outputs, precision: Precision.BFloat16);
            graph.Run();
            return graph[rounded].ToArray();
        });
        Assert.That(values.Select(value => BitConverter.SingleToUInt32Bits(value) & 0xFFFF), Is.All.Zero);
    }

    /// <summary>
    /// On a GPU a training's weights have the same bits: with perturbed weights, batch norm, a stride, and a first convolution of
    /// one channel, which reads no pairs.
    /// </summary>
    [Test]
    public void TrainingHasTheSameBits([ValueSource(typeof(WarpDevices), nameof(WarpDevices.Ids))] string id)
    {
        if (!id.StartsWith("cuda", StringComparison.Ordinal) || Device.Open(id) is not GpuDevice { HasTensorCores: true } device)
        {
            Assert.Ignore("It is no GPU with tensor cores.");
            return;
        }

        Dataset all = Datasets.Digits(), digits = new("digits", all.Train.Take(8), all.Test.Take(4));
        float[] pairs = Trained(true), plain = Trained(false);
        Assert.That(pairs, Is.EqualTo(plain));

        float[] Trained(bool stores) => With(device, stores, true, () =>
        {
            Module model = new Sequential(
                new Conv2d(1, 8, 3, padding: 1), new BatchNorm(8), new Relu(), new Conv2d(8, 8, 3, padding: 1), new BatchNorm(8),
                new Relu(), new Conv2d(8, 16, 3, stride: 2, padding: 1), new BatchNorm(16), new Relu(), new GlobalAveragePool(),
                new Linear(16, 10));
            using Trainer trainer = new(
                model, digits, new PerturbedOptimizer(new Adam(1e-2), 0.01),
                new TrainingOptions { Epochs = 2, BatchSize = 4, Device = device, Precision = Precision.BFloat16, Seed = 7 });
            trainer.Run();
            return trainer.Arena.Save();
        });
    }

    private static GpuDevice Opened(string id, bool joins)
    {
        bool onGpu = id.StartsWith("cuda", StringComparison.Ordinal);
        WarpDevices.LeaveOut(id);
        GpuDevice device = onGpu ? (GpuDevice)Device.Open(id) : Warps;
        if (!device.HasTensorCores || (!joins && !onGpu))
        {
            Assert.Ignore("It has no tensor cores, or would take long.");
        }

        return device;
    }

    private static void CheckBits(
        GpuDevice device, bool joins, Tensor[] outputs, Dictionary<Tensor, Region>? bindings = null)
    {
        Assert.That(Values(true), Is.EqualTo(Values(false)));

        float[][] Values(bool stores) => With(device, stores, joins, () =>
        {
            using CompiledGraph graph = CompiledGraph.Compile(device, outputs, bindings, Precision.BFloat16);
            graph.Run();
            return (float[][])[.. outputs.Select(output => graph[output].ToArray())];
        });
    }

    private static Tensor Convolution(Tensor x, Tensor w, int padding) => Tensor.Apply(new Conv2dForward(1, padding), x, w);

    private static Tensor Constant(Shape shape, ulong seed) => Tensor.Constant(shape, KernelRun.Random(shape, seed));

    private static T With<T>(GpuDevice device, bool stores, bool joins, Func<T> work)
    {
        var before = (device.StoresBFloat16, device.FusesMaps, device.JoinsPasses, device.TileSetting);
        try
        {
            (device.StoresBFloat16, device.FusesMaps, device.JoinsPasses, device.TileSetting) = (stores, true, joins, "128x32");
            return work();
        }
        finally
        {
            (device.StoresBFloat16, device.FusesMaps, device.JoinsPasses, device.TileSetting) = before;
        }
    }

    private static GraphCompiler WideResNetStep(bool stores) =>
        Step(stores, new WideResNet(16, 1, 10), new Shape(Batch, 32, 32, 3));

    private static GraphCompiler Step(bool stores, Module model, Shape shape) => With(Warps, stores, true, () =>
    {
        using ParameterArena arena = new(model, Warps, 1);
        TrainingContext context = new(1);
        model.Train(context);
        Tensor images = Tensor.Input(shape, "images"), labels = Tensor.Input(new Shape(Batch), "labels");
        Tensor loss = Loss.CrossEntropy(model.Forward(images), labels).Mean();
        Tensor[] gradients = loss.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
        return CompiledGraph.Plan(Warps, [loss, .. gradients, .. context.Next.Values], precision: Precision.BFloat16);
    });

    private static int Launches(GraphCompiler plan) => plan.Steps.Select(step => step.Time).Distinct().Count();

    private static bool IsProduct(GraphCompiler.Step step) => step.Operation is ProductOperation or FusedProduct;

    private static bool ReadsPairs(GraphCompiler.Step step) =>
        step.Operation is PairProduct or FusedProduct { Product: PairProduct };

    // Two numbers in a float's place count as one.
    private static long Moved(GraphCompiler plan) =>
        plan.Steps.GroupBy(step => step.Time).Where(group => !group.Any(IsProduct)).Sum(
            group => (group.First().Pass is { } pass ? pass.Operands.Concat(pass.Results)
                : group.SelectMany(step => step.Inputs.Append(step.Output))).Select(GraphCompiler.Base).Distinct().Sum(
                tensor => tensor.Shape.Count));

    /// <summary>a·b + c.</summary>
    private sealed record ProductAndSum(ProductOperation Product) : Operation
    {
        public override bool IsProduct => true;

        public override Shape Infer(ReadOnlySpan<Shape> inputs) => Product.Infer(inputs[..2]);

        public override Operation? InBFloat16(Device device) =>
            Product.InBFloat16(device) is ProductOperation product ? new ProductAndSum(product) : null;

        public override Operation? ReadingPairs(Device device, ReadOnlySpan<Shape> inputs) =>
            Product.ReadingPairs(device, inputs) is ProductOperation product ? new ProductAndSum(product) : null;

        public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            throw new NotSupportedException();

        public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            new FusedProduct(Product, Expression.Binary<AddFunction>(), shapes[2]).Bind(device, shapes, inputs, output);
    }
}
