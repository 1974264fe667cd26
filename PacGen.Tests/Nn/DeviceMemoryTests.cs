using System.Globalization;
using System.Reflection;
using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// What a score, a bound, a measure, a certificate or a training run takes of a device's memory it gives back, whether it ends,
/// is stopped or fails: a sweep over hundreds of networks in one process must not run out of it.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class DeviceMemoryTests(string id) : DeviceFixture(id)
{
    private static readonly Dataset Data = new("small", Images(24, 1), Images(12, 2));

    private static readonly ScoreOptions Scoring = new() { BatchSize = 4, Images = 8, Draws = 2 };

    private const BindingFlags Everywhere =
        BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Type[] Given =
    [
        typeof(Device), typeof(ParameterArena), typeof(EmpiricalLoss), typeof(TrainingOptions), typeof(CertifyOptions),
    ];

    /// <summary>Members that are given such things and take no memory of a device.</summary>
    private static readonly string[] TakingNone =
    [
        "PyTorchLayout.Load", "PyTorchLayout.Export", "NetworkLayers..ctor", "OnnxExport.Save", "OnnxExport.Write",
        "OnnxNetwork.Load",
    ];

    private static readonly KeskarOptions Search = new() { RandomStarts = 1, CornerStarts = 0, Iterations = 2 };

    [OneTimeSetUp]
    public void Register() => Gradients.Register<WithoutKernel>((_, gradient) => gradient);

    /// <summary>
    /// What takes a device's memory, by the public member that a user calls; behind a colon, how. Measures that take a subject
    /// alone need no row: they are tried with their defaults.
    /// </summary>
    private static readonly Dictionary<string, Action<Scene>> Rows = new()
    {
        ["PacGenScorer.Measure"] = scene => PacGenScorer.Measure(scene.Subject, Scoring),
        ["PacGenScorer.MeasureAll"] = scene => PacGenScorer.MeasureAll(scene.Subject, Scoring),
        ["PacGenScorer.Measure: curvature of training"] = scene => PacGenScorer.Measure(scene.Subject, Scoring with
        {
            Curvature = CurvatureSource.Training,
            SecondMoment = new(new float[scene.Arena.Count], 10, 0.999, 4),
        }),
        ["PacGenScorer.Measure: the Gauss-Newton diagonal"] = scene =>
            PacGenScorer.Measure(scene.Subject, Scoring with { Curvature = CurvatureSource.GaussNewton }),
        ["PacGenScorer.Measure: the Hessian's diagonal"] = scene =>
            PacGenScorer.Measure(scene.Subject, Scoring with { Curvature = CurvatureSource.Hessian, HessianDraws = 1 }),
        ["PacGenScorer.Measure: rescaled"] = scene =>
        {
            EmpiricalLoss subject = scene.Subject;
            scene.Mlp.Rescale(2);
            PacGenScorer.Measure(subject, Scoring);
        },
        ["NetworkBounder.Measure"] = scene => Bounds(scene),
        ["NetworkBounds.Lemma6"] = scene =>
        {
            NetworkBounds bounds = Bounds(scene);
            Tau wide = Tau.Fixed(9);
            Assert.That(bounds.Lemma6(wide, 10, device: scene.Device).Value, Is.Positive);
            Assert.That(bounds.Lemma6(wide, device: scene.Device).Value, Is.Positive);
        },
        ["NetworkBounds.Theorem7"] = scene =>
            Assert.That(Bounds(scene).Theorem7(Tau.Fixed(9), device: scene.Device).Value, Is.Positive),
        ["NetworkBounds.Lemma8"] = scene =>
        {
            Assert.That(Bounds(scene).Lemma8(4, 10, scene.Device).Value, Is.Positive);
            Assert.That(Bounds(scene).Lemma8(4, device: scene.Device).Value, Is.Positive);
        },
        ["EmpiricalLoss..ctor"] = scene => scene.Subject.Gradient(new double[scene.Subject.Count]),
        ["Lanczos.Measure"] = scene => Lanczos.Measure(scene.Subject, new LanczosOptions { Products = 2 }),
        ["Hutchinson.Measure"] = scene => Hutchinson.Measure(scene.Subject, new HutchinsonOptions { Draws = 2 }),
        ["HessianDiagonalEstimator.Measure"] = scene => HessianDiagonalEstimator.Measure(
            scene.Subject, new HessianDiagonalOptions { LargestExact = 0, Draws = 2 }),
        ["HessianDiagonalEstimator.Measure: squared roots"] = scene => HessianDiagonalEstimator.Measure(
            scene.Subject,
            new HessianDiagonalOptions
            {
                Matrix = CurvatureMatrix.GaussNewton, LargestExact = 0, Draws = 1, RootBatchSize = 5,
            }),
        ["LanczosQuadrature.Measure"] = scene => LanczosQuadrature.Measure(
            scene.Subject, new SpectralDensityOptions { Matrix = CurvatureMatrix.EmpiricalFisher, Probes = 1, Products = 2 }),
        ["HutchPlusPlus.Measure"] = scene => HutchPlusPlus.Measure(scene.Subject, new HutchPlusPlusOptions { Products = 3 }),
        ["LayerCurvatureMeter.Measure"] = scene => LayerCurvatureMeter.Measure(
            scene.Subject, new LayerCurvatureOptions { Products = 1, Draws = 1 }),
        ["HessianLipschitzSampler.Measure"] = scene => HessianLipschitzSampler.Measure(
            scene.Subject, new HessianLipschitzOptions { Pairs = 1, Products = 2 }),
        ["KeskarAscent.Measure"] = scene => KeskarAscent.Measure(scene.Subject, Search),
        ["KeskarAscent.Measure: in a subspace"] = scene => KeskarAscent.Measure(scene.Subject, Search with { Directions = 2 }),
        ["ExpectedSharpnessSampler.Measure"] = scene => ExpectedSharpnessSampler.Measure(
            scene.Subject, new ExpectedLossOptions { Sigma = 0.1, Draws = 2, Antithetic = true }),
        ["ExpectedLossSampler.Measure"] = scene => ExpectedLossSampler.Measure<TruncatedGaussianNoise>(
            scene.Subject,
            new ExpectedLossOptions { Draws = 2, Neighborhood = new(0.1, 0.1), Levels = new float[scene.Subject.Count] }),
        ["FlatnessSearch.Measure"] = scene => Flatness(scene, new FlatnessOptions { Draws = 1, Precision = 0.9 }),
        ["FlatnessSearch.Measure: worst case"] = scene => Flatness(
            scene, new FlatnessOptions { WorstCase = true, AscentSteps = 1, Precision = 0.9 }),
        ["HeavyTails.Measure"] = scene => HeavyTails.Measure(scene.Subject, new HeavyTailOptions { FewestEigenvalues = 3 }),
        ["Certifier.Certify"] = scene => Certify(scene.Device, default),
        ["Certifier.CertifyWeights"] = scene =>
        {
            using ParameterArena arena = new(Network(), PacGen.Kernels.Device.Cpu, 1);
            Certifier.CertifyWeights(
                Network(), arena.Save(), arena.SaveState(), Data,
                new CertifyOptions { BatchSize = 4, Draws = 12, PosteriorEpochs = 0, Stages = 1, Device = scene.Device });
        },
        ["Certifier.CertifyProgressively"] = scene => Certifier.CertifyProgressively(
            Network(), Data, new CertifyOptions { PriorEpochs = 2, BatchSize = 4, Stages = 2, Device = scene.Device }),
        ["CertifiedMixture.Predict"] = scene => CertifiedMixture
            .Of(Certifier.CertifyProgressively(
                Network(), Data, new CertifyOptions { PriorEpochs = 2, BatchSize = 4, Stages = 2, Device = scene.Device }))
            .Predict(Network(), Data.Test, device: scene.Device),
        ["ParameterArena..ctor"] = scene =>
        {
            using ParameterArena arena = new(Convolutional(), scene.Device, 1);
        },
        ["Evaluator..ctor"] = scene =>
        {
            using Evaluator evaluator = new(scene.Mlp, scene.Arena, Data.Test);
            evaluator.Predict(Data.Test);
        },
        ["ReferenceOutputs.Check"] = scene =>
        {
            MemoryStream stream = new();
            SafetensorsFile.Write(
                stream, [new NamedTensor("inputs", [2, 16], new float[32]), new NamedTensor("outputs", [2, 3], new float[6])]);
            using SafetensorsFile file = new(stream, "examples");
            ReferenceOutputs.Check(scene.Mlp, scene.Arena, file, 10);
        },
        ["Tensor.Evaluate"] = scene => Tensor.Constant(new Shape(2, 2), [1, 2, 3, 4]).Sum().Evaluate(scene.Device),
        ["CompiledGraph.Compile"] = scene =>
        {
            Tensor x = Tensor.Input(new Shape(4, 4), "x");
            using CompiledGraph graph = CompiledGraph.Compile(scene.Device, [Tensor.MatMul(x, x).Sum(), x.Square()]);
            graph.Run();
        },
        ["Optimizer.Attach"] = scene =>
        {
            using DeviceBuffer gradients = scene.Device.Allocate(scene.Arena.Count);
            using OptimizerSession session = new PerturbedOptimizer(new Adam(1e-3), eta: 1).Attach(scene.Arena, gradients, 1);
            session.Perturb(1);
            session.TryUpdate(1e-3);
        },
        ["TrainingPipeline..ctor"] = scene => Steps(scene, new Sgd(0.1), 1),
        ["TrainingPipeline..ctor: in parts"] = scene => Steps(scene, new Adam(1e-3), 2),
        ["TrainingPipeline..ctor: sharpness-aware"] = scene => Steps(scene, new SharpnessAware(new Adam(1e-3)), 1),
        ["TrainingPipeline..ctor: sharpness-aware, in parts"] = scene => Steps(scene, new SharpnessAware(new Sgd(0.1)), 2),
        ["TrainingPipeline..ctor: at two points, in parts"] = scene => Steps(
            scene, new PerturbedOptimizer(new Sgd(0.1), eta: 1) { TwoPoint = true }, 2),
        ["TrainingPipeline..ctor: averaged"] = scene => Steps(scene, new Ivon(examples: 8), 1, WeightAveraging.Ema()),
        ["Trainer..ctor"] = scene => Train(scene, new Sgd(0.1, momentum: 0.9), 1),
        ["Trainer..ctor: perturbed, in parts"] = scene => Train(scene, new PerturbedOptimizer(new Adam(1e-3), eta: 1), 2),
    };

    /// <summary>The public members of PacGen.Nn that take memory of a device: by what they are given.</summary>
    private static IEnumerable<MethodBase> Members =>
        from type in typeof(Trainer).Assembly.GetExportedTypes()
        from member in type.GetMembers(Everywhere).OfType<MethodBase>()
        where !member.IsSpecialName || (member.IsConstructor && !type.IsAbstract)
        where member.GetParameters().Any(parameter => Given.Contains(parameter.ParameterType))
        where member.Name != nameof(Equals) && !type.IsAssignableTo(typeof(Delegate)) && type != typeof(Measure)
        select member;

    private static IEnumerable<string> Names =>
        Rows.Keys.Concat(Members.Where(IsPlainMeasure).Select(NameOf).Where(name => !Rows.ContainsKey(name))).Order();

    /// <summary>A public member that takes a device's memory stands above, or is a measure with defaults.</summary>
    [Test]
    public void EveryMemberIsTried() => Assert.That(
        Members.Select(NameOf).Distinct().Except(Names.Select(name => name.Split(':')[0])).Except(TakingNone), Is.Empty,
        "add a row that calls it, or say that it takes no memory");

    [TestCaseSource(nameof(Names))]
    public void AllIsGivenBackBy(string name) => AllIsGivenBack(scene => Run(name, scene));

    /// <summary>
    /// Where there is no memory for the n-th buffer, what was taken before is given back: for any n on the CPU, for some
    /// elsewhere.
    /// </summary>
    [TestCaseSource(nameof(Names))]
    public void AllIsGivenBackWhereMemoryEnds(string name)
    {
        Once(scene => Run(name, scene));
        bool ended = false;
        for (int refused = 1; !ended; refused += Device == Device.Cpu ? 1 : 1 + (refused / 2))
        {
            long before = Device.AllocatedBytes;
            ended = Refused(refused);
            Assert.That(Device.AllocatedBytes - before, Is.Zero, $"bytes kept where buffer {refused} was refused");
        }

        bool Refused(int refused)
        {
            int made = 0;
            Device.Allocating = () => { if (++made == refused) { throw new DeviceException("no memory left"); } };
            try
            {
                Once(scene => Run(name, scene));
                return made < refused;
            }
            catch (DeviceException)
            {
                return false;
            }
            finally
            {
                Device.Allocating = null;
            }
        }
    }

    [Test]
    public void ScoreThatIsStopped() => AllIsGivenBack(scene => AssertStopped(
        () => PacGenScorer.Measure(scene.Subject, Scoring, cancellation: new CancellationToken(true))));

    [Test]
    public void ScoreOfWeightsThatDiverged() => AllIsGivenBack(scene =>
    {
        float[] weights = scene.Arena.Save();
        weights[3] = float.NaN;
        scene.Arena.Load(weights);
        Assert.That(() => PacGenScorer.Measure(scene.Subject, Scoring), Throws.TypeOf<TrainingException>());
    });

    [Test]
    public void BoundsWhosePriorIsTooNarrow() => AllIsGivenBack(scene =>
    {
        NetworkBounds bounds = Bounds(scene);
        Assert.That(() => bounds.Lemma6(Tau.Fixed(0.01), 10, device: Device), Throws.InvalidOperationException);
    });

    [Test]
    public void CurvatureMatrices([Values] CurvatureMatrix matrix) => AllIsGivenBack(scene =>
    {
        EmpiricalLoss subject = scene.Subject;
        Hutchinson.Measure(subject, new HutchinsonOptions { Matrix = matrix, Draws = 2 });
        HessianDiagonalEstimator.Measure(
            subject, new HessianDiagonalOptions { Matrix = matrix, LargestExact = 0, Draws = 1, RootBatchSize = 5 });
        LanczosQuadrature.Measure(subject, new SpectralDensityOptions { Matrix = matrix, Probes = 1, Products = 2 });
        HutchPlusPlus.Measure(subject, new HutchPlusPlusOptions { Matrix = matrix, Products = 3 });
        LayerCurvatureMeter.Measure(subject, new LayerCurvatureOptions { Matrix = matrix, Products = 1, Draws = 1 });
        CancellationToken stopped = new(true);
        AssertStopped(() => LanczosQuadrature.Measure(
            subject, new SpectralDensityOptions { Matrix = matrix }, cancellation: stopped));
        AssertStopped(() => HessianDiagonalEstimator.Measure(
            subject, new HessianDiagonalOptions { Matrix = matrix, LargestExact = 0 }, cancellation: stopped));
    });

    [Test]
    public void MeasuresThatAreStopped() => AllIsGivenBack(scene =>
    {
        CancellationToken stopped = new(true);
        AssertStopped(() => KeskarAscent.Measure(scene.Subject, Search, cancellation: stopped));
        ExpectedLossOptions own = new() { Levels = new float[scene.Subject.Count] };
        AssertStopped(() => ExpectedLossSampler.Measure<UniformNoise>(scene.Subject, own, cancellation: stopped));
        AssertStopped(() => NetworkBounder.Measure(scene.Subject, cancellation: stopped));
    });

    [Test]
    public void CertificateThatIsStoppedOrFails() => AllIsGivenBack(_ =>
    {
        AssertStopped(() => Certify(Device, new CancellationToken(true)));
        Assert.That(() => Certify(Device, default, rate: 1e30), Throws.TypeOf<TrainingException>());
        Assert.That(
            () => Certifier.Certify(new Mlp(5, 3), Data, new CertifyOptions { Device = Device, BatchSize = 4 }),
            Throws.InstanceOf<ShapeException>());
    });

    [Test]
    public void TrainingThatIsStoppedOrDiverges() => AllIsGivenBack(_ =>
    {
        using (Trainer stopped = new(Network(), Data, new PerturbedOptimizer(new Sgd(0.1), eta: 1), Options(Device, 1)))
        {
            Assert.That(
                () => stopped.Run(cancellation: new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        }

        using Trainer diverging = new(Network(), Data, new Sgd(1e38), Options(Device, 1));
        Assert.That(() => diverging.Run(), Throws.TypeOf<TrainingException>());
    });

    [Test]
    public void TrainingThatCannotBegin() => AllIsGivenBack(_ =>
    {
        Assert.That(
            () => new Trainer(new Mlp(5, 3), Data, new Sgd(0.1), Options(Device, 1)), Throws.InstanceOf<ShapeException>());
        Assert.That(
            () => new Trainer(Network(), Data, new Sgd(0.1), Options(Device, 1) with { Loss = Refused }),
            Throws.TypeOf<NotSupportedException>());
    });

    [Test]
    public void LossThatCannotBeCompiled() => AllIsGivenBack(scene =>
    {
        using EmpiricalLoss empirical = new(scene.Mlp, scene.Arena, Data.Train, Refused);
        Assert.That(() => empirical.Value(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => PacGenScorer.Measure(empirical, Scoring), Throws.TypeOf<NotSupportedException>());
    });

    private static Mlp Network() => new(16, 4, 3);

    private static Sequential Convolutional() =>
        new(new Conv2d(1, 3, 3, padding: 1), new BatchNorm(3), new Relu(), new Flatten(), new Linear(48, 3));

    private static void AssertStopped(Action measure) =>
        Assert.That(measure, Throws.InstanceOf<OperationCanceledException>());

    private static Tensor Refused(Tensor output, Tensor labels) =>
        Tensor.Apply(new WithoutKernel(), Loss.CrossEntropy(output.Square(), labels));

    private static ImageSet Images(int count, int seed)
    {
        Random random = new(seed);
        byte[] pixels = new byte[16 * count];
        random.NextBytes(pixels);
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 3)];
        return new ImageSet(pixels, labels, 4, 4, 3, new Normalization([0.5f], [0.25f]));
    }

    private static TrainingOptions Options(Device device, int parts) =>
        new() { Epochs = 1, BatchSize = 8, Accumulate = parts, Device = device, Score = Scoring };

    /// <summary>A network that is right on all images: it says class 0, whose images they are.</summary>
    private static void Flatness(Scene scene, FlatnessOptions options)
    {
        float[] weights = new float[scene.Arena.Count];
        weights[^3] = 1;
        scene.Arena.Load(weights);
        SampleSet images = Data.Train;
        using EmpiricalLoss subject = new(scene.Mlp, scene.Arena, new ImageSet(
            images.Pixels.ToArray(), new int[images.Count], images.Height, images.Width, images.Classes, images.Normalization!));
        Assert.That(FlatnessSearch.Measure(subject, options).Sigma, Is.Positive);
    }

    private static NetworkBounds Bounds(Scene scene) => NetworkBounder.Measure(
        scene.Subject, new NetworkBoundOptions { Rho = 0.3, LargestExact = 0, CurvatureDraws = 2 });

    private static void Train(Scene scene, Optimizer optimizer, int parts)
    {
        using Trainer trainer = new(Convolutional(), Data, optimizer, Options(scene.Device, parts));
        trainer.Run();
        trainer.Predict(Data.Test);
    }

    private static void Steps(Scene scene, Optimizer optimizer, int parts, WeightAveraging? average = null)
    {
        Sequential model = Convolutional();
        using ParameterArena arena = new(model, scene.Device, 1);
        using BatchLoader loader = BatchLoader.Shuffled(Data.Train, 8, 1);
        using TrainingPipeline pipeline = new(
            model, arena, optimizer, Data.Train,
            new PipelineOptions { BatchSize = 8, Parts = parts, ClipNorm = 1, Average = average });
        loader.Start(1);
        while (loader.TryNext(out Batch batch))
        {
            pipeline.Submit(batch, 1, 0.1);
            Assert.That(pipeline.Complete().End, Is.EqualTo(StepEnd.Done));
        }
    }

    private static void Certify(Device device, CancellationToken cancellation, double rate = 1e-3) => Certifier.Certify(
        Network(),
        Data,
        new CertifyOptions
        {
            PriorEpochs = 2, PosteriorEpochs = 1, BatchSize = 4, PriorLevels = [10, 100], Draws = 12, Device = device,
            PriorOptimizer = new Sgd(rate),
        },
        cancellation: cancellation);

    private static string NameOf(MethodBase member) => $"{member.DeclaringType!.Name}.{member.Name}";

    /// <summary>Whether it needs nothing but a subject.</summary>
    private static bool IsPlainMeasure(MethodBase member) => member is MethodInfo { IsStatic: true, IsGenericMethod: false }
        && member.GetParameters() is [var first, .. var others] && first.ParameterType == typeof(EmpiricalLoss)
        && others.All(parameter => parameter.IsOptional);

    private static void Run(string name, Scene scene)
    {
        if (Rows.TryGetValue(name, out Action<Scene>? row))
        {
            row(scene);
            return;
        }

        MethodBase measure = Members.First(member => NameOf(member) == name);
        object?[] given = [scene.Subject, .. measure.GetParameters().Skip(1).Select(_ => Type.Missing)];
        measure.Invoke(
            null, BindingFlags.OptionalParamBinding | BindingFlags.DoNotWrapExceptions, null, given,
            CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Runs something twice; the first time kernels are compiled and the CPU's threads get their scratch memory, which stays.
    /// </summary>
    private void AllIsGivenBack(Action<Scene> action)
    {
        Once(action);
        long before = Device.AllocatedBytes;
        Once(action);
        Assert.That(Device.AllocatedBytes - before, Is.Zero, "bytes that were not given back");
    }

    private void Once(Action<Scene> action)
    {
        using Scene scene = new(Device);
        action(scene);
    }

    /// <summary>A network on a device.</summary>
    private sealed class Scene(Device device) : IDisposable
    {
        private EmpiricalLoss? subject;
        private ParameterArena? arena;

        public Device Device => device;

        public Mlp Mlp { get; } = Network();

        public ParameterArena Arena => arena ??= new ParameterArena(Mlp, device, 7);

        public EmpiricalLoss Subject => subject ??= new EmpiricalLoss(Mlp, Arena, Data.Train, batchSize: 12)
        {
            Training = new TrainingFacts { InitialWeights = new float[Arena.Count], Images = Data.Train.Count },
        };

        public void Dispose()
        {
            subject?.Dispose();
            arena?.Dispose();
        }
    }

    /// <summary>
    /// An operation of a user's own that no device can run: a graph with it fails when its other kernels have their memory.
    /// </summary>
    private sealed record WithoutKernel : Operation
    {
        public override Shape Infer(ReadOnlySpan<Shape> inputs) => inputs[0];

        public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            throw new NotSupportedException();
    }
}
