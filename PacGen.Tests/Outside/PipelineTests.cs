using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>A training loop of one's own around the pipeline that the trainer uses.</summary>
internal sealed class PipelineTests
{
    /// <summary>
    /// A batch in parts is the whole batch up to rounding, also a smaller one in parts of the same size; the trainer's loop gives
    /// the same weights.
    /// </summary>
    [Test]
    public void ABatchInPartsIsTheWholeBatch()
    {
        float[] whole = Trained(new PipelineOptions()), parts = Trained(new PipelineOptions { BatchSize = 12, Parts = 3 });
        Assert.That(parts, Is.EqualTo(whole).Within(1e-5));
        Assert.That(Trained(new PipelineOptions()), Is.EqualTo(whole));
    }

    [TestCase(0, 12)]
    [TestCase(2, 0)]
    [TestCase(5, 12)]
    public void PartsThatCannotBeAreRefused(int parts, int batchSize) => Assert.That(
        () => Trained(new PipelineOptions { BatchSize = batchSize, Parts = parts }),
        Throws.ArgumentException.With.Message.Contains($"in {parts} equal parts"));

    [Test]
    public void ABatchNeedsALabelForEachImage()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 4, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using TrainingPipeline pipeline = new(model, arena, new Sgd(0.1), digits.Train);
        Assert.That(() => pipeline.Submit(new float[64], [], 1, 0, 0.1), Throws.ArgumentException);
        Assert.That(() => pipeline.Submit(new float[65], [1, 2], 1, 0, 0.1), Throws.ArgumentException);
    }

    private static float[] Trained(PipelineOptions options)
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 4, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using TrainingPipeline pipeline = new(model, arena, new Sgd(0.1), digits.Train.Take(30), options);
        using BatchLoader loader = BatchLoader.Shuffled(digits.Train.Take(30), 12, seed: 1);
        for (int epoch = 1; epoch <= 2; epoch++)
        {
            loader.Start(epoch);
            while (loader.TryNext(out Batch batch))
            {
                pipeline.Submit(batch, epoch, 0.1);
                CompleteTo(pipeline.Depth - 1);
            }
        }

        CompleteTo(0);
        Assert.That(pipeline.Steps, Is.EqualTo(6));
        return arena.Save();

        void CompleteTo(int most)
        {
            while (pipeline.InFlight > most)
            {
                Assert.That(pipeline.Complete().End, Is.EqualTo(StepEnd.Done));
            }
        }
    }
}
