using System.Text;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>TensorBoard's event files: the format, what stands in them, and that a resumed run says nothing twice.</summary>
internal sealed class EventFileTests
{
    private const int Epochs = 3, StepsOfAnEpoch = 22;

    private static readonly string[] EpochTags =
        ["loss/train", "loss/test", "loss/gap", "accuracy/train", "accuracy/test", "images_per_second", "psi", "psi_kappa_share"];

    /// <summary>The value that the CRC catalogues give for the digits 1 to 9.</summary>
    [Test]
    public void TheReaderKnowsCrc32C() =>
        Assert.That(EventReader.Crc(Encoding.ASCII.GetBytes("123456789")), Is.EqualTo(0xE306_9283));

    [Test]
    public void HoldsScalarsOfAnyStepAndLength()
    {
        using TemporaryFolder folder = new();
        string longTag = new('x', 300);
        using (EventFile file = new(folder["tb"], null, 0, null))
        {
            Assert.That(Directory.Exists(folder["tb"]), Is.False, "chosen, not begun");
            file.Begin();
            file.Write(0, ("a", 1.5));
            file.Write(127, ("b", double.NaN), (longTag, -1e300));
            file.Write(long.MaxValue);
            file.Write(128, ("ψ", 0));
        }

        IReadOnlyList<EventReader> events = EventReader.ReadFolder(folder["tb"]);
        Assert.That(events[0].Version, Is.EqualTo("brain.Event:2"));
        Assert.That(events.Skip(1).Select(one => one.Step), Is.EqualTo(new[] { 0, 127, long.MaxValue, 128 }));
        Assert.That(
            events.SelectMany(one => one.Scalars),
            Is.EqualTo(new[] { ("a", 1.5f), ("b", float.NaN), (longTag, float.NegativeInfinity), ("ψ", 0f) }));
        double now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        Assert.That(events.Select(one => one.Time), Is.Ordered.And.All.InRange(now - 3600, now));
    }

    [Test]
    public void HasEachEpochAndTheStepsBetween()
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = Create(new TrainingOptions { TensorBoardFolder = folder["tb"] });
        IReadOnlyList<EpochResult> results = trainer.Run();
        List<(string Tag, long Step, float Value)> scalars = Scalars(folder["tb"]);
        Assert.That(scalars.Select(one => (one.Tag, one.Step)), Is.Unique);
        Assert.That(scalars.Select(one => one.Tag).Distinct(), Is.EquivalentTo(EpochTags.Concat(["loss/step", "learning_rate"])));
        foreach (EpochResult result in results)
        {
            float[] values = [.. EpochTags.Where(tag => tag != "images_per_second").Select(
                tag => scalars.Single(one => one.Tag == tag && one.Step == result.Epoch * StepsOfAnEpoch).Value)];
            Assert.That(values, Is.EqualTo(new[]
            {
                (float)result.TrainLoss, (float)result.TestLoss, (float)result.Gap, (float)result.TrainAccuracy, (
                    float)result.TestAccuracy, (float)result.Score!.Psi, (float)result.Score.KappaShare,
            }));
        }

        (string, long Step, float Value)[] rates = [.. scalars.Where(one => one.Tag == "learning_rate")];
        Assert.That(
            rates.Select(one => one.Step), Is.EqualTo(Enumerable.Range(1, Epochs * StepsOfAnEpoch)),
            "fewer than 50 steps an epoch: each of them");
        Assert.That(rates.Select(one => one.Value), Is.EqualTo(rates.Select(one =>
            (float)(0.1 * Schedule.Factor(
                ((one.Step - 1) / StepsOfAnEpoch) + ((double)((one.Step - 1) % StepsOfAnEpoch) / StepsOfAnEpoch))))));
    }

    [Test]
    public void AResumedRunSaysNothingTwice()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { TensorBoardFolder = folder["tb"], Checkpoints = new CheckpointOptions(
            folder["run"]) { EverySteps = 1, Keep = 1000 } };
        using (Trainer trainer = Create(options))
        {
            trainer.Run();
        }

        List<(string Tag, long Step, float Value)> expected = Scalars(folder["tb"]);
        string file = Directory.GetFiles(folder["tb"]).Single();
        byte[] whole = File.ReadAllBytes(file);
        IReadOnlyList<string> all = new CheckpointFolder(folder["run"]).Checkpoints;
        foreach (int step in new[] { 0, StepsOfAnEpoch, random.Next(1, Epochs * StepsOfAnEpoch) })
        {
            // As a kill leaves it: with steps that the checkpoint does not have, the last of them cut off.
            File.WriteAllBytes(file, whole[..^3]);
            using Trainer resumed = Resumed($"from{step}", step);
            resumed.Run();
            Assert.That(Plain(Scalars(folder["tb"])), Is.EqualTo(Plain(expected)), $"seed {seed}, from step {step}");
            Assert.That(Directory.GetFiles(folder["tb"]), Has.Length.EqualTo(1));
        }

        // Without the old file, a new one begins by declaring later steps void.
        File.Delete(file);
        using Trainer elsewhere = Resumed("lost", 30);
        elsewhere.Run();
        IReadOnlyList<EventReader> events = EventReader.ReadFolder(folder["tb"]);
        Assert.That(events[0].Version, Is.EqualTo("brain.Event:2"));
        Assert.That((events[1].Start, events[1].Step), Is.EqualTo((true, 31L)));
        Assert.That(Plain(Scalars(folder["tb"])), Is.EqualTo(Plain(expected).Where(one => one.Step > 30)));

        Trainer Resumed(string name, int step)
        {
            Directory.CreateDirectory(folder[name]);
            File.Copy(all[^(step + 1)], Path.Combine(folder[name], Path.GetFileName(all[^(step + 1)])));
            File.Copy(folder["run", "epochs.jsonl"], folder[name, "epochs.jsonl"]);
            Trainer trainer = Create(options with { Checkpoints = new CheckpointOptions(folder[name]) });
            Assert.That(trainer.Resume(folder[name]).Steps, Is.EqualTo(step));
            return trainer;
        }
    }

    [Test]
    public void AnotherRunsFolderIsRefused()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { TensorBoardFolder = folder["tb"] };
        using Trainer first = Create(options), second = Create(options), third = Create(
            options with { TensorBoardFolder = folder["file"] });
        first.Run();
        Assert.That(() => second.Run(), Throws.TypeOf<TrainingException>().With.Message.Contains(
            "already holds events").And.Message.Contains("another folder"));
        File.WriteAllText(folder["file"], "");
        Assert.That(() => third.Run(), Throws.TypeOf<TrainingException>().With.Message.Contains("can't be written"));
    }

    private static LearningRateSchedule Schedule { get; } = LearningRateSchedule.Cosine(Epochs);

    private static Trainer Create(TrainingOptions options)
    {
        Dataset digits = Datasets.Digits();
        return new Trainer(
            new Mlp(64, 16, 10), new Dataset("few", digits.Train.Take(650), digits.Test.Take(100)), new Sgd(0.1), options with
        {
            Epochs =
                Epochs, BatchSize = 30, Schedule = Schedule, Score = new ScoreOptions { Images = 60, BatchSize = 30, Draws = 1 },
        });
    }

    private static List<(string Tag, long Step, float Value)> Scalars(string folder) =>
        [.. EventReader.ReadFolder(folder).SelectMany(one => one.Scalars.Select(scalar => (scalar.Tag, one.Step, scalar.Value)))];

    /// <summary>Without what a clock decides.</summary>
    private static IEnumerable<(string Tag, long Step, float Value)> Plain(
        IEnumerable<(string Tag, long Step, float Value)> scalars) =>
        scalars.Where(one => one.Tag != "images_per_second");
}
