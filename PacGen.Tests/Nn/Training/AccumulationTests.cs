using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>A batch in parts gives the whole batch's step.</summary>
internal sealed class AccumulationTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    private static readonly Optimizer[] Optimizers =
    [
        new Sgd(0.1), new Sgd(0.02, momentum: 0.9), new PerturbedOptimizer(new Sgd(0.1), eta: 100, gamma: 1),
        new PerturbedOptimizer(new Sgd(0.05, momentum: 0.9), eta: 10, gamma: 0.5),
    ];

    /// <summary>
    /// 200 images in batches of 48: the last has 8, fewer than one part of 2 or 3, and is no multiple of one of 12.
    /// </summary>
    [Test]
    public void StepsAreThoseOfTheWholeBatchUpToRounding(
        [ValueSource(nameof(Optimizers))] Optimizer optimizer, [Values(2, 3, 4, 8, 48)] int parts)
    {
        (float[] Weights, EpochResult Result) whole = Train(1), parted = Train(parts);
        double largest = whole.Weights.Max(Math.Abs);
        Assert.That(parted.Weights, Is.EqualTo(whole.Weights).Within(2e-5 * largest));
        Assert.That(parted.Weights, Is.Not.EqualTo(whole.Weights), "the sums are taken in another order");
        Assert.That(parted.Result.StepLoss, Is.EqualTo(whole.Result.StepLoss).Within(1e-5).Percent.Or.EqualTo(
            whole.Result.StepLoss).Within(1e-5));
        Assert.That(parted.Result.TestLoss, Is.EqualTo(whole.Result.TestLoss).Within(1e-4));

        (float[], EpochResult) Train(int count)
        {
            Dataset few = Digits with { Train = Digits.Train.Take(200), Test = Digits.Test.Take(50) };
            using Trainer trainer = new(
                new Mlp([64, 24, 10], x => x.Tanh()), few, optimizer,
                new TrainingOptions { Epochs = 2, BatchSize = 48, Accumulate = count, Seed = 3, Device = Device.Cpu });
            trainer.Run();
            return (trainer.Arena.Save(), trainer.Results[^1]);
        }
    }

    /// <summary>
    /// Dropout draws anew for each part: parts that were dropped alike would make one step of the two halves of a batch of twins.
    /// </summary>
    [Test]
    public void PartsAreDroppedDifferently()
    {
        // All images alike, and labels too: without dropout the two parts have the same loss.
        byte[] pixels = new byte[8 * 64];
        Array.Fill(pixels, (byte)9);
        ImageSet twins = new(pixels, new int[8], 8, 8, 10, Digits.Train.Normalization!);
        float[] inOne = Weights(1), inTwo = Weights(2), again = Weights(2);
        Assert.That(again, Is.EqualTo(inTwo), "a seed repeats");
        Assert.That(inTwo, Is.Not.EqualTo(inOne));

        // What one part alone would give is the step of a batch of half the size.
        float[] half = Weights(1, 4);
        Assert.That(inTwo, Is.Not.EqualTo(half).Within(1e-6));

        float[] Weights(int parts, int batch = 8)
        {
            Sequential model = new(new Flatten(), new Dropout(0.5), new Linear(64, 10));
            using Trainer trainer = new(
                model, new Dataset("twins", twins.Take(batch), twins), new Sgd(0.1),
                new TrainingOptions { Epochs = 1, BatchSize = batch, Accumulate = parts });
            trainer.Run();
            return trainer.Arena.Save();
        }
    }

    [Test]
    public void AStepAllocatesNothingManaged([Values(1, 4)] int parts)
    {
        using CpuDevice device = new(1);
        using Trainer trainer = new(
            new Sequential(new Conv2d(1, 4, 3), new Relu(), new Flatten(), new Linear(144, 10)), Digits,
            new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
            new TrainingOptions { BatchSize = 32, Accumulate = parts, Device = device });
        using BatchLoader loader = BatchLoader.Shuffled(Digits.Train, 32, 1);
        loader.Start(1);
        long before = 0;
        for (int step = 0; step < 20 && loader.TryNext(out Batch batch); step++)
        {
            if (step == 5)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            trainer.Step(batch, 1, 1e-3);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(trainer.Steps, Is.EqualTo(20));
    }

    [TestCase(0, "1, 2, 4, 8, 16, 32")]
    [TestCase(3, "1, 2, 4, 8, 16, 32")]
    [TestCase(64, "1, 2, 4, 8, 16, 32")]
    public void PartsMustBeEqual(int parts, string allowed) => Assert.That(
        () => new Trainer(new Mlp(64, 10), Digits, new Sgd(0.1), new TrainingOptions { BatchSize = 32, Accumulate = parts }),
        Throws.ArgumentException.With.Message.Contains($"{parts} equal parts").And.Message.Contains(allowed));

    [Test]
    public void BatchNormSeesParts()
    {
        using Trainer whole = Create(1), parted = Create(4);
        whole.Run();
        parted.Run();
        Assert.That(parted.Arena.Save(), Is.Not.EqualTo(whole.Arena.Save()).Within(1e-4));
        Assert.That(parted.Results[^1].TrainLoss, Is.LessThan(2), "it learns all the same");

        static Trainer Create(int parts) => new(
            new Sequential(new Flatten(), new Linear(64, 32), new BatchNorm(32), new Relu(), new Linear(32, 10)), Digits,
            new Sgd(0.1),
            new TrainingOptions { Epochs = 1, BatchSize = 32, Accumulate = parts });
    }
}
