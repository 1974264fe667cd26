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

    private static readonly KeskarOptions Search = new() { RandomStarts = 1, CornerStarts = 0, Iterations = 2 };

    [OneTimeSetUp]
    public void Register() => Gradients.Register<WithoutKernel>((_, gradient) => gradient);

    [Test]
    public void Score([Values] RhoEstimator estimator) =>
        AllIsGivenBack(network => Score(network, Scoring with { Rho = estimator }));

    [Test]
    public void ScoreByAllEstimatorsWithTheCurvatureOfTraining() => AllIsGivenBack(network =>
    {
        SmoothedSecondMoment h = new(new float[network.Arena.Count], 10, 0.999, 4);
        Score(network, Scoring with { Curvature = CurvatureSource.Training, SecondMoment = h });
    });

    [Test]
    public void ScoreThatIsStopped() => AllIsGivenBack(network =>
        Assert.That(() => Score(network, Scoring, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>()));

    [Test]
    public void ScoreOfWeightsThatDiverged() => AllIsGivenBack(network =>
    {
        float[] weights = network.Arena.Save();
        weights[3] = float.NaN;
        network.Arena.Load(weights);
        Assert.That(() => Score(network, Scoring), Throws.TypeOf<TrainingException>());
    });

    [Test]
    public void Bounds() => AllIsGivenBack(network =>
    {
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train);
        NetworkBounds bounds = NetworkBounder.Measure(
            empirical, new NetworkBoundOptions { Rho = 0.3, LargestExact = 0, CurvatureDraws = 2 });
        Tau wide = Tau.Fixed(9);
        Device device = network.Arena.Device;
        Assert.That(bounds.Lemma6(wide, 10, device: device).Value, Is.Positive);
        Assert.That(bounds.Lemma6(wide, device: device).Value, Is.Positive);
        Assert.That(bounds.Theorem7(wide, device: device).Value, Is.Positive);
        Assert.That(bounds.Lemma8(4, 10, device).Value, Is.Positive);
        Assert.That(bounds.Lemma8(4, device: device).Value, Is.Positive);
        Assert.That(() => bounds.Lemma6(Tau.Fixed(0.01), 10, device: device), Throws.InvalidOperationException);
    });

    [Test]
    public void LossCurvatureAndSmoothness() => AllIsGivenBack(network =>
    {
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train, batchSize: 12);
        empirical.Gradient(new double[empirical.Count]);
        Lanczos.Measure(empirical, new LanczosOptions { Products = 2 });
        Hutchinson.Measure(empirical, new HutchinsonOptions { Draws = 2 });
        HessianDiagonalEstimator.Measure(empirical, new HessianDiagonalOptions { LargestExact = 0, Draws = 2 });
        HessianLipschitzSampler.Measure(empirical, new HessianLipschitzOptions { Pairs = 1, Products = 2 });
    });

    [Test]
    public void CurvatureMatrices([Values] CurvatureMatrix matrix) => AllIsGivenBack(network =>
    {
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train, batchSize: 12);
        Hutchinson.Measure(empirical, new HutchinsonOptions { Matrix = matrix, Draws = 2 });
        HessianDiagonalEstimator.Measure(
            empirical, new HessianDiagonalOptions { Matrix = matrix, LargestExact = 0, Draws = 1, RootBatchSize = 5 });
        LanczosQuadrature.Measure(empirical, new SpectralDensityOptions { Matrix = matrix, Probes = 1, Products = 2 });
        HutchPlusPlus.Measure(empirical, new HutchPlusPlusOptions { Matrix = matrix, Products = 3 });
        LayerCurvatureMeter.Measure(empirical, new LayerCurvatureOptions { Matrix = matrix, Products = 1, Draws = 1 });
        CancellationToken stopped = new(true);
        AssertStopped(() => LanczosQuadrature.Measure(
            empirical, new SpectralDensityOptions { Matrix = matrix }, cancellation: stopped));
        AssertStopped(() => HessianDiagonalEstimator.Measure(
            empirical, new HessianDiagonalOptions { Matrix = matrix, LargestExact = 0 }, cancellation: stopped));
    });

    [Test]
    public void Sharpness() => AllIsGivenBack(network =>
    {
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train, batchSize: 12);
        KeskarAscent.Measure(empirical, Search);
        KeskarAscent.Measure(empirical, Search with { Directions = 2 });
        ExpectedSharpnessSampler.Measure(empirical, new ExpectedLossOptions { Sigma = 0.1, Draws = 2, Antithetic = true });
        float[] levels = new float[empirical.Count];
        ExpectedLossSampler.Measure<TruncatedGaussianNoise>(
            empirical, new ExpectedLossOptions { Draws = 2, Neighborhood = new(0.1, 0.1), Levels = levels });
    });

    [Test]
    public void MeasuresThatAreStopped() => AllIsGivenBack(network =>
    {
        CancellationToken stopped = new(true);
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train, batchSize: 12);
        AssertStopped(() => KeskarAscent.Measure(empirical, Search, cancellation: stopped));
        ExpectedLossOptions own = new() { Levels = new float[empirical.Count] };
        AssertStopped(() => ExpectedLossSampler.Measure<UniformNoise>(empirical, own, cancellation: stopped));
        AssertStopped(() => NetworkBounder.Measure(empirical, cancellation: stopped));
    });

    [Test]
    public void RescaledNetwork() => AllIsGivenBack(network =>
    {
        network.Model.Rescale(2);
        Score(network, Scoring);
    });

    [Test]
    public void Certificate() => AllIsGivenBack(_ => Certify(default));

    [Test]
    public void CertificateThatIsStoppedOrFails() => AllIsGivenBack(_ =>
    {
        Assert.That(() => Certify(new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Certify(default, rate: 1e30), Throws.TypeOf<TrainingException>());
        Assert.That(
            () => Certifier.Certify(new Mlp(5, 3), Data, new CertifyOptions { Device = Device, BatchSize = 4 }),
            Throws.InstanceOf<ShapeException>());
    });

    [Test]
    public void Training([Values(1, 2)] int parts, [Values("plain", "perturbed", "sharpness-aware")] string optimizer) =>
        AllIsGivenBack(_ =>
    {
        using Trainer trainer = NewTrainer(
            optimizer switch
            {
                "plain" => new Sgd(0.1, momentum: 0.9),
                "perturbed" => new PerturbedOptimizer(new Adam(1e-3), eta: 1),
                _ => new SharpnessAware(new Adam(1e-3)),
            },
            parts);
        trainer.Run();
        trainer.Predict(Data.Test);
    });

    [Test]
    public void TrainingThatIsStoppedOrDiverges() => AllIsGivenBack(_ =>
    {
        using (Trainer stopped = NewTrainer(new PerturbedOptimizer(new Sgd(0.1), eta: 1), 1))
        {
            stopped.Run(cancellation: new CancellationToken(true));
        }

        using Trainer diverging = NewTrainer(new Sgd(1e38), 1);
        Assert.That(() => diverging.Run(), Throws.TypeOf<TrainingException>());
    });

    [Test]
    public void TrainingThatCannotBegin() => AllIsGivenBack(_ =>
    {
        Assert.That(() => new Trainer(new Mlp(5, 3), Data, new Sgd(0.1), Options(1)), Throws.InstanceOf<ShapeException>());
        Assert.That(
            () => new Trainer(Network(), Data, new Sgd(0.1), Options(1) with { Loss = Refused }),
            Throws.TypeOf<NotSupportedException>());
    });

    [Test]
    public void LossThatCannotBeCompiled() => AllIsGivenBack(network =>
    {
        using EmpiricalLoss empirical = new(network.Model, network.Arena, Data.Train, Refused);
        Assert.That(() => empirical.Value(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => PacGenScorer.Measure(empirical, Scoring), Throws.TypeOf<NotSupportedException>());
    });

    private static PacGenScore Score(
        (Mlp Model, ParameterArena Arena) network, ScoreOptions options, CancellationToken cancellation = default)
    {
        using EmpiricalLoss subject = new(network.Model, network.Arena, Data.Train);
        return PacGenScorer.Measure(subject, options, cancellation: cancellation);
    }

    private static Mlp Network() => new(16, 4, 3);

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

    private TrainingOptions Options(int parts) =>
        new() { Epochs = 1, BatchSize = 8, Accumulate = parts, Device = Device, Score = Scoring };

    private Trainer NewTrainer(Optimizer optimizer, int parts) => new(Network(), Data, optimizer, Options(parts));

    private void Certify(CancellationToken cancellation, double rate = 1e-3) => Certifier.Certify(
        Network(),
        Data,
        new CertifyOptions
        {
            PriorEpochs = 2, PosteriorEpochs = 1, BatchSize = 4, PriorLevels = [10, 100], Draws = 12, Device = Device,
            PriorOptimizer = new Sgd(rate),
        },
        cancellation: cancellation);

    /// <summary>
    /// Runs something twice; the first time kernels are compiled and the CPU's threads get their scratch memory, which stays.
    /// </summary>
    private void AllIsGivenBack(Action<(Mlp Model, ParameterArena Arena)> action)
    {
        Once();
        long before = Device.AllocatedBytes;
        Once();
        Assert.That(Device.AllocatedBytes - before, Is.Zero, "bytes that were not given back");

        void Once()
        {
            Mlp model = Network();
            using ParameterArena arena = new(model, Device, 7);
            action((model, arena));
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
