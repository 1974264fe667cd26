using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>Runs that ranks share: the bits of one process, whatever their number. Here ranks are threads.</summary>
internal sealed class DataParallelTests
{
    private const int Parts = 4;

    /// <summary>152 images in batches of 48: the last has 8, fewer than one part.</summary>
    private static readonly Dataset Few = Datasets.Digits() is var all
        ? all with { Train = all.Train.Take(152), Test = all.Test.Take(61) } : null!;

    private static readonly Optimizer[] Optimizers =
    [
        new Adam(1e-3), new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
        new PerturbedOptimizer(new Sgd(0.05, momentum: 0.9), eta: 10, gamma: 0.5) { TwoPoint = true },
        new SharpnessAware(new Sgd(0.1), 0.05),
    ];

    [Test]
    public void MlpTrainsToTheSameBits([ValueSource(nameof(Optimizers))] Optimizer optimizer) =>
        RequireSame(() => new Sequential(new Flatten(), new Linear(64, 20), new Relu(), new Dropout(0.2), new Linear(20, 10)),
            optimizer);

    [Test]
    public void BatchNormsStatisticsAreTheSame(
        [ValueSource(nameof(Optimizers))] Optimizer optimizer, [Values] bool reestimated) => RequireSame(
        () => new Sequential(
            new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new Flatten(), new Linear(144, 10)),
        optimizer,
        reestimated ? RunningStatistics.Reestimated : RunningStatistics.FromTrainingPass);

    [Test]
    public void WideResNetTrainsToTheSameBits() =>
        RequireSame(() => new WideResNet(10, 1, 10, 1), new PerturbedOptimizer(new Adam(1e-3), eta: 0.01));

    /// <summary>
    /// The gradients of the last layers are sent while those before are computed: same bits, with one part a rank and with two.
    /// </summary>
    [Test]
    public void SumsOverlapThePassToTheSameBits()
    {
        (float[] Weights, int[] At, int Launches)[] runs = [.. new[] { (2, true), (4, true), (4, false) }.SelectMany(how =>
            ThreadCommunicator.Run(how.Item1, ranks =>
            {
                using CpuDevice device = new(1);
                WideResNet model = new(10, 1, 10, 1);
                using ParameterArena arena = new(model, device, 5)
                {
                    Parallel = new DataParallel(Parts, ranks),
                };
                using TrainingPipeline pipeline = new(model, arena, new Adam(1e-3), Few.Train, new PipelineOptions
                {
                    BatchSize = 48, Parts = Parts, OverlapSums = how.Item2,
                });
                using BatchLoader loader = BatchLoader.Shuffled(Few.Train, 48, 5);
                loader.Start(1);
                while (loader.TryNext(out Batch batch))
                {
                    pipeline.Submit(batch, 1, 1e-3);
                    Assert.That(pipeline.Complete().End, Is.EqualTo(StepEnd.Done));
                }

                BatchGraph.Compiled graph = pipeline.Graph.For(12);
                return (arena.Save(), graph.RangesAt ?? [], graph.Graph.Launches);
            }))];
        Assert.That(runs.Select(run => run.Weights), Is.All.EqualTo(runs[0].Weights));
        Assert.That(runs[..6].Select(run => run.At), Is.All.EqualTo(runs[0].At).And.All.Length.InRange(4, 8));
        Assert.That(runs[0].At, Is.Ordered.And.Unique);
        Assert.That(runs[0].At[0], Is.LessThan(runs[0].Launches * 2 / 3), "the pass goes on behind it");
        Assert.That(runs[6..].Select(run => run.At), Is.All.Empty);
    }

    [Test]
    public void RanksNeedAPowerOfTwoOfParts([Values(1, 2, 6)] int parts) => Assert.That(
        ThreadCommunicator.Run(4, ranks => Assert.Throws<ArgumentException>(
            () => new DataParallel(parts, ranks).ToString())!.Message),
        Is.All.Contains("4 or more").And.All.Contains("not the processes"));

    /// <summary>One that is to stop stops all, in the same step.</summary>
    [Test]
    public void AStopIsEverybodys()
    {
        using CancellationTokenSource stop = new();
        (long Steps, TrainingPhase? While)[] ends = ThreadCommunicator.Run(2, ranks =>
        {
            using CpuDevice device = new(1);
            using Trainer trainer = new(new Mlp(64, 10), Few, new Sgd(0.1), Options(device, ranks) with { Epochs = 1000 });
            CancellationToken own = ranks.Rank == 1 ? stop.Token : default;
            OperationCanceledException stopped = Assert.Throws<OperationCanceledException>(() => trainer.Run(
                result =>
                {
                    if (ranks.Rank == 1 && result.Epoch == 3)
                    {
                        stop.Cancel();
                    }
                },
                cancellation: own))!;
            Assert.That(stopped.CancellationToken, Is.EqualTo(own));
            return (trainer.Steps, trainer.StoppedWhile);
        });
        Assert.That(ends, Is.All.EqualTo(ends[0]));
        Assert.That(ends[0].Steps, Is.GreaterThanOrEqualTo(12).And.LessThan(100));
    }

    /// <summary>Weights that stay as they are get no better: all ranks end in the same epoch.</summary>
    [Test]
    public void AnEarlyStopIsEverybodys([Values(1, 2, 4)] int size) => Assert.That(
        ThreadCommunicator.Run(size, ranks =>
        {
            using CpuDevice device = new(1);
            using Trainer trainer = new(
                new Mlp(64, 10), Few, new Sgd(1e-12), Options(device, ranks) with { Epochs = 9, EarlyStop = 2 });
            return (trainer.Run().Count, trainer.StoppedEarly);
        }),
        Is.All.EqualTo((3, true)));

    /// <summary>A loss that is not finite on one rank alone fails the step on all.</summary>
    [Test]
    public void AFailureIsEverybodys()
    {
        string[] messages = ThreadCommunicator.Run(4, ranks =>
        {
            using CpuDevice device = new(1);
            using Trainer trainer = new(new Mlp([64, 8, 10], x => x.Exp()), Few, new Sgd(1e4), Options(device, ranks));
            return Assert.Throws<TrainingException>(() => trainer.Run())!.Message;
        });
        Assert.That(messages, Is.All.EqualTo(messages[0]));
    }

    /// <summary>A run of four ranks goes on with two, and with one: one writes, all read.</summary>
    [Test]
    public void ARunGoesOnWithFewerRanks()
    {
        using TemporaryFolder folder = new();
        float[] straight = ThreadCommunicator.Run(1, ranks => Train(ranks, 4, null, null))[0];
        ThreadCommunicator.Run(4, ranks => Train(ranks, 1, folder["run"], null));
        ThreadCommunicator.Run(2, ranks => Train(ranks, 3, folder["run"], folder["run"]));
        Assert.That(ThreadCommunicator.Run(1, ranks => Train(ranks, 4, folder["run"], folder["run"]))[0], Is.EqualTo(straight));

        static float[] Train(Communicator ranks, int epochs, string? into, string? from)
        {
            using CpuDevice device = new(1);
            using Trainer trainer = new(
                new Mlp([64, 16, 10], x => x.Relu()), Few, new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
                Options(device, ranks) with
                {
                    Epochs = epochs,
                    Checkpoints = into is null ? null : new CheckpointOptions(into),
                });
            if (from is not null)
            {
                trainer.Resume(from);
            }

            trainer.Run();
            return trainer.Arena.Save();
        }
    }

    /// <summary>The prior's and the posterior's training, the choice between levels, and the draws.</summary>
    [Test]
    public void CertificatesAreTheSame()
    {
        string[] certificates = [.. new[] { 1, 2, 4 }.SelectMany(size => ThreadCommunicator.Run(size, ranks =>
        {
            using CpuDevice device = new(1);
            return Certifier.Certify(new Mlp([64, 12, 10], x => x.Relu()), Few, new CertifyOptions
            {
                PriorEpochs = 4,
                PosteriorEpochs = 1,
                BatchSize = 16,
                Draws = 500,
                PriorLevels = [10, 100],
                Parts = Parts,
                Communicator = ranks,
                Device = device,
            }).ToJson().ToJsonString();
        }))];
        Assert.That(certificates, Is.All.EqualTo(certificates[0]));
    }

    /// <summary>Gradients, products with the Hessian, losses at drawn weights, and what is looked at image by image.</summary>
    [Test]
    public void MeasuresAreTheSame()
    {
        double[][] numbers = [.. new[] { 1, 2, 4 }.SelectMany(size => ThreadCommunicator.Run(size, ranks =>
        {
            using CpuDevice device = new(1);
            Sequential model = new(new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new Flatten(), new Linear(144, 10));
            using ParameterArena arena = new(model, device, 5) { Parallel = new DataParallel(Parts, ranks) };
            using EmpiricalLoss subject = new(model, arena, Few.Train, batchSize: 11);
            double[] gradient = new double[subject.Count], product = new double[subject.Count];
            subject.Gradient(gradient);
            subject.HessianProduct(gradient, product);
            ExpectedLoss expected = ExpectedLossSampler.Measure<UniformNoise>(subject, new ExpectedLossOptions { Draws = 3 });
            Evaluation tested = new Evaluator(model, arena, Few.Test, batchSize: 9).Evaluate(Few.Test, Metric.Accuracy);
            return (double[])
            [
                .. gradient, .. product, subject.Value(), expected.Value, expected.ZeroOne!.Value.Value, tested.Loss,
                tested[Metric.Accuracy], GradientNoise(subject),
            ];
        }))];
        Assert.That(numbers, Is.All.EqualTo(numbers[0]));

        static double GradientNoise(EmpiricalLoss subject)
        {
            double sum = 0;
            subject.ForEachGradient((gradient, images) => sum += images * gradient[^1], default);
            return sum;
        }
    }

    private static TrainingOptions Options(Device device, Communicator ranks) => new()
    {
        Epochs = 3,
        BatchSize = 48,
        Accumulate = Parts,
        Seed = 3,
        Device = device,
        Communicator = ranks,
    };

    private static void RequireSame(Func<Module> model, Optimizer optimizer, RunningStatistics? statistics = null)
    {
        (float[] Weights, float[] State, string Results)[] one = Train(1), two = Train(2), four = Train(4);
        Assert.That(two.Concat(four).Select(run => run.Weights), Is.All.EqualTo(one[0].Weights));
        Assert.That(two.Concat(four).Select(run => run.State), Is.All.EqualTo(one[0].State));
        Assert.That(two.Concat(four).Select(run => run.Results), Is.All.EqualTo(one[0].Results));

        (float[], float[], string)[] Train(int size) => ThreadCommunicator.Run(size, ranks =>
        {
            using CpuDevice device = new(1);
            using Trainer trainer = new(model(), Few, optimizer, Options(device, ranks) with
            {
                RunningStatistics = statistics,
                ClipNorm = 0.5,
                Score = new ScoreOptions { Images = 96, BatchSize = 24, Draws = 2 },
            });
            trainer.Run();
            return (trainer.Arena.Save(), trainer.Arena.SaveState(), string.Join(
                "; ", trainer.Results.Select(result => (result with { Seconds = 0 }).ToJson().ToJsonString())));
        });
    }
}
