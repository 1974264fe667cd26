using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>A run whose numbers overflow stops and names the step and the layer where that began.</summary>
internal sealed class NonFiniteTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [Test]
    public void ACustomModuleThatOverflowsIsNamed([Values(1, 2, 5)] int parts, [Values] bool perturbed)
    {
        Sequential model = new(new Flatten(), new Linear(64, 12), new Overflow(), new Linear(12, 10));
        using TemporaryFolder folder = new();
        using Trainer trainer =
            new(model, Digits, Optimizer(perturbed), Options() with { Accumulate = parts, LogPath = folder["log"] });
        float[] before = trainer.Arena.Save();
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, "layers.2")));
        Assert.That(error.Message, Does.Contain("layers.2 (Overflow)").And.Contain(
            "epoch 1, batch 1 of 144 (step 1)").And.Contain("lower the learning rate"));
        Assert.That(error.Message, perturbed ? Does.Contain("larger η") : Does.Not.Contain("η"));
        Assert.That(trainer.Arena.Save(), Is.EqualTo(before));
        Assert.That(File.ReadAllLines(folder["log"])[^1], Does.Contain("\"error\"").And.Contain("layers.2"));
    }

    /// <summary>Modules of modules, one of which calls its parts' Forward itself.</summary>
    [TestCase("conv.weight", "conv")]
    [TestCase("blocks.1.second.weight", "blocks.1.second")]
    [TestCase("head.weight", "head")]
    public void ALayerWithHugeWeightsIsNamed(string parameter, string layer)
    {
        using Trainer trainer = new(new Net(), Digits, new Sgd(0.1), Options());
        Fill(trainer, parameter, 3e38f);
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, layer)), error.Message);
    }

    /// <summary>What a module of one's own computes between its parts is in no part: the message says behind which.</summary>
    [Test]
    public void WhatLiesBetweenLayersIsPlaced()
    {
        using Trainer trainer = new(new Between(), Digits, new Sgd(0.1), Options());
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That(error.Layer, Is.Null);
        Assert.That(error.Message, Does.Contain("Between behind first, whose Square (10, 12) has a value Infinity"));
    }

    [TestCase("conv1.weight", "conv1")]
    [TestCase("layer1.0.conv2.weight", "layer1.0.conv2")]
    [TestCase("layer2.0.shortcut.0.weight", "layer2.0.shortcut.0")]
    [TestCase("layer3.0.bn2.weight", "layer3.0.bn2")]
    [TestCase("linear.weight", "linear")]
    public void ALayerOfAWideResNetIsNamed(string parameter, string layer)
    {
        using Trainer trainer = new(new WideResNet(10, 1, 10, 1), Small(40), new Sgd(0.1), Options());
        Fill(trainer, parameter, 3e38f);
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, layer)), error.Message);
        Assert.That(error.Message, Does.Contain(layer));
    }

    [Test]
    public void AWeightThatIsNaNIsNamed([Values] bool perturbed)
    {
        using Trainer trainer = new(new Mlp(64, 16, 12, 10), Digits, Optimizer(perturbed), Options());
        Region weight = trainer.Arena.Segment(trainer.Arena.Weights, 2);
        weight.Slice(17, 1).Write([float.NaN]);
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That(error.Layer, Is.EqualTo("layers.1"));
        Assert.That(error.Message, Does.Contain("layers.1.weight, which has a weight NaN before the step").And.Contain("finite"));
    }

    /// <summary>
    /// √0 is 0, but its slope is not: all outputs are finite, the gradient behind the root is not, and the weights stay.
    /// </summary>
    [Test]
    public void AGradientThatOverflowsIsNamed([Values(1, 5)] int parts)
    {
        Sequential model = new(new Flatten(), new Linear(64, 12), new Linear(12, 12), new RootOfZero(), new Linear(12, 10));
        using Trainer trainer = new(model, Digits, new Sgd(0.1), Options() with { Accumulate = parts });
        float[] before = trainer.Arena.Save();
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((1L, "layers.2")), error.Message);
        Assert.That(error.Message, Does.Contain("the gradient of layers.2.").And.Contain("The weights are those of step 0"));
        Assert.That(trainer.Arena.Save(), Is.EqualTo(before));
    }

    [Test]
    public void AnUpdateThatOverflowsSaysSo()
    {
        using Trainer trainer = new(new Mlp(64, 16, 10), Digits, new Sgd(1e30), Options());
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That(error.Step, Is.EqualTo(1));
        Assert.That(error.Message, Does.Contain("The update").And.Contain("lower the learning rate"));
    }

    [Test]
    public void StatisticsThatAreNaNAreNamedInEvaluation()
    {
        Sequential model = new(new Flatten(), new Linear(64, 12), new BatchNorm(12), new Linear(12, 10));
        using Trainer trainer = new(model, Digits, new Sgd(0.1), Options() with { RunningStatistics = RunningStatistics.Kept });
        trainer.Arena.States.Single(state => state.Name == "layers.2.runningVar").Region!.Value.Slice(3, 1).Write([float.NaN]);
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Evaluate(Digits.Test))!;
        Assert.That((error.Step, error.Layer), Is.EqualTo((0L, "layers.2")));
        Assert.That(error.Message, Does.Contain("layers.2.runningVar has a value NaN"));
    }

    [Test]
    public void TheLossItselfIsNamed()
    {
        using Trainer trainer = new(
            new Mlp(64, 10), Digits, new Sgd(0.1), Options()
            with { Loss = (outputs, labels) => Loss.CrossEntropy(outputs, labels) * 1e38f * 100f });
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run())!;
        Assert.That(error.Layer, Is.Null);
        Assert.That(error.Message, Does.Contain("It began in the loss"));
    }

    private static TrainingOptions Options() => new() { BatchSize = 10, Epochs = 1, Device = Device.Cpu };

    private static Dataset Small(int count) => Digits with { Train = Digits.Train.Take(count), Test = Digits.Test.Take(count) };

    private static Optimizer Optimizer(bool perturbed) => perturbed ? new PerturbedOptimizer(new Sgd(0.1), eta: 100)
        : new Sgd(0.1);

    private static void Fill(Trainer trainer, string parameter, float value)
    {
        int index = trainer.Arena.Parameters.ToList().FindIndex(one => one.Name == parameter);
        Region region = trainer.Arena.Segment(trainer.Arena.Weights, index);
        float[] values = new float[region.Count];

        // Of one sign: they don't cancel.
        Array.Fill(values, value);
        region.Write(values);
    }

    private sealed class Overflow : Module
    {
        public override Tensor Forward(Tensor x) => ((x * 1e20f).Square() * 1e20f) + 1f;
    }

    private sealed class RootOfZero : Module
    {
        public override Tensor Forward(Tensor x) => (x * 0f).Sqrt();
    }

    private sealed class Between : Module
    {
        private readonly Linear first = new(64, 12);
        private readonly Linear second = new(12, 10);

        public override Tensor Forward(Tensor x) => second.Forward((first.Forward(x.Flatten()) * 1e30f).Square());
    }

    private sealed class Block : Module
    {
        private readonly Conv2d first = new(4, 4, 3, padding: 1);
        private readonly Conv2d second = new(4, 4, 3, padding: 1);

        public override Tensor Forward(Tensor x) => x + second.Forward(first.Forward(x).Relu() + 1f);
    }

    private sealed class Net : Module
    {
        private readonly Conv2d conv = new(1, 4, 3, padding: 1);
        private readonly Block[] blocks = [new(), new()];
        private readonly Linear head = new(256, 10);

        public override Tensor Forward(Tensor x)
        {
            Tensor y = conv.Forward(x).Relu() + 1f;
            foreach (Block block in blocks)
            {
                y = block.Forward(y);
            }

            return head.Forward(y.Flatten());
        }
    }
}
