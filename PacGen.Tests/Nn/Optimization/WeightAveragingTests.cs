using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// Averages of the weights: their values, what is evaluated and saved, and which statistics batch norm has there.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class WeightAveragingTests(string id) : DeviceFixture(id)
{
    private const double Decay = 0.8;

    private static readonly Dictionary<string, WeightAveraging> Averages = new()
    {
        ["swa"] = WeightAveraging.Swa(startEpoch: 2),
        ["swa, every second"] = WeightAveraging.Swa(startEpoch: 1, everyEpochs: 2),
        ["ema"] = WeightAveraging.Ema(Decay),
        ["ema, late"] = WeightAveraging.Ema(Decay, startEpoch: 2),
    };

    private static IEnumerable<string> Names => Averages.Keys;

    /// <summary>The mean of the ends of epochs, and a ← d·a + (1 − d)·w from the first weights on.</summary>
    [Test]
    public void IsTheAverageOfTheWeightsThatCount([ValueSource(nameof(Names))] string name)
    {
        const int Epochs = 4, Batches = 3, Batch = 10;
        SampleSet images = Datasets.Digits().Train.Take(Batches * Batch);
        Mlp model = new(64, 6, 10);
        using ParameterArena arena = new(model, Device, 1);
        using TrainingPipeline pipeline = new(
            model, arena, new Adam(1e-2), images, new PipelineOptions { Average = Averages[name] });
        List<double[]> counted = [];
        for (int epoch = 1; epoch <= Epochs; epoch++)
        {
            for (int batch = 0; batch < Batches; batch++)
            {
                float[] pixels = new float[Batch * 64], labels = new float[Batch];
                images.Gather([.. Enumerable.Range(batch * Batch, Batch)], pixels, labels);
                pipeline.Submit(pixels, labels, epoch, batch, 1e-2);
                Assert.That(pipeline.Complete().End, Is.EqualTo(StepEnd.Done));
                if (name == "ema" || (name == "ema, late" && epoch >= 2))
                {
                    Take();
                }
            }

            pipeline.EndEpoch(epoch);
            pipeline.EndEpoch(epoch);
            if ((name == "swa" && epoch >= 2) || (name == "swa, every second" && epoch % 2 == 1))
            {
                Take();
            }

            double[] expected = counted.Count == 0 ? Weights()
                : name.StartsWith("swa", StringComparison.Ordinal)
                    ? [.. counted[0].Select((_, i) => counted.Average(w => w[i]))]
                    : counted.Aggregate((a, w) => [.. a.Zip(w, (old, now) => (Decay * old) + ((1 - Decay) * now))]);
            Assert.That(
                new Region(pipeline.EvaluatedWeights).ToArray(), Is.EqualTo(expected).Within(1e-6), $"after epoch {epoch}");
        }

        void Take() => counted.Add(Weights());

        double[] Weights() => Array.ConvertAll(arena.Save(), w => (double)w);
    }

    [Test]
    public void TrainsTheSameInEveryWay([ValueSource(nameof(Names))] string name) => SameRun.Require(
        Device, () => new Adam(1e-2), partsWithin: 2e-3, Averages[name]);

    [Test]
    public void TrainsTheSameInEveryWayWithBatchNorm([ValueSource(nameof(Names))] string name) => SameRun.Require(
        Device, () => new Adam(1e-2), partsWithin: null, Averages[name]);

    /// <summary>
    /// Evaluation, saved weights and checkpoint's parameters are the average; training goes on as it would without.
    /// </summary>
    [Test]
    public void TheAverageIsWhatIsEvaluated([ValueSource(nameof(Names))] string name)
    {
        using TemporaryFolder folder = new();
        Dataset few = Few();
        TrainingOptions options = new() { Epochs = 3, BatchSize = 12, Device = Device };
        using Trainer plain = new(new Mlp(64, 6, 10), few, new Adam(1e-2), options);
        plain.Run();
        using Trainer trainer = new(new Mlp(64, 6, 10), few, new Adam(1e-2), options with
        {
            Average = Averages[name], Checkpoints = new CheckpointOptions(folder["run"]) { Keep = 100 },
        });
        trainer.Run();
        float[] average = trainer.Arena.Save();
        Assert.That(trainer.Evaluate(few.Train), Is.EqualTo(
            new LossAndAccuracy(trainer.Results[^1].TrainLoss, trainer.Results[^1].TrainAccuracy)));
        using SafetensorsFile file = SafetensorsFile.Open(new CheckpointFolder(folder["run"]).Checkpoints.Order().Last());
        Assert.That(trainer.Arena.Parameters.SelectMany(one => file.Read(one.Name)), Is.EqualTo(average));
        Assert.That(file.Read("average/trained"), Is.EqualTo(plain.Arena.Save()), "the weights that are trained");
        Assert.That(average, Is.Not.EqualTo(plain.Arena.Save()).Within(1e-4));

        // Loaded into another run, they are evaluated alike.
        using Trainer other = new(new Mlp(64, 6, 10), few, new Sgd(1), options);
        other.Arena.Load(average);
        Assert.That(other.Evaluate(few.Test), Is.EqualTo(
            new LossAndAccuracy(trainer.Results[^1].TestLoss, trainer.Results[^1].TestAccuracy)));
        if (name is "swa" or "ema, late")
        {
            Assert.That(trainer.Results[0].TestLoss, Is.EqualTo(plain.Results[0].TestLoss), "before it begins, w itself");
        }
    }

    /// <summary>Batch norm's statistics are those of the average: re-estimated at it, also in what is saved.</summary>
    [Test]
    public void StatisticsAreThoseOfTheAverage([Values("swa", "ema")] string name, [Values] bool perturbed)
    {
        Dataset few = Few();
        TrainingOptions options = new() { Epochs = 2, BatchSize = 20, Device = Device };
        Optimizer optimizer = perturbed ? new PerturbedOptimizer(new Adam(1e-2), eta: 0.01, gamma: 1) : new Adam(1e-2);
        using Trainer trainer = new(Normalised(), few, optimizer, options with { Average = Averages[name] });
        Assert.That(trainer.RunningStatistics, Is.EqualTo(RunningStatistics.Reestimated));
        trainer.Run();
        using Trainer other = new(
            Normalised(), few, new Sgd(1), options with { RunningStatistics = RunningStatistics.Reestimated });
        other.Arena.Load(trainer.Arena.Save());
        other.ReestimateStatistics();
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(other.Arena.SaveState()));
        Assert.That(trainer.Results[^1].TestLoss, Is.EqualTo(other.Evaluate(few.Test).Loss));
        Assert.That(
            () => new Trainer(Normalised(), few, optimizer, options with
            {
                Average = Averages[name], RunningStatistics = RunningStatistics.FromTrainingPass,
            }),
            Throws.ArgumentException.With.Message.Contains("average"));

        static Module Normalised() => new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Linear(6, 10));
    }

    /// <summary>A run that is stopped while it evaluates has the epoch's end in its average once.</summary>
    [Test]
    public void AnEpochCountsOnce()
    {
        using TemporaryFolder folder = new();
        Dataset few = Few();
        TrainingOptions options = new()
        {
            Epochs = 3, BatchSize = 12, Device = Device, Average = Averages["swa"],
            Checkpoints = new CheckpointOptions(folder["run"]),
        };
        using Trainer straight = new(new Mlp(64, 6, 10), few, new Adam(1e-2), options with { Checkpoints = null });
        straight.Run();
        using (CancellationTokenSource stop = new())
        using (Trainer stopped = new(new Mlp(64, 6, 10), few, new Adam(1e-2), options))
        {
            Assert.That(
                () => stopped.Run(progress: new Stopping(stop, epoch: 2), cancellation: stop.Token),
                Throws.InstanceOf<OperationCanceledException>());
            Assert.That(stopped.StoppedWhile, Is.EqualTo(TrainingPhase.Evaluating));
        }

        using Trainer resumed = new(new Mlp(64, 6, 10), few, new Adam(1e-2), options);
        resumed.Resume(folder["run"]);
        resumed.Run();
        Assert.That(resumed.Arena.Save(), Is.EqualTo(straight.Arena.Save()));
    }

    [Test]
    public void WhatCanNotBeIsRefused()
    {
        Assert.That(() => WeightAveraging.Swa(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => WeightAveraging.Swa(1, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => WeightAveraging.Ema(startEpoch: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That($"{Averages["swa, every second"]}; {Averages["ema"]}", Is.EqualTo(
            "SWA(from epoch 1, every 2); EMA(decay 0.8, from epoch 1)"));
    }

    private static Dataset Few()
    {
        Dataset digits = Datasets.Digits();
        return new("digits", digits.Train.Take(60), digits.Test.Take(20));
    }

    private sealed class Stopping(CancellationTokenSource stop, int epoch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == TrainingPhase.Evaluating && value.Epoch == epoch)
            {
                stop.Cancel();
            }
        }
    }
}
