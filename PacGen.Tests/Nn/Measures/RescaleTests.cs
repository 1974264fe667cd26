using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Section 6: (22), the function stays; (23), the Hessian goes with the factors.</summary>
internal sealed class RescaleTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [TestCase(0.01, 0)]
    [TestCase(3, 0)]
    [TestCase(100, 1)]
    public void TheFunctionStays(double alpha, int layer)
    {
        Mlp model = new(64, 12, 9, 10);
        using Trainer trainer = new(model, Digits, new Sgd(0.1), new TrainingOptions { Epochs = 1 });
        trainer.Run();
        float[] before = trainer.Predict(Digits.Test), weights = trainer.Arena.Save();
        model.Rescale(alpha, layer);
        float scale = before.Max(Math.Abs);
        Assert.That(trainer.Predict(Digits.Test).Zip(before, (after, b) => Math.Abs(after - b)).Max(), Is.LessThan(1e-5 * scale));
        float[] after = trainer.Arena.Save();
        int at = 0;
        foreach (Parameter parameter in trainer.Arena.Parameters)
        {
            double factor = parameter.Name == $"layers.{layer}.weight" || parameter.Name == $"layers.{layer}.bias" ? alpha
                : parameter.Name == $"layers.{layer + 1}.weight" ? 1 / alpha : 1;
            for (int i = 0; i < parameter.Shape.Count; i++, at++)
            {
                Assert.That(after[at], Is.EqualTo((float)(weights[at] * factor)), parameter.Name);
            }
        }
    }

    [Test]
    public void PowersOfTwoChangeNoBitOfTheOutputs()
    {
        Mlp model = new(64, 12, 10);
        using Trainer trainer = new(model, Digits, new Sgd(0.1), new TrainingOptions { Epochs = 1 });
        float[] before = trainer.Predict(Digits.Test), weights = trainer.Arena.Save();
        model.Rescale(1 / 64d);
        Assert.That(trainer.Arena.Save(), Is.Not.EqualTo(weights));
        Assert.That(trainer.Predict(Digits.Test), Is.EqualTo(before));
        model.Rescale(64);
        Assert.That(trainer.Arena.Save(), Is.EqualTo(weights));
    }

    /// <summary>
    /// (23): each entry of ∇²L̂ is divided by the factors of its row and of its column, for any α and loss. All entries, by m
    /// products.
    /// </summary>
    [TestCase(4)]
    [TestCase(0.3)]
    public void TheHessianGoesWithTheFactors(double alpha)
    {
        Mlp model = new(64, 3, 10);
        using ParameterArena arena = new(model, Device.Cpu, 5);
        using EmpiricalLoss empirical =
            new(model, arena, Digits.Test.Take(50), (logits, labels) => Loss.BoundedCrossEntropy(logits, labels, 1e-3));
        int m = empirical.Count, first = (64 * 3) + 3, second = 30;
        double Factor(int i) => i < first ? alpha : i < first + second ? 1 / alpha : 1;
        double[][] before = Hessian(empirical);
        model.Rescale(alpha);
        empirical.MoveToWeights();
        double[][] after = Hessian(empirical);
        double worst = 0, largest = before.Max(row => row.Max(Math.Abs));
        Assert.That(largest, Is.GreaterThan(1e-3), "there is something to compare");
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < m; j++)
            {
                worst = Math.Max(worst, Math.Abs((after[i][j] * Factor(i) * Factor(j)) - before[i][j]));
            }
        }

        Assert.That(worst, Is.LessThan(2e-5 * largest));
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void AlphaIsPositive(double alpha)
    {
        Mlp model = new(64, 5, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        Assert.That(
            () => model.Rescale(alpha), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("α must be positive"));
    }

    [Test]
    public void OnlyReluTradesAFactor()
    {
        foreach (Func<Tensor, Tensor> activation in new Func<Tensor, Tensor>[] { x => x.Tanh(), x => x.Sigmoid(), x =>
            x.Relu() + 1f, x => x })
        {
            Mlp model = new([64, 5, 10], activation);
            using ParameterArena arena = new(model, Device.Cpu, 1);
            Assert.That(() => model.Rescale(2), Throws.InvalidOperationException.With.Message.Contains("ReLU"));
        }
    }

    [Test]
    public void WhatCanNotBeDoneChangesNothing()
    {
        Mlp model = new(64, 5, 10), without = new(64, 5, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        float[] before = arena.Save();
        Assert.That(() => model.Rescale(2, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("1 pairs"));
        Assert.That(() => model.Rescale(1e-45), Throws.ArgumentException.With.Message.Contains("nearer to 1"));
        Assert.That(() => without.Rescale(2), Throws.InvalidOperationException.With.Message.Contains("no values yet"));
        Assert.That(arena.Save(), Is.EqualTo(before));
    }

    private static double[][] Hessian(EmpiricalLoss empirical) =>
    [
        .. Enumerable.Range(0, empirical.Count).Select(i =>
        {
            double[] unit = new double[empirical.Count], row = new double[empirical.Count];
            unit[i] = 1;
            empirical.HessianProduct(unit, row);
            return row;
        }),
    ];
}
