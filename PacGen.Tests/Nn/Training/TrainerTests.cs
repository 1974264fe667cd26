using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>The trainer on real digits: it learns, repeats bit for bit, stops when asked, and says what is wrong.</summary>
internal sealed class TrainerTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [Test]
    public void ATrainerThatIsRefusedKeepsNoMemory()
    {
        using CpuDevice device = new(1);
        long before = device.AllocatedBytes;
        TrainingOptions options = new() { Device = device, Score = new ScoreOptions { Curvature = CurvatureSource.Training } };
        Assert.That(
            () => new Trainer(new Mlp(64, 5), Datasets.Digits(), new Adam(1e-3), options),
            Throws.ArgumentException.With.Message.Contains("5 outputs"));
        Assert.That(
            () => new Trainer(new Mlp(63, 10), Datasets.Digits(), new Adam(1e-3), options), Throws.TypeOf<ShapeException>());
        Assert.That(device.AllocatedBytes, Is.EqualTo(before));
    }

    [Test]
    public void LearnsDigits([Values] bool perturbed)
    {
        using Trainer trainer =
            new(new Mlp(64, 48, 10), Digits, Optimizer(perturbed), new TrainingOptions { Epochs = 12, BatchSize = 32 });
        IReadOnlyList<EpochResult> results = trainer.Run();
        Assert.That(results, Has.Count.EqualTo(12));
        Assert.That(results[^1].TestAccuracy, Is.GreaterThan(0.93));
        Assert.That(results[^1].TrainLoss, Is.LessThan(results[0].TrainLoss / 2));
        Assert.That(results[^1].Gap, Is.EqualTo(results[^1].TestLoss - results[^1].TrainLoss));
    }

    /// <summary>
    /// With dropout, perturbation, clipping and a smaller last batch, which all could depend on who computes what.
    /// </summary>
    [Test]
    public void OneSeedGivesTheSameBitsWithAnyNumberOfThreads()
    {
        float[] once = Weights(1, 1), again = Weights(1, 1), twoThreads = Weights(2, 1), fourThreads = Weights(
            4, 1), otherSeed = Weights(1, 2);
        Assert.That(Bits(again), Is.EqualTo(Bits(once)), "a second run");
        Assert.That(Bits(twoThreads), Is.EqualTo(Bits(once)), "2 threads");
        Assert.That(Bits(fourThreads), Is.EqualTo(Bits(once)), "4 threads");
        Assert.That(Bits(otherSeed), Is.Not.EqualTo(Bits(once)), "another seed");

        static float[] Weights(int threads, ulong seed)
        {
            using CpuDevice device = new(threads);
            Sequential model = new(
                new Conv2d(1, 6, 3, padding: 1), new MaxPool2d(2), new Relu(), new Flatten(), new Dropout(0.3),
                new Linear(96, 10));
            using Trainer trainer = new(model, Digits, Optimizer(true), new TrainingOptions
            {
                Epochs = 2,
                BatchSize = 50,
                Seed = seed,
                Device = device,
                ClipNorm = 0.5,
                Schedule = LearningRateSchedule.Cosine(2).WithWarmUp(0.5),
                Score = new ScoreOptions { Images = 200, Draws = 1 },
            });
            IReadOnlyList<EpochResult> results = trainer.Run();
            return [.. trainer.Arena.Save(), (float)results[^1].TestLoss, (float)results[^1].Score!.Psi];
        }

        static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
    }

    [Test]
    public void ACancelledRunFinishesItsStepAndKeepsItsEpochs()
    {
        using CancellationTokenSource stop = new();
        using Trainer trainer =
            new(new Mlp(64, 16, 10), Digits, new Sgd(0.1), new TrainingOptions { Epochs = 50, BatchSize = 100 });
        Assert.That(
            () => trainer.Run(
                epoch =>
                {
                    if (epoch.Epoch == 3)
                    {
                        stop.Cancel();
                    }
                },
                cancellation: stop.Token),
            Throws.TypeOf<OperationCanceledException>().With.Message.Contains("after epoch 3 of 50, after step 45"));
        IReadOnlyList<EpochResult> results = trainer.Results;
        Assert.That(results.Select(result => result.Epoch), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(trainer.Steps, Is.EqualTo(3 * 15));
        Assert.That(trainer.Evaluate(Digits.Test).Loss, Is.EqualTo(results[^1].TestLoss));
    }

    [Test]
    public void ARunCancelledWithinAnEpochHasTheStepsThatItCounts()
    {
        // One image a step and a million parameters: an epoch takes many times as long as the time between two reports.
        const ulong Seed = 5;
        Mlp model = new(64, 1024, 1024, 10);
        Sgd optimizer = new(0.01);
        using CancellationTokenSource stop = new();
        using Trainer trainer =
            new(model, Digits, optimizer, new TrainingOptions { Epochs = 3, BatchSize = 1, Seed = Seed, Device = Device.Cpu });
        CancelAtTraining progress = new(stop);
        Assert.That(
            () => trainer.Run(progress: progress, cancellation: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(progress.Reports, Has.Count.EqualTo(1), "no report after the one that cancelled");
        TrainingProgress last = progress.Reports[0];
        Assert.That((last.Phase, last.Epoch), Is.EqualTo((TrainingPhase.Training, 1)));
        Assert.That(last.Batch, Is.LessThan(last.Batches), "in the middle of an epoch");
        Assert.That(trainer.Results, Is.Empty);
        Assert.That(trainer.Steps, Is.EqualTo(last.Batch));
        Assert.That(trainer.Evaluate(Digits.Test).Loss, Is.GreaterThan(0).And.LessThan(10));
        float[] stopped = trainer.Arena.Save();
        Assert.That(stopped.All(float.IsFinite), Is.True);

        // As many steps by hand, from the same seed, give the same weights.
        Mlp twin = new(64, 1024, 1024, 10);
        using ParameterArena arena = new(twin, Device.Cpu, Seed);
        using DeviceBuffer gradients = Device.Cpu.Allocate(arena.Count);
        using OptimizerSession session = optimizer.Attach(arena, gradients, Seed);
        using BatchGraph graph =
            new(twin, arena, session.ForwardWeights, gradients, Loss.CrossEntropy, SampleForm.OfImages(8, 8, 1), Seed);
        using BatchLoader loader = BatchLoader.Shuffled(Digits.Train, 1, Seed);
        loader.Start(1);
        for (int step = 0; step < trainer.Steps && loader.TryNext(out Batch batch); step++)
        {
            graph.Run(batch.Samples, batch.Targets, step);
            session.TryUpdate(optimizer.LearningRate);
        }

        Assert.That(
            arena.Save().AsSpan().SequenceEqual(stopped), Is.True, $"the weights are not those after {trainer.Steps} steps");
    }

    [Test]
    public void ADivergingRunStopsAndSaysWhereAndWhatToDo()
    {
        using Trainer trainer = new(new Mlp(64, 48, 10), Digits, new Sgd(1e8), new TrainingOptions { Epochs = 3 });
        Assert.That(() => trainer.Run(), Throws.TypeOf<TrainingException>()
            .With.Message.Contains("step").And.Message.Contains("learning rate").And.Message.Contains("lower"));
        Assert.That(trainer.Arena.Save().All(float.IsFinite), Is.True, "the weights are those before the loss was not finite");
    }

    [TestCase(0)]
    [TestCase(100_000)]
    public void ABatchThatDoesNotFitTheDataIsAnError(int batch) =>
        Assert.That(() => new Trainer(new Mlp(64, 10), Digits, new Sgd(0.1), new TrainingOptions { BatchSize = batch }),
            Throws.ArgumentException.With.Message.Contains($"{batch}").And.Message.Contains("1438"));

    [Test]
    public void AModelThatDoesNotFitTheImagesIsAnErrorThatNamesBothShapes() =>
        Assert.That(() => new Trainer(new Mlp(784, 10), Digits, new Sgd(0.1)),
            Throws.TypeOf<ShapeException>().With.Message.Contains("64").And.Message.Contains("(784, 10)"));

    [Test]
    [Platform("Linux", Reason = "/dev/full is a disk without room.")]
    public void AFullDiskUnderTheLogIsSaidWithItsPath()
    {
        using Trainer trainer =
            new(new Mlp(64, 16, 10), Digits, new Sgd(0.1), new TrainingOptions { Epochs = 1, LogPath = "/dev/full" });
        Assert.That(() => trainer.Run(), Throws.TypeOf<TrainingException>().With.Message.Contains(
            "/dev/full").And.Message.Contains("Make room"));
    }

    [Test]
    public void TheLogHasTheSettingsAndAnObjectForEachEpoch()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.jsonl");
        try
        {
            using Trainer trainer =
                new(new Mlp(64, 16, 10), Digits, new Sgd(0.1), new TrainingOptions { Epochs = 2, LogPath = path });
            trainer.Run();
            string[] lines = File.ReadAllLines(path);
            Assert.That(lines, Has.Length.EqualTo(3));
            Assert.That(lines[0], Does.Contain("\"optimizer\"").And.Contain("\"seed\":1"));
            using var epoch = System.Text.Json.JsonDocument.Parse(lines[2]);
            Assert.That(epoch.RootElement.EnumerateObject().Select(property => property.Name), Is.EqualTo(
                new[] { "run", "epoch", "trainLoss", "trainAccuracy", "testLoss", "testAccuracy", "gap", "psi", "psiLow",
                    "psiHigh", "psiKappaShare", "psiBatchSize", "seconds" }));
            Assert.That(epoch.RootElement.GetProperty("testLoss").GetDouble(), Is.EqualTo(trainer.Results[1].TestLoss));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void AStepAllocatesNothingManaged()
    {
        using CpuDevice device = new(1);
        MnistCnn model = new();
        using ParameterArena arena = new(model, device, 1);
        using DeviceBuffer gradients = device.Allocate(arena.Count);
        using OptimizerSession session = Optimizer(true).Attach(arena, gradients, 1);
        using BatchGraph graph =
            new(model, arena, session.ForwardWeights, gradients, Loss.CrossEntropy, SampleForm.OfImages(28, 28, 1), 1);
        float[] images = new float[4 * 784], labels = new float[4];
        void Step()
        {
            session.Perturb(1);
            graph.Run(images, labels);
            graph.Loss();
            session.TryUpdate(0.01, 1);
        }

        Step();
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Step();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static Optimizer Optimizer(bool perturbed) => perturbed ? new PerturbedOptimizer(new Adam(3e-3), eta: 1, gamma: 0.5)
        : new Adam(3e-3);

    /// <summary>Cancels at the first report from within an epoch, in the training thread.</summary>
    private sealed class CancelAtTraining(CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];

        public void Report(TrainingProgress value)
        {
            Reports.Add(value);
            if (value.Phase == TrainingPhase.Training)
            {
                stop.Cancel();
            }
        }
    }
}
