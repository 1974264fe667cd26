using NUnit.Framework.Constraints;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>What scripts get wrong is said at once, and none of it gives numbers that mean something else.</summary>
internal sealed class MistakeTests
{
    private static readonly TrainingOptions Quick = new() { Epochs = 2, BatchSize = 8, Device = Device.Cpu, Score = null };

    private static Dataset Columns(int count) => Dataset.FromArrays(Numbers(60, count), Alternating);

    private static int[] Alternating => [.. Enumerable.Range(0, 60).Select(i => i % 2)];

    private static float[,] Numbers(int rows, int columns)
    {
        Random random = new(1);
        float[,] numbers = new float[rows, columns];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i / columns, i % columns] = random.NextSingle();
        }

        return numbers;
    }

    /// <summary>A batch of other samples would be read from where others' numbers lie.</summary>
    [Test]
    public void SamplesOfAnotherFormAreRefused()
    {
        using Trainer trainer = new(new Mlp(5, 8, 2), Columns(5), new Adam(0.01), Quick);
        trainer.Run();
        foreach (Dataset other in new[]
        {
            Columns(4), Columns(6), Dataset.FromArrays(new float[60, 1, 5], Alternating),
            Dataset.FromArrays(Numbers(60, 5), new float[60]),
        })
        {
            if (other.Train.Target.Kind == TargetKind.Class)
            {
                Assert.That(() => trainer.Predict(other.Test), Refuses());
                Assert.That(() => trainer.PredictClasses(other.Test), Refuses());
            }
            else
            {
                // Nobody asks for their targets.
                Assert.That(trainer.Predict(other.Test), Has.Length.EqualTo(24));
            }

            Assert.That(() => trainer.Evaluate(other.Test), Refuses());
            Assert.That(() => trainer.Evaluate(other.Test, [Metric.Mean("one", (_, _) => 1)]), Refuses());
        }

        Assert.That(trainer.Predict(Columns(5).Test), Has.Length.EqualTo(24));

        static IResolveConstraint Refuses() =>
            Throws.ArgumentException.With.Message.Contains("the passes were made for samples of");
    }

    /// <summary>Of two metrics of one name only one would be reported; the accuracy decides which epoch is best.</summary>
    [Test]
    public void MetricsOfOneNameAreRefused()
    {
        Metric one = Metric.Mean("x", (_, _) => 1), two = Metric.Mean("x", (_, _) => 2);
        foreach (Metric[] metrics in (Metric[][])[[one, two], [Metric.Mean("accuracy", (_, _) => -7)]])
        {
            Assert.That(
                () => new Trainer(new Mlp(5, 2), Columns(5), new Sgd(0.1), Quick with { Metrics = metrics }),
                Throws.ArgumentException.With.Message.Contains("Two metrics are called"));
        }

        using Trainer trainer = new(
            new Mlp(5, 2), Columns(5), new Sgd(0.1), Quick with { Metrics = [one, Metric.Accuracy] });
        Assert.That(trainer.Run()[^1].Metrics!.Select(metric => metric.Name), Is.EqualTo(new[] { "x", "accuracy" }));
        Assert.That(() => trainer.Evaluate(Columns(5).Test, [one, two]), Throws.ArgumentException);
    }

    [Test]
    public void ARunIsNotRunOrDisposedOfWithinItself()
    {
        using Trainer trainer = new(new Mlp(5, 2), Columns(5), new Sgd(0.1), Quick with { Epochs = 3 });
        Assert.That(
            () => trainer.Run(_ => trainer.Run()), Throws.InvalidOperationException.With.Message.Contains("runs already"));
        Assert.That(
            () => trainer.Run(_ => trainer.Dispose()),
            Throws.InvalidOperationException.With.Message.Contains("can't be disposed of while it runs"));
        Assert.That(trainer.Run().Select(result => result.Epoch), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(trainer.Steps, Is.EqualTo(18));
    }

    [Test]
    public void AConstantKeepsItsOwnNumbers()
    {
        float[] values = [1, 2];
        Tensor constant = Tensor.Constant(new Shape(2), values);
        values[0] = 9;
        Assert.That(constant.Evaluate(), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(() => Tensor.Constant(new Shape(2), null!), Throws.ArgumentNullException);
    }

    /// <summary>The sums of what is stretched along rows that are no power of two.</summary>
    [Test]
    public void SumsOfProductsWithARow([Values(5, 7, 10, 12, 24, 100)] int columns, [Values(64, 130)] int rows)
    {
        float[] ones = new float[rows * columns], row = [.. Enumerable.Range(1, columns).Select(i => (float)i)];
        Array.Fill(ones, 1f);
        Tensor product = Tensor.Constant(new Shape(rows, columns), ones) * Tensor.Constant(new Shape(columns), row);
        Assert.That(product.Sum().Evaluate()[0], Is.EqualTo(rows * row.Sum()));
        Assert.That(product.Max([0, 1]).Evaluate()[0], Is.EqualTo(columns));
    }

    /// <summary>Two poolings in a row behind a map, which is computed behind the first.</summary>
    [Test]
    public void PoolingsBehindPoolings()
    {
        float[] values = [.. Enumerable.Range(0, 2 * 8 * 8 * 3).Select(i => MathF.Sin(i))];
        Tensor x = Tensor.Constant(new Shape(2, 8, 8, 3), values), bias = Tensor.Constant(new Shape(3), [0.1f, -0.2f, 0.3f]);
        Assert.That(
            (x + bias).Relu().MaxPool2d(2).MaxPool2d(2).Evaluate(),
            Is.EqualTo((x + bias).Relu().MaxPool2d(4).Evaluate()).Within(1e-6));
        using Trainer trainer = new(
            new Sequential(
                new Conv2d(1, 4, 3, 1, 1), new Relu(), new MaxPool2d(2), new Relu(), new MaxPool2d(2), new Flatten(),
                new Linear(16, 10)),
            Datasets.Digits(), new Adam(1e-3), Quick with { Epochs = 1, BatchSize = 64 });
        Assert.That(trainer.Run()[0].TrainLoss, Is.LessThan(Math.Log(10)));
    }

    /// <summary>Classes often stand in a column.</summary>
    [Test]
    public void AColumnOfWholeNumbersIsClasses()
    {
        int[,] column = new int[60, 1];
        for (int i = 0; i < 60; i++)
        {
            column[i, 0] = i % 3;
        }

        Dataset data = Dataset.FromArrays(Numbers(60, 5), column);
        Assert.That((data.Train.Target.Kind, data.Train.Classes), Is.EqualTo((TargetKind.Class, 3)));
        Assert.That(
            Dataset.FromArrays(Numbers(60, 5), column, TargetKind.Values).Train.Target.Kind, Is.EqualTo(TargetKind.Values));
        Assert.That(
            () => Dataset.FromArrays(Numbers(60, 5), Alternating.Select(i => 20_000_000 + i).ToArray()),
            Throws.ArgumentException.With.Message.Contains("a class is a whole number from 0 to 16777215"));
    }

    [Test]
    public void WhatIsNoNetworkLossOrRuleIsRefusedAtOnce()
    {
        Assert.That(
            () => new Trainer(new Collides(), Columns(5), new Sgd(0.1), Quick),
            Throws.ArgumentException.With.Message.Contains("two parameters called a.weight"));
        Assert.That(
            () => new Trainer(new Nothing(), Columns(5), new Sgd(0.1), Quick),
            Throws.InvalidOperationException.With.Message.Contains("Nothing.Forward gave null"));
        Assert.That(
            () => new Trainer(new Mlp(5, 2), Columns(5), new Sgd(0.1), Quick with { Loss = (_, _) => null! }),
            Throws.InvalidOperationException.With.Message.Contains("The loss gave null"));
        Assert.That(() => new Sgd(0.1, nesterov: true), Throws.ArgumentException.With.Message.Contains("needs a momentum"));
    }

    private sealed class Collides : Module
    {
        private readonly Linear _a = new(5, 2);
        private readonly Linear a = new(5, 2);

        public override Tensor Forward(Tensor x) => _a.Forward(x) + a.Forward(x);
    }

    private sealed class Nothing : Module
    {
        private readonly Parameter weight = new(new Shape(2), Initializer.Uniform(1));

        public override Tensor Forward(Tensor x)
        {
            Tensor? product = null;
            if (x.Shape.Rank == 0)
            {
                product = x * weight;
            }

            return product!;
        }
    }
}
