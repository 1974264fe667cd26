using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// Nothing that a run keeps becomes NaN or infinite without its saying so: after a step that ends badly running statistics are as
/// before it, like the weights; and no file, score or evaluation takes numbers that are not finite.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class NonFiniteStateTests(string id) : DeviceFixture(id)
{
    private const string Variance = "layers.2.runningVar";
    private static readonly Dataset Digits = Datasets.Digits();
    private static readonly Dataset Few = new("digits", Digits.Train.Take(96), Digits.Test.Take(30));

    /// <summary>
    /// Weights of 1e20 make a variance of 1e40, beyond single precision: (x − mean)/√∞ is 0, so loss and gradient are finite, ln
    /// 10 and 0.
    /// </summary>
    [Test]
    public void ABatchNormThatOverflowsIsNamed([Values(1, 2)] int parts)
    {
        using TemporaryFolder folder = new();
        using Trainer trainer =
            new(Overflowing(), Few, new Sgd(0.1), Options() with { Accumulate = parts, LogPath = folder["log"] });
        float[] weights = trainer.Arena.Save(), state = trainer.Arena.SaveState();
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, "layers.2")), error.Message);
        Assert.That(
            error.Message, Does.Contain($"The running statistic {Variance} became Infinity at epoch 1, batch 1 of 8 (step 1)")
            .And.Contain("start from smaller weights").And.Contain("It began in layers.2 (BatchNorm)")
            .And.Contain("The weights and the running statistics are those of step 0"));
        Assert.That(trainer.Arena.Save(), Is.EqualTo(weights));
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(state));
        Assert.That(File.ReadAllLines(folder["log"])[^1], Does.Contain("\"error\"").And.Contain(Variance));
    }

    /// <summary>
    /// Statistics that the run leaves alone can't overflow; those that are estimated anew are as before where that fails.
    /// </summary>
    [Test]
    public void StatisticsThatAreEstimatedAnewStayWhereThatOverflows()
    {
        using Trainer trainer =
            new(Overflowing(), Few, new Sgd(0.1), Options() with { RunningStatistics = RunningStatistics.Reestimated });
        float[] state = trainer.Arena.SaveState();
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.ReestimateStatistics())!;
        Assert.That(error.Layer, Is.EqualTo("layers.2"));
        Assert.That(error.Message, Does.Contain($"{Variance} Infinity").And.Contain("The statistics are as they were"));
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(state));
    }

    /// <summary>
    /// A state that follows e^(10·step), beyond single precision at step 9, the tenth: s ← (s + e^(10t))/2 for t = 0 … 8 is what
    /// stays, with the weights after nine steps, however many are in flight on a GPU.
    /// </summary>
    [Test]
    public void AStepThatOverflowsIsTheLastThatChangesAnything([Values(1, 2)] int parts, [Values] bool momentum)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Options() with { BatchSize = 6, Accumulate = parts };
        Optimizer optimizer = new Sgd(0.1, momentum: momentum ? 0.9 : 0);
        using Trainer good = new(
            new Clock(0), Few, optimizer, options
            with { Checkpoints = new CheckpointOptions(folder["run"]) { EverySteps = 9, Keep = 100 } });
        good.Run();
        using SafetensorsFile nine = SafetensorsFile.Open(Path.Combine(folder["run"], "step-0000000009.safetensors"));

        // With parts of a batch, each part has a step number of its own.
        using Trainer failing = new(new Clock(10f / parts), Few, optimizer, options);
        TrainingException error = Assert.Throws<TrainingException>(() => failing.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((10L, (string?)null)), error.Message);
        Assert.That(error.Message, Does.Contain("The running statistic clock became Infinity").And.Contain("those of step 9"));
        Assert.That(
            failing.Arena.Save(), Is.EqualTo(failing.Arena.Parameters.SelectMany(parameter => nine.Read(parameter.Name))));
        double expected = 0;
        for (int t = 0; t < 9; t++)
        {
            // Each part moves the state of before the step; what they come to is averaged.
            expected = (expected + Enumerable.Range(0, parts).Average(part => Math.Exp(10.0 / parts * ((t * parts) + part)))) / 2;
        }

        Assert.That(failing.Arena.SaveState()[0], Is.EqualTo(expected).Within(1e-3).Percent);
    }

    /// <summary>
    /// λw = 1e23 has a square beyond single precision: Adam's v would be infinite for ever and its step 0, with loss and weights
    /// finite.
    /// </summary>
    [Test]
    public void AnOptimizersStateThatOverflowsIsNamed()
    {
        using Trainer trainer = new(new Idle(), Few, new Adam(1e-3, weightDecay: 0.01), Options());
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, (string?)null)), error.Message);
        Assert.That(error.Message, Does.Contain("The update made what ").And.Contain("(v) Infinity for idle").And.Contain(
            "weight decay"));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void NothingTakesAStateThatIsNotFinite(float value)
    {
        using TemporaryFolder folder = new();
        Sequential model = Sound();
        TrainingOptions options = Options() with { Checkpoints = new CheckpointOptions(folder["run"]) };
        using (Trainer trainer = new(model, Few, new Sgd(0.1), options))
        {
            trainer.Run();
            Damage(trainer, value);
            string named = $"{Variance} has a value {value}";
            Assert.That(() => trainer.Evaluate(Few.Test), Throws.TypeOf<TrainingException>().With.Message.Contains(named));
            Assert.That(() => trainer.Predict(Few.Test), Throws.TypeOf<TrainingException>().With.Message.Contains(named));
            Assert.That(
                () => trainer.Score(new ScoreOptions { BatchSize = 12 }),
                Throws.TypeOf<TrainingException>().With.Message.Contains(named));
            Assert.That(
                () => { using EmpiricalLoss loss = new(model, trainer.Arena, Few.Test); loss.Value(); },
                Throws.TypeOf<TrainingException>().With.Message.Contains(named));
        }

        // A run from such a state keeps no checkpoint of it, and names it at its first step where it keeps none.
        using (Trainer trainer =
            new(Sound(), Few, new Sgd(0.1), Options() with { Checkpoints = new CheckpointOptions(folder["other"]) }))
        {
            Damage(trainer, value);
            Assert.That(() => trainer.Run(), Throws.TypeOf<TrainingException>().With.Message.Contains(
                $"is not written: {Variance} has a value {value}"));
            Assert.That(Directory.GetFiles(folder["other"], "*.safetensors"), Is.Empty);
        }

        using (Trainer trainer = new(Sound(), Few, new Sgd(0.1), Options()))
        {
            Damage(trainer, value);
            Assert.That(
                () => trainer.Run(),
                Throws.TypeOf<TrainingException>().With.Message.Contains(
                    $"{Variance}, which is {value} before the step").And.Message.Contains("start from a state that is finite"));
        }

        // A checkpoint with such a number, as another program could leave it.
        string newest = new CheckpointFolder(folder["run"]).Checkpoints[0];
        Dictionary<string, string> texts;
        List<NamedTensor> arrays = [];
        using (SafetensorsFile file = SafetensorsFile.Open(newest))
        {
            texts = new(file.Metadata);
            foreach ((string name, SafetensorInfo info) in file.Tensors)
            {
                float[] values = file.Read(name);
                values[^1] = name == Variance ? value : values[^1];
                arrays.Add(new NamedTensor(name, [.. info.Shape], values));
            }
        }

        texts.Remove("sha256");
        SafetensorsFile.Save(newest, arrays, texts);
        using Trainer resumed = new(Sound(), Few, new Sgd(0.1), options);
        float[] before = resumed.Arena.Save();
        Assert.That(
            () => resumed.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
                $"{Variance} has a value {value}").And.Message.Contains("Remove it"));
        Assert.That(resumed.Arena.Save(), Is.EqualTo(before));
    }

    /// <summary>A state of one number takes no average of two.</summary>
    [Test]
    public void AnAverageOfAnotherShapeIsRefused()
    {
        StateTensor state = new(new Shape(1), 0);
        Assert.That(
            () => new TrainingContext(1).Average(state, Tensor.Input(new Shape(2), "x"), 0.1),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(1)").And.Message.Contains("(2)"));
    }

    private TrainingOptions Options() => new() { BatchSize = 12, Epochs = 1, Device = Device };

    private static Sequential Sound() => new(new Flatten(), new Linear(64, 8), new BatchNorm(8), new Linear(8, 10));

    private static Sequential Overflowing() =>
        new(new Flatten(), new Linear(64, 8, initializer: Initializer.Constant(1e20)), new BatchNorm(8), new Linear(8, 10));

    private static void Damage(Trainer trainer, float value) =>
        trainer.Arena.States.Single(state => state.Name == Variance).Region!.Value.Slice(7, 1).Write([value]);

    /// <summary>Keeps a number that has nothing to do with its output.</summary>
    private sealed class Clock(float factor) : Module
    {
        private readonly Linear linear = new(64, 10);
        private readonly StateTensor clock = new(new Shape(1), 0);

        public override Tensor Forward(Tensor x)
        {
            Context?.Average(clock, (Context.Step * factor).Exp().Reshape(1), 0.5);
            return linear.Forward(x.Flatten());
        }
    }

    /// <summary>Has a weight of 1e25 that its output does not depend on.</summary>
    private sealed class Idle : Module
    {
        private readonly Linear linear = new(64, 10);
        private readonly Parameter idle = new(new Shape(1), Initializer.Constant(1e25));

        public override Tensor Forward(Tensor x) => linear.Forward(x.Flatten()) + (idle.Tensor * 0f);
    }
}
