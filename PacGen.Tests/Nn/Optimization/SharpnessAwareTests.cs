using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// A step of two gradients: SAM and ASAM against a double loop, and what the trainer makes of the first pass and of the second.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class SharpnessAwareTests(string id) : DeviceFixture(id)
{
    private const double Rate = 0.05, Momentum = 0.9, ClipNorm = 0.7, Rho = 0.1, AdaptiveRho = 0.4, Eta = 0.02;

    [Test]
    public void FollowsThePapers([Values] bool adaptive, [Values] bool clips)
    {
        const int Steps = 10;
        using ParameterArena arena = new(new Linear(19, 7), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        int count = (int)arena.Count;
        RandomStream random = new(5, 1);
        float[] start = [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextUniform()) - 1))];
        arena.Load(start);
        Optimizer inner = new Sgd(Rate, Momentum);
        Optimizer optimizer = adaptive ? SharpnessAware.Adaptive(inner, AdaptiveRho, Eta) : new SharpnessAware(inner, Rho);
        using OptimizerSession session = optimizer.Attach(arena, gradients, 1);
        Assert.That(session.Gradients, Is.EqualTo(2));
        double[] w = [.. start.Select(value => (double)value)], b = new double[count];
        for (int step = 0; step < Steps; step++)
        {
            session.Perturb(epoch: 1);
            Assert.That(new Region(session.ForwardWeights).ToArray(), Is.EqualTo(arena.Save()), "the first gradient is at w");
            Write();
            Assert.That(session.TryNextPoint(), Is.True);
            Write();
            Assert.That(session.TryNextPoint(), Is.False);
            Assert.That(session.TryUpdate(Rate, clips ? ClipNorm : null), Is.True);

            double[] first = Gradient(w), t = [.. w.Select(value => adaptive ? Math.Abs(value) + Eta : 1)];
            double length = Math.Sqrt(first.Select((g, i) => t[i] * g * (t[i] * g)).Sum()), rho = adaptive ? AdaptiveRho : Rho;
            double[] second = Gradient([.. w.Select((value, i) => value + (rho * t[i] * t[i] * first[i] / length))]);
            double scale = clips ? Math.Min(1, ClipNorm / Math.Sqrt(second.Sum(g => g * g))) : 1;
            for (int i = 0; i < count; i++)
            {
                b[i] = (Momentum * b[i]) + (scale * second[i]);
                w[i] -= Rate * b[i];
            }

            Assert.That(arena.Save(), Is.EqualTo(w).Within(2e-6), $"step {step + 1}");
        }

        void Write() => gradients.Write(0, [
            .. Gradient([.. new Region(session.ForwardWeights).ToArray().Select(value => (double)value)]).Select(g => (float)g)]);

        static double[] Gradient(double[] at) => [.. at.Select((value, i) => 0.4 * Math.Sin((3 * value) + i))];
    }

    /// <summary>A gradient of 0 leads nowhere, and to no NaN.</summary>
    [Test]
    public void NoGradientNoAscent()
    {
        using ParameterArena arena = new(new Linear(3, 2), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        gradients.Write(0, new float[arena.Count]);
        using OptimizerSession session = new SharpnessAware(new Sgd(Rate)).Attach(arena, gradients, 1);
        session.Perturb(1);
        Assert.That(session.TryNextPoint(), Is.True);
        Assert.That(new Region(session.ForwardWeights).ToArray(), Is.EqualTo(arena.Save()));
    }

    /// <summary>Steps as one launch, waited for or in flight, in parts, and from a checkpoint: one run.</summary>
    [Test]
    public void TrainsTheSameInEveryWay([Values] bool adaptive, [Values] bool averaged) => SameRun.Require(
        Device, () => Of(new Adam(1e-2), adaptive), partsWithin: 5e-4, averaged ? WeightAveraging.Ema(0.8) : null);

    [Test]
    public void TrainsTheSameInEveryWayWithBatchNorm([Values] bool adaptive) => SameRun.Require(
        Device, () => Of(new Adam(1e-2), adaptive), partsWithin: null);

    [Test]
    public void ItIsNotPlainTraining([Values] bool adaptive)
    {
        Assert.That(Weights(Of(new Adam(1e-2), adaptive)), Is.Not.EqualTo(Weights(new Adam(1e-2))).Within(2e-3));

        float[] Weights(Optimizer optimizer)
        {
            Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(60), digits.Test.Take(20));
            using Trainer trainer = new(
                new Mlp(64, 6, 10), few, optimizer, new TrainingOptions { Epochs = 2, BatchSize = 12, Device = Device });
            trainer.Run();
            return trainer.Arena.Save();
        }
    }

    private static SharpnessAware Of(Optimizer rule, bool adaptive) =>
        adaptive ? SharpnessAware.Adaptive(rule, rho: 2) : new SharpnessAware(rule, rho: 0.5);

    /// <summary>The second pass moves no running statistic, and the loss that is reported is that at w.</summary>
    [Test]
    public void LossAndStatisticsAreThoseOfTheFirstPass([Values(1, 2)] int parts)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(20), digits.Test.Take(10));
        (float[] Statistics, double Loss) aware = Run(new SharpnessAware(new Sgd(0.1), rho: 2)), plain = Run(new Sgd(0.1));
        Assert.That(aware, Is.EqualTo(plain).Using<(float[] Statistics, double Loss)>(
            (a, b) => a.Statistics.SequenceEqual(b.Statistics) && a.Loss == b.Loss));

        (float[] Statistics, double Loss) Run(Optimizer optimizer)
        {
            using Trainer trainer = new(
                new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Linear(6, 10)), few, optimizer,
                new TrainingOptions { Epochs = 1, BatchSize = 20, Accumulate = parts, Device = Device });
            trainer.Run();
            return (new Region(trainer.Arena.State!).ToArray(), trainer.Results[0].StepLoss);
        }
    }

    /// <summary>The step and the place are those that the CPU names, whether the loss or a gradient fails first.</summary>
    [Test]
    public void AFailureIsToldAsOnTheCpu([Values(1e25, 1e12)] double rate, [Values(0.05, 1e30)] double rho)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(96), digits.Test.Take(30));
        long before = Device.AllocatedBytes;
        TrainingException here = Fails(PacGen.Kernels.Device.Cpu), there = Fails(Device);
        Assert.That(there.Message, Is.EqualTo(here.Message));
        Assert.That((there.Step, there.Layer), Is.EqualTo((here.Step, here.Layer)));
        Assert.That(Device.AllocatedBytes, Is.EqualTo(before), "all memory is given back");

        TrainingException Fails(Device device)
        {
            using Trainer trainer = new(
                new Mlp(64, 8, 10), few, new SharpnessAware(new Sgd(rate), rho),
                new TrainingOptions { BatchSize = 12, Device = device });
            return Assert.Throws<TrainingException>(() => trainer.Run())!;
        }
    }

    [Test]
    public void WhatCanNotWorkIsRefused()
    {
        Assert.That(
            () => new SharpnessAware(new PerturbedOptimizer(new Sgd(0.1), eta: 1)),
            Throws.ArgumentException.With.Message.Contains("itself"));
        Assert.That(() => new SharpnessAware(new SharpnessAware(new Sgd(0.1))), Throws.ArgumentException);
        Assert.That(() => new PerturbedOptimizer(new SharpnessAware(new Sgd(0.1)), eta: 1), Throws.ArgumentException);
        Assert.That(() => new SharpnessAware(new Sgd(0.1), rho: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SharpnessAware.Adaptive(new Sgd(0.1), eta: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        using ParameterArena arena = new(new Linear(3, 2), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        long before = Device.AllocatedBytes;
        Assert.That(
            () => new SharpnessAware(new Adam(), "wrong", (w, g) => g.Sum()).Attach(arena, gradients, 1),
            Throws.ArgumentException.With.Message.Contains("shape"));
        Assert.That(Device.AllocatedBytes, Is.EqualTo(before));
        Assert.That(
            new SharpnessAware(new Adam()).ToString(),
            Is.EqualTo("SAM(ρ 0.05) around Adam(lr 0.001, β₁ 0.9, β₂ 0.999, ε 1E-08)"));
    }
}
