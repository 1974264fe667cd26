using System.Text.Json;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class RunJsonTests
{
    /// <summary>What follows from the stored parts, such as the layers' values, is there again.</summary>
    [Test]
    public void AnEpochWithItsScoreReadsBackWhole()
    {
        TrainingOptions options = new() { Epochs = 1, BatchSize = 128, Score = new ScoreOptions { Images = 128, Draws = 6 } };
        using Trainer trainer = new(new Mlp(64, 8, 10), Datasets.Digits(), new Sgd(0.1), options);
        EpochResult result = trainer.Run()[0];
        string json = JsonSerializer.Serialize(result, RunJson.Default.EpochResult);
        EpochResult read = JsonSerializer.Deserialize(json, RunJson.Default.EpochResult)!;
        Assert.Multiple(() =>
        {
            Assert.That(read.ToString(), Is.EqualTo(result.ToString()));
            Assert.That(read.Score!.ToString(), Is.EqualTo(result.Score!.ToString()));
            Assert.That(read.Score.Layers, Is.EqualTo(result.Score.Layers).And.Not.Empty);
            Assert.That(read.Score.LayerScores, Is.EqualTo(result.Score.LayerScores));
            Assert.That(JsonSerializer.Serialize(read, RunJson.Default.EpochResult), Is.EqualTo(json));
        });
    }
}
