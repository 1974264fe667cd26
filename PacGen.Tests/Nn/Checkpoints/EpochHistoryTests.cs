using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>What grows with a run stands beside its checkpoints, which stay as small as the first.</summary>
internal sealed class EpochHistoryTests
{
    /// <summary>
    /// The header of a checkpoint can be 16 MiB long; results within it ended runs for good once they were longer.
    /// </summary>
    [Test]
    public void TwoThousandEpochsOfALargeNetworkByLayer()
    {
        const int Epochs = 2000;
        using TemporaryFolder folder = new();
        string[] names = [.. new WideResNet(58, 3, 10, 3).Parameters.Select(parameter => parameter.Name)];
        Assert.That(names, Has.Length.GreaterThan(150), "a score for each");
        HistoryMark middle, end;
        using (EpochHistory history = new(folder.Path, folder.Path, null))
        {
            List<EpochResult> results = [];
            middle = history.Mark;
            for (int epoch = 1; epoch <= Epochs; epoch++)
            {
                results.Add(Result(epoch, names));
                if (epoch % 500 == 0)
                {
                    history.Append(results);
                    middle = epoch == Epochs / 2 ? history.Mark : middle;
                }
            }

            end = history.Mark;
        }

        Assert.That(end.Length, Is.GreaterThan(16 << 20), "more than a header holds");
        List<EpochResult> read = EpochHistory.Read(folder.Path, end, "checkpoint");
        Assert.That(read, Has.Count.EqualTo(Epochs));
        Assert.That(read[^1].Score!.LayerScores, Is.EqualTo(Result(Epochs, names).Score!.LayerScores));

        // An older checkpoint names a shorter part of the same file, also while a newer one's is behind it.
        Assert.That(EpochHistory.Read(folder.Path, middle, "checkpoint"), Has.Count.EqualTo(Epochs / 2));
        using EpochHistory again = new(folder.Path, folder.Path, middle);
        Assert.That(again.Mark, Is.EqualTo(middle));
        Assert.That(new FileInfo(folder[EpochHistory.FileName]).Length, Is.EqualTo(middle.Length));
    }

    [Test]
    public void TensOfThousandsOfEpochs()
    {
        const int Epochs = 30_000;
        using TemporaryFolder folder = new();
        List<EpochResult> results = [.. Enumerable.Range(1, Epochs).Select(epoch => Result(epoch, []))];
        using EpochHistory history = new(folder.Path, folder.Path, null);
        history.Append(results);
        Assert.That(
            EpochHistory.Read(folder.Path, history.Mark, "checkpoint").Select(result => result.Epoch),
            Is.EqualTo(Enumerable.Range(1, Epochs)));
    }

    /// <summary>A checkpoint after many epochs has the size of that after the first but for digits of numbers.</summary>
    [Test]
    public void CheckpointsDoNotGrow()
    {
        using TemporaryFolder folder = new();
        Dataset digits = Datasets.Digits();
        using Trainer trainer = new(
            new Mlp(64, 4, 10), new Dataset("few", digits.Train.Take(20), digits.Test.Take(10)), new Sgd(1e-3),
            new TrainingOptions
        {
            Epochs = 60, BatchSize = 20, Checkpoints = new CheckpointOptions(folder["run"]) { Keep = 100 },
                Score = new ScoreOptions { Images = 20, BatchSize = 20, Draws = 1 },
        });
        trainer.Run();
        long[] sizes = [.. new CheckpointFolder(folder["run"]).Checkpoints.Select(path => new FileInfo(path).Length)];
        Assert.That(sizes, Has.Length.EqualTo(61));
        Assert.That(sizes.Max() - sizes.Min(), Is.LessThan(120));
        Assert.That(File.ReadLines(folder["run", EpochHistory.FileName]).Count(), Is.EqualTo(60));
    }

    [Test]
    public void WhatIsNotTheCheckpointsHistoryIsRefused()
    {
        using TemporaryFolder folder = new();
        HistoryMark mark;
        using (EpochHistory history = new(folder.Path, folder.Path, null))
        {
            history.Append([Result(1, []), Result(2, [])]);
            mark = history.Mark;
        }

        byte[] good = File.ReadAllBytes(folder[EpochHistory.FileName]);
        File.WriteAllBytes(folder[EpochHistory.FileName], good[..^1]);
        Refused(mark, "bytes of");
        good[40] ^= 1;
        File.WriteAllBytes(folder[EpochHistory.FileName], good);
        Refused(mark, "checksum");
        good[40] ^= 1;
        File.WriteAllBytes(folder[EpochHistory.FileName], good);
        Refused(mark with { Count = 3 }, "2 epochs of 3");
        Refused(mark with { Length = long.MaxValue }, "bytes of");
        File.Delete(folder[EpochHistory.FileName]);
        Refused(mark, "it isn't there");

        void Refused(HistoryMark wrong, string says) => Assert.That(
            () => EpochHistory.Read(folder.Path, wrong, "step-1"),
            Throws.TypeOf<CheckpointException>().With.Message.Contains(says).And.Message.Contains("step-1"));
    }

    private static EpochResult Result(int epoch, string[] names) =>
        new(epoch, 1.0 / epoch, 0.5, 1.1 / epoch, 0.4, names.Length == 0 ? null : Score(epoch, names), 1.5) { StepLoss = 0.1 };

    private static PacGenScore Score(int epoch, string[] names)
    {
        PacGenScore template = Template.Value;
        return template
            with { LayerScores =
                [.. names.Select((name, i) => template.LayerScores[0] with { Name = name, Psi = (double)i / epoch })] };
    }

    private static Lazy<PacGenScore> Template { get; } = new(() =>
    {
        Dataset digits = Datasets.Digits();
        using Trainer trainer = new(
            new Mlp(64, 4, 10), new Dataset("few", digits.Train.Take(20), digits.Test.Take(10)), new Sgd(1e-3),
            new TrainingOptions { BatchSize = 20 });
        return trainer.Score(new ScoreOptions { Images = 20, BatchSize = 20, Draws = 1 })!;
    });
}
