using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// One run however its steps are taken: in flight, each waited for, resumed from any checkpoint, in parts.
/// </summary>
internal static class SameRun
{
    /// <summary>Requires the same bits, and of a batch in parts nearly so.</summary>
    /// <param name="device">Where.</param>
    /// <param name="optimizer">How the weights are updated.</param>
    /// <param name="partsWithin">How near a batch in parts comes; null for a network with batch norm, which sees parts.</param>
    /// <param name="average">Which average of the weights is evaluated.</param>
    public static void Require(Device device, Func<Optimizer> optimizer, double? partsWithin, WeightAveraging? average = null)
    {
        using TemporaryFolder folder = new();
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(60), digits.Test.Take(20));
        TrainingOptions options = new()
        {
            Epochs = 3, BatchSize = 12, ClipNorm = 1, Device = device, Average = average,
            Schedule = LearningRateSchedule.Cosine(3).WithWarmUp(1),
        };
        using Trainer straight = Create(options);
        straight.Run();
        float[] expected = Numbers(straight);
        Assert.That(expected, Has.All.Matches<float>(float.IsFinite));
        using (Trainer kept =
            Create(options with { Checkpoints = new CheckpointOptions(folder["run"]) { EverySteps = 1, Keep = 100 } }))
        {
            kept.Run();
            Assert.That(Numbers(kept), Is.EqualTo(expected), "each step waited for");
        }

        int seed = Random.Shared.Next(), at = new Random(seed).Next(1, 15);
        CheckpointFolder checkpoints = new(folder["run"]);
        foreach (string late in checkpoints.Checkpoints.Where(path => string.CompareOrdinal(path, checkpoints.PathOf(at)) > 0))
        {
            File.Delete(late);
        }

        using Trainer resumed = Create(options with { Checkpoints = new CheckpointOptions(folder["run"]) });
        Assert.That(resumed.Resume(folder["run"]).Steps, Is.EqualTo(at));
        resumed.Run();
        Assert.That(Numbers(resumed), Is.EqualTo(expected), $"resumed at step {at}");
        Assert.That(
            resumed.Results.Select(result => (result.TrainLoss, result.TestAccuracy)),
            Is.EqualTo(straight.Results.Select(result => (result.TrainLoss, result.TestAccuracy))));
        if (partsWithin is { } within)
        {
            using Trainer parts = Create(options with { Accumulate = 3 });
            parts.Run();
            Assert.That(Numbers(parts), Is.EqualTo(expected).Within(within), "in parts");
        }

        Trainer Create(TrainingOptions with) => new(
            partsWithin is null
                ? new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Linear(6, 10))
                : new Mlp(64, 6, 10),
            few, optimizer(), with);

        // The weights, and the running statistics.
        static float[] Numbers(Trainer trainer) => [.. trainer.Arena.Save(), .. trainer.Arena.SaveState()];
    }
}
