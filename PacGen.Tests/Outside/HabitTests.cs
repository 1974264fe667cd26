using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>What people who come from other libraries reach for first.</summary>
internal sealed class HabitTests
{
    private static readonly TrainingOptions Short = new() { Epochs = 2, BatchSize = 64 };

    [Test]
    public void ATrainedNetworkIsEvaluatedAndPredicts()
    {
        Dataset digits = Datasets.Digits();
        using Trainer trainer = new(new Mlp(64, 32, 10), digits, new Adam(3e-3), Short);
        trainer.Run();
        LossAndAccuracy found = trainer.Evaluate(digits.Test);
        int[] classes = trainer.PredictClasses(digits.Test);
        double right = classes.Zip(digits.Test.Labels.ToArray()).Count(pair => pair.First == (int)pair.Second);
        Assert.Multiple(() =>
        {
            Assert.That(right / digits.Test.Count, Is.EqualTo(found.Accuracy).Within(1e-12));
            Assert.That(found.ToString(), Does.StartWith("loss ").And.Contain(", accuracy ").And.EndWith("%"));
            Assert.That(classes, Has.Some.GreaterThan(0));
        });
    }

    /// <summary>Without <c>using</c>, or behind its block.</summary>
    [Test]
    public void ATrainerThatIsDisposedSaysSo()
    {
        Dataset digits = Datasets.Digits();
        Trainer trainer = new(new Mlp(64, 8, 10), digits, new Sgd(0.1), Short);
        trainer.Dispose();
        trainer.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => trainer.Run(), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => trainer.Resume("folder"), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => trainer.Evaluate(digits.Test), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => trainer.Evaluate(digits.Test, [Metric.Accuracy]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => trainer.PredictClasses(digits.Test), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => trainer.Score(), Throws.TypeOf<ObjectDisposedException>());
        });
    }

    /// <summary>The batch size of training is another one.</summary>
    [Test]
    public void AScoreOfFewImagesSaysWhichBatchSizeToSet()
    {
        Dataset few = Datasets.Digits() with { Train = Datasets.Digits().Train.Take(20) };
        using Trainer trainer = new(new Mlp(64, 8, 10), few, new Sgd(0.1), Short with { BatchSize = 5 });
        Assert.That(
            () => trainer.Score(),
            Throws.ArgumentException.With.Message.Contains("and the 20 images: set ScoreOptions.BatchSize"));
        Assert.That(double.IsFinite(trainer.Score(new ScoreOptions { BatchSize = 20 }).Psi));
    }

    [Test]
    public void PredictionStops()
    {
        Dataset digits = Datasets.Digits();
        using Trainer trainer = new(new Mlp(64, 8, 10), digits, new Sgd(0.1), Short);
        CancellationToken stopped = new(canceled: true);
        Assert.That(() => trainer.Predict(digits.Test, stopped), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void ANetworkPrintsItsLayers()
    {
        Sequential model = new(new Flatten(), new Linear(64, 32), new Relu(), new Linear(32, 10, bias: false));
        Assert.That(model.ToString().Split('\n'), Is.EqualTo(new[]
        {
            "Sequential, 2,400 parameters",
            "  layers.0 Flatten",
            "  layers.1 Linear: weight (64, 32), bias (32)",
            "  layers.2 Relu",
            "  layers.3 Linear: weight (32, 10)",
        }));
    }

    /// <summary>A codec of one's own takes the place of that of PacGen.Images.</summary>
    [Test]
    public void AnotherCodecDecodes()
    {
        string folder = Directory.CreateTempSubdirectory("pacgen-codec-").FullName;
        ImageCodec? before = ImageCodec.Current;
        try
        {
            foreach (string name in (string[])["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"])
            {
                string path = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)name[^5]]);
            }

            ImageCodec.Current = new LastByte();
            Dataset data = Datasets.Load($"folder:{folder}", new DataOptions { CacheFolder = Path.Combine(folder, "cache") });
            Assert.That(data.Train.SampleShape.ToString(), Is.EqualTo("(2, 3, 3)"));
        }
        finally
        {
            ImageCodec.Current = before;
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Images of 2×3 of the file's last byte.</summary>
    private sealed class LastByte : ImageCodec
    {
        public override EncodedImage Open(byte[] file) => new Filled(file[^1]);

        private sealed class Filled(byte value) : EncodedImage
        {
            public override int Height => 2;

            public override int Width => 3;

            public override string? Decode(int height, int width, Span<byte> pixels)
            {
                pixels.Fill(value);
                return null;
            }

            public override void Dispose()
            {
            }
        }
    }
}
