using System.Text.Json.Nodes;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// A run that gets no better ends, at the same epoch whether it was interrupted or not, and its best checkpoint is kept.
/// </summary>
internal sealed class EarlyStopTests
{
    private const int Epochs = 30, Patience = 2;

    [Test]
    public void EndsWhereNothingGotBetterAndKeepsTheBest(
        [Values(EpochQuantity.TestAccuracy, EpochQuantity.TestLoss, EpochQuantity.Psi)] EpochQuantity by)
    {
        using TemporaryFolder folder = new();
        using Trainer whole = Create(new TrainingOptions { BestBy = by });
        whole.Run();
        Assert.That(whole.StoppedEarly, Is.False, "no patience was given");
        double Good(EpochResult result) => by == EpochQuantity.TestAccuracy ? result.TestAccuracy : by == EpochQuantity.TestLoss
            ? -result.TestLoss : -result.Score!.Psi;
        int best = 1, end = 1;
        while (end - best < Patience)
        {
            end++;
            Assert.That(end, Is.LessThan(Epochs), "the run must have an end before its last epoch");
            best = Good(whole.Results[end - 1]) > Good(whole.Results[best - 1]) ? end : best;
        }

        TrainingOptions options = new()
        {
            BestBy = by, EarlyStop = Patience, LogPath = folder["log"], Checkpoints = new CheckpointOptions(
                folder["run"]) { EverySteps = 7, Keep = 1000 },
        };
        float[] weights;
        using (Trainer stopped = Create(options))
        {
            IReadOnlyList<EpochResult> results = stopped.Run();
            Assert.That((stopped.StoppedEarly, results.Count, stopped.Best!.Epoch), Is.EqualTo((true, end, best)));
            Assert.That(
                results.Select(result => result.TestLoss), Is.EqualTo(whole.Results.Take(end).Select(result => result.TestLoss)),
                "the same epochs");
            weights = stopped.Arena.Save();
        }

        byte[] wholeLog = File.ReadAllBytes(folder["log"]);
        string[] log = File.ReadAllLines(folder["log"]);
        Assert.That(log, Has.Length.EqualTo(end + 2));
        Assert.That((string?)JsonNode.Parse(log[^1])!["stopped"], Does.Contain($"{by}"));
        using (SafetensorsFile kept = SafetensorsFile.Open(new CheckpointFolder(folder["run"]).Best))
        {
            Assert.That(kept.Metadata["epochs"], Is.EqualTo($"{best}"));
        }

        // From a checkpoint in the middle, and from its end.
        foreach (string checkpoint in new[] { new CheckpointFolder(folder["run"]).Checkpoints[9], new CheckpointFolder(
            folder["run"]).Checkpoints[0] })
        {
            File.WriteAllBytes(folder["log"], wholeLog);
            string again = folder[Path.GetFileNameWithoutExtension(checkpoint)];
            Directory.CreateDirectory(again);
            File.Copy(checkpoint, Path.Combine(again, Path.GetFileName(checkpoint)));
            File.Copy(folder["run", "epochs.jsonl"], Path.Combine(again, "epochs.jsonl"));
            using Trainer resumed = Create(options with { Checkpoints = new CheckpointOptions(again) });
            resumed.Resume(again);
            resumed.Run();
            Assert.That(
                (resumed.StoppedEarly, resumed.Results.Count, resumed.Best!.Epoch), Is.EqualTo((true, end, best)), checkpoint);
            Assert.That(resumed.Arena.Save(), Is.EqualTo(weights), checkpoint);
            Assert.That(File.ReadAllLines(folder["log"]), Has.Length.EqualTo(end + 2), checkpoint);
        }

        // With more patience the run goes on; by another quantity it is another run.
        using Trainer patient = Create(options with { EarlyStop = null, Checkpoints = null, LogPath = null });
        patient.Resume(folder["run"]);
        patient.Run();
        Assert.That(patient.Arena.Save(), Is.EqualTo(whole.Arena.Save()));
        using Trainer other = Create(options with { BestBy = EpochQuantity.TrainLoss });
        Assert.That(() => other.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            $"best by ({by} there, TrainLoss here)"));
    }

    [Test]
    public void WhatCannotBeIsAnError()
    {
        Assert.That(
            () => Create(new TrainingOptions { EarlyStop = 0 }), Throws.ArgumentException.With.Message.Contains("at least 1"));
        Assert.That(
            () => new Trainer(
                new Mlp(64, 10), Datasets.Digits(), new Sgd(0.1), new TrainingOptions { BestBy = EpochQuantity.Psi }),
            Throws.ArgumentException.With.Message.Contains("no score"));
    }

    private static Trainer Create(TrainingOptions options)
    {
        Dataset digits = Datasets.Digits();
        return new Trainer(
            new Mlp(64, 16, 10), new Dataset("few", digits.Train.Take(400), digits.Test.Take(60)), new Adam(0.02), options with
        {
            Epochs = Epochs, BatchSize = 20, Score = new ScoreOptions { Images = 40, BatchSize = 20, Draws = 1 },
        });
    }
}
