using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Bounds;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A piece of work to be timed, through the public API: its memory is there and filled, its graph compiled, and a run computes
/// it once. The suites, the quick table and the comparison with peers time the same pieces.
/// </summary>
internal sealed class Work : IDisposable
{
    /// <summary>The parameters of the network of the paper's figure 7, a Wide ResNet of depth 58 and width 3.</summary>
    public const int WideResNetParameters = 7_661_722;

    private const ulong Seed = 1;
    private readonly Device device;
    private readonly Action enqueue;
    private readonly IDisposable[] owned;

    private Work(Device device, string name, double flops, double bytes, Action enqueue, params IDisposable[] owned)
    {
        Name = name;
        Flops = flops;
        Bytes = bytes;
        this.device = device;
        this.enqueue = enqueue;
        this.owned = owned;
    }

    /// <summary>What it is.</summary>
    public string Name { get; }

    /// <summary>The additions and multiplications of a run, or 0 where memory is what takes the time.</summary>
    public double Flops { get; }

    /// <summary>The bytes that a run must read and write, or 0 where arithmetic is what takes the time.</summary>
    public double Bytes { get; }

    /// <summary>Does the work once.</summary>
    public void Run() => Run(1);

    /// <summary>
    /// Does the work some times and waits for the device at the end alone: on a GPU a single launch is shorter than the wait.
    /// </summary>
    public void Run(int times)
    {
        for (int i = 0; i < times; i++)
        {
            enqueue();
        }

        device.Synchronize();
    }

    /// <summary>A copy of numbers, by an elementwise kernel.</summary>
    public static Work Copy(Device device, int count) =>
        Of(device, $"copy, {count:N0} numbers", 0, 8.0 * count, Tensor.Apply(
            PacGen.Kernels.FusedMap.BroadcastTo(new Shape(count)), Tensor.Input(new Shape(count), "x")));

    /// <summary>The same, by the driver's own copy within a GPU's memory.</summary>
    public static Work DriverCopy(GpuDevice device, int count) => Pass(
        device, $"driver's copy, {count:N0} numbers", count, 2, 8, arrays => CopyLaunch.Create(device, arrays[0], arrays[1]));

    /// <summary>Lines 6 to 9 of Algorithm 1 alone: reads w, h and g, writes w + u.</summary>
    /// <typeparam name="TNoise">The distribution of u.</typeparam>
    public static Work Perturb<TNoise>(Device device, int parameters)
        where TNoise : struct, INoise => Pass(
            device, Prose.Line($"""
                perturb{(typeof(TNoise) == typeof(TruncatedGaussianNoise) ? " (truncated Gaussian)" : "")}, {parameters:N0}
                parameters
                """), parameters, 4, 16, arrays =>
            {
                RandomMapLaunch<PerturbSettings> launch = PerturbLaunch.Create<TNoise>(
                    device, arrays[0], arrays[1], arrays[2], arrays[3]);
                launch.Settings = new AlgorithmOne(eta: 0.01)
                    .Settings(epoch: 3, completedSteps: 1, stepNorm: 0.1, Seed, stream: 1, step: 1);
                return launch;
            });

    /// <summary>Adam's update alone, whose second moment is h: reads w, g, m and h, writes w, m and h, and sums (Δw)².</summary>
    public static Work Update(Device device, int parameters) => Pass(
        device, $"Adam update, {parameters:N0} parameters", parameters, 4, 28, arrays =>
        {
            UpdateLaunch<AdamRule> launch = UpdateLaunch.Create<AdamRule>(device, arrays[0], arrays[2], [arrays[3], arrays[1]]);
            launch.Settings = new(new AdamRule(1000, 1e-4));
            return launch;
        });

    /// <summary>The score Ψ's sum: reads w and h.</summary>
    public static Work Psi(Device device, int parameters) => Pass(
        device, $"Ψ, {parameters:N0} parameters", parameters, 2, 8, arrays =>
        {
            SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(device, arrays[0], arrays[1]);
            launch.Settings = PsiSettings.Of(new Neighborhood(0.1, 0.1), rho: 1, parameters);
            return launch;
        });

    /// <summary>The sums of Lemma 6, KL of a uniform posterior and sharpness: reads w and the curvature.</summary>
    public static Work UniformBound(Device device, int parameters) => Pass(
        device, $"KL sums, uniform (Lemma 6), {parameters:N0} parameters", parameters, 2, 8, arrays =>
        {
            SumLaunch<UniformBoundSettings> launch = SumLaunch<UniformBoundSettings>.Create<UniformBoundTerm>(
                device, arrays[0], arrays[1]);
            launch.Settings = UniformBoundSettings.Of(
                new LocalSmoothness(rho: 1, gamma: 0.1, epsilon: 0.1), 1, Tau.OfWeights(), parameters);
            return launch;
        });

    /// <summary>The sums of Lemma 8, KL of a Gaussian posterior and sharpness: reads w and the curvature.</summary>
    public static Work GaussianBound(Device device, int parameters) => Pass(
        device, $"KL sums, Gaussian (Lemma 8), {parameters:N0} parameters", parameters, 2, 8, arrays =>
        {
            SumLaunch<GaussianBoundSettings> launch = SumLaunch<GaussianBoundSettings>.Create<GaussianBoundTerm>(
                device, arrays[0], arrays[1]);
            launch.Settings = GaussianBoundSettings.Of(new LocalSmoothness(rho: 1, gamma: 0.1, epsilon: 0.1), 1, 1, parameters);
            return launch;
        });

    /// <summary>The product of two n × n matrices.</summary>
    public static Work MatrixProduct(Device device, int n) => Of(
        device, $"matrix product, n = {n}", 2.0 * n * n * n, 0,
        Tensor.MatMul(Tensor.Input(new Shape(n, n), "a"), Tensor.Input(new Shape(n, n), "b")));

    /// <summary>What a pass of a 3×3 convolution is called.</summary>
    public static string ConvolutionName(ConvolutionPass pass, int channels, int size, int batch) =>
        $"3×3 convolution, {channels} channels, {size}×{size}, batch {batch}, {PassName(pass)}";

    /// <summary>One pass of a 3×3 convolution with padding 1 and as many output channels as input channels.</summary>
    public static Work Convolution(Device device, ConvolutionPass pass, int channels, int size, int batch)
    {
        Tensor images = Tensor.Input(new Shape(batch, size, size, channels), "x"), weights = Tensor.Input(
            new Shape(3, 3, channels, channels), "w");
        Tensor gradient = Tensor.Input(images.Shape, "dy");
        Conv2dGeometry geometry = new(1, 1);
        Tensor result = pass switch
        {
            ConvolutionPass.Forward => Tensor.Conv2d(images, weights, 1, 1),
            ConvolutionPass.InputGradient => Tensor.Apply(new Conv2dInputGradient(geometry, size, size), gradient, weights),
            _ => Tensor.Apply(new Conv2dWeightGradient(geometry, 3, 3), images, gradient),
        };
        return Of(
            device,
            ConvolutionName(pass, channels, size, batch),
            2.0 * 9 * channels * channels * size * size * batch, 0, result);
    }

    /// <summary>max(x·y + z, 0) in one fused pass.</summary>
    public static Work FusedMap(Device device, int count)
    {
        Shape shape = new(count);
        Tensor x = Tensor.Input(shape, "x"), y = Tensor.Input(shape, "y"), z = Tensor.Input(shape, "z");
        return Of(device, $"max(xy + z, 0), {count:N0} elements", 0, 16.0 * count, ((x * y) + z).Relu());
    }

    /// <summary>Algorithm 1's two passes over all parameters, with Adam as OPT, whose second moment is h.</summary>
    /// <param name="device">Where to run.</param>
    /// <param name="parameters">m.</param>
    /// <param name="perturb">Whether a run perturbs: reads w, h and g, writes w + u.</param>
    /// <param name="update">Whether a run updates: reads w, g, m and h, writes w, m and h.</param>
    /// <param name="truncatedGaussian">Whether u is a truncated Gaussian instead of uniform.</param>
    public static Work PerturbedAdam(Device device, int parameters, bool perturb, bool update, bool truncatedGaussian = false)
    {
        FlatModule module = new(parameters);
        ParameterArena arena = new(module, device, Seed);
        DeviceBuffer gradients = device.Allocate(parameters);
        Fill(new Region(gradients), 0.05f);
        PerturbedOptimizer optimizer = new(new Adam(1e-4), new AlgorithmOne(eta: 0.01));
        OptimizerSession session = (truncatedGaussian ? optimizer.WithNoise<TruncatedGaussianNoise>() : optimizer)
            .Attach(arena, gradients, Seed);
        session.TryUpdate(1e-4);
        string[] work =
        [
            .. perturb ? [$"perturb{(truncatedGaussian ? " (truncated Gaussian)" : "")}"] : Array.Empty<string>(),
            .. update ? ["Adam update"] : Array.Empty<string>(),
        ];
        return new Work(
            device,
            $"{string.Join(" + ", work)}, {parameters:N0} parameters",
            0,
            ((perturb ? 16.0 : 0) + (update ? 28.0 : 0)) * parameters,
            () =>
            {
                if (perturb)
                {
                    session.Perturb(3);
                }

                if (update)
                {
                    session.TryUpdate(1e-4);
                }
            },
            session,
            gradients,
            arena);
    }

    /// <summary>A training step of the MLP of the main job, 64-128-10, on the digits' shape; otherwise as the others.</summary>
    public static Work MlpStep(Device device, int batch, Optimizer? optimizer = null) =>
        TrainingStep(device, new Mlp(64, 128, 10), "mlp 64-128-10", new Shape(batch, 8, 8, 1),
            2.0 * ((2 * 64 * 128) + (3 * 128 * 10)), optimizer);

    /// <summary>
    /// A training step of <see cref="MnistCnn"/> on a batch that is already in place: forward, mean cross-entropy, backward, and
    /// the optimizer's, SGD without one.
    /// </summary>
    public static Work MnistCnnStep(Device device, int batch, Optimizer? optimizer = null)
    {
        // Forward, and both gradients of every layer but the first, which needs none for its images.
        const double First = 2.0 * 24 * 24 * 10 * 25, Others = 2.0 * ((8 * 8 * 20 * 250) + (320 * 50) + (50 * 10));
        return TrainingStep(
            device, new MnistCnn(), "MnistCnn", new Shape(batch, 28, 28, 1), (2 * First) + (3 * Others), optimizer);
    }

    /// <summary>The same of <see cref="WideResNet"/> on 32×32 colour images in 10 classes, running statistics included.</summary>
    public static Work WideResNetStep(Device device, int depth, int widen, int batch, Optimizer? optimizer = null)
    {
        const double First = 2.0 * 32 * 32 * 16 * 27;
        double others = 2.0 * 64 * widen * 10;
        int inputs = 16;
        for (int group = 0; group < 3; group++)
        {
            int outputs = 16 * widen << group, size = 32 >> group, stride = group == 0 ? 1 : 2;
            for (int block = 0; block < (depth - 4) / 6; block++)
            {
                // The first convolution sees the block's input, at its size; the second has the stride.
                double before = block == 0 ? (double)size * size * stride * stride : (double)size * size;
                others += 2 * ((before * 9 * inputs * outputs) + (size * size * (9.0 * outputs + (inputs == outputs ? 0
                    : inputs)) * outputs));
                inputs = outputs;
            }
        }

        return TrainingStep(device, new WideResNet(depth, widen, 10), $"WRN-{depth}-{widen}", new Shape(batch, 32, 32, 3),
            (2 * First) + (3 * others), optimizer);
    }

    /// <summary>A training step as the trainer takes it, on a batch that is in place.</summary>
    private static Work TrainingStep(Device device, Module model, string name, Shape shape, double flops, Optimizer? optimizer)
    {
        const int Epoch = 3;
        int batch = shape[0];
        optimizer ??= new Sgd(0.01);
        ParameterArena arena = new(model, device, Seed);
        ImageSet images = new(
            new byte[shape.Count], Enumerable.Range(0, batch).Select(i => i % 10).ToArray(), shape[1], shape[2], 10,
            new Normalization(new float[shape[3]], [.. Enumerable.Repeat(1f, shape[3])]));
        TrainingPipeline pipeline = new(model, arena, optimizer, images, new PipelineOptions { Seed = Seed });
        float[] pixels = Values(checked((int)shape.Count), 1), labels = [
            .. Enumerable.Range(0, batch).Select(i => (float)(i % 10))];
        pipeline.Submit(pixels, labels, Epoch, 0, optimizer.LearningRate);
        pipeline.Complete();
        return new Work(
            device,
            $"{name} training step, batch {batch}",
            batch * flops,
            0,
            () =>
            {
                // As the trainer does: steps are completed when no more may be in flight.
                if (pipeline.InFlight == pipeline.Depth)
                {
                    pipeline.Complete();
                }

                pipeline.Submit(pixels, labels, Epoch, 0, optimizer.LearningRate);
            },
            pipeline,
            arena);
    }

    public void Dispose()
    {
        foreach (IDisposable item in owned)
        {
            item.Dispose();
        }
    }

    private static Work Of(Device device, string name, double flops, double bytes, Tensor result)
    {
        CompiledGraph graph = CompiledGraph.Compile(device, [result]);
        foreach (Tensor input in graph.Inputs)
        {
            Fill(graph[input], 1);
        }

        return new Work(device, name, flops, bytes, graph.Run, graph);
    }

    /// <summary>A launch over arrays of m numbers each: w, then h, which is positive, then g and one more.</summary>
    private static Work Pass(
        Device device, string name, int parameters, int arrays, double bytesEach, Func<Region[], Launch> create)
    {
        List<IDisposable> owned = [];
        try
        {
            Region[] regions = new Region[arrays];
            for (int i = 0; i < arrays; i++)
            {
                DeviceBuffer buffer = device.Allocate(parameters, "what is measured");
                owned.Add(buffer);
                regions[i] = new Region(buffer);
                Fill(regions[i], i == 1 ? 5e-4f : 0.05f, i == 1 ? 6e-4f : 0);
            }

            Launch launch = create(regions);
            owned.Insert(0, launch);
            return new Work(device, name, 0, bytesEach * parameters, launch.Run, [.. owned]);
        }
        catch
        {
            owned.ForEach(one => one.Dispose());
            throw;
        }
    }

    // Any values do, so long as none is denormal. They repeat after 1,024, so a piece of them fills much.
    private static string PassName(ConvolutionPass pass) => pass switch
    {
        ConvolutionPass.Forward => "forward",
        ConvolutionPass.InputGradient => "input gradient",
        _ => "weight gradient",
    };

    private static float[] Values(int count, float scale, float offset = 0) =>
        [.. Enumerable.Range(0, count).Select(i => (scale * (((i * 7919L) % 1024 / 512f) - 1 + (1 / 2048f))) + offset)];

    private static void Fill(Region region, float scale, float offset = 0)
    {
        float[] values = Values((int)Math.Min(region.Count, 1 << 20), scale, offset);
        for (long start = 0; start < region.Count; start += values.Length)
        {
            int count = (int)Math.Min(values.Length, region.Count - start);
            region.Slice(start, count).Write(values.AsSpan(0, count));
        }
    }

    private sealed class FlatModule(int count) : Module
    {
        private readonly Parameter weights = new(new Shape(count), Initializer.Uniform(0.05));

        public override Tensor Forward(Tensor x) => x * weights;
    }
}
