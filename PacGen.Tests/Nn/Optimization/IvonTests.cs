using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>IVON against a double loop of its paper's Algorithm 1, its samples, and training with it.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class IvonTests(string id) : DeviceFixture(id)
{
    private const double Rate = 0.2, Examples = 500, Beta1 = 0.9, Beta2 = 0.95, Delta = 0.01, FirstHessian = 0.4, ClipNorm = 0.7;

    [Test]
    public void FollowsThePaper([Values] bool clips)
    {
        using ParameterArena arena = new(new Linear(19, 7), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        int count = (int)arena.Count;
        RandomStream random = new(5, 1);
        float[] start = [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextUniform()) - 1))];
        arena.Load(start);
        using OptimizerSession session = new Ivon(Rate, Examples, Beta1, Beta2, Delta, FirstHessian).Attach(arena, gradients, 1);
        double[] w = [.. start.Select(value => (double)value)], m = new double[count], h = new double[count];
        Array.Fill(h, FirstHessian);
        for (int step = 1; step <= 10; step++)
        {
            session.Perturb(epoch: 1);
            double[] theta = [.. new Region(session.ForwardWeights).ToArray().Select(value => (double)value)];
            double[] g = [.. theta.Select((value, i) => 0.4 * Math.Sin((3 * value) + i))];
            gradients.Write(0, [.. g.Select(value => (float)value)]);
            Assert.That(session.TryUpdate(Rate, clips ? ClipNorm : null), Is.True);
            double scale = clips ? Math.Min(1, ClipNorm / Math.Sqrt(g.Sum(value => value * value))) : 1;
            for (int i = 0; i < count; i++)
            {
                double gradient = scale * g[i], variance = 1 / (Examples * (h[i] + Delta));
                double estimate = gradient * (theta[i] - w[i]) / variance;
                m[i] = (Beta1 * m[i]) + ((1 - Beta1) * gradient);
                h[i] = (Beta2 * h[i]) + ((1 - Beta2) * estimate)
                    + (0.5 * Math.Pow(1 - Beta2, 2) * Math.Pow(h[i] - estimate, 2) / (h[i] + Delta));
                double corrected = m[i] / (1 - Math.Pow(Beta1, step));
                w[i] -= Rate * (FirstHessian + Delta) * (corrected + (Delta * w[i])) / (h[i] + Delta);
            }

            Assert.That(arena.Save(), Is.EqualTo(w).Within(1e-5), $"w after step {step}");
            double[] deviations = [.. h.Select(value => 1 / Math.Sqrt(Examples * (value + Delta)))];
            float[] here = session.PosteriorDeviations()!;
            for (int i = 0; i < count; i++)
            {
                Assert.That(here[i], Is.EqualTo(deviations[i]).Within(2e-5 * deviations[i]), $"deviation {i} after step {step}");
            }
        }
    }

    /// <summary>θ ~ N(w, 1/(λ(h₀ + δ))), anew in each step; 10⁴ numbers have their deviation within 4 in 100.</summary>
    [Test]
    public void SamplesItsPosterior()
    {
        using ParameterArena arena = new(new Linear(100, 100), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        gradients.Write(0, new float[arena.Count]);
        using OptimizerSession session = new Ivon(Rate, Examples, weightDecay: Delta, initialHessian: FirstHessian).Attach(
            arena, gradients, 1);
        double expected = 1 / Math.Sqrt(Examples * (FirstHessian + Delta));
        float[] w = arena.Save();
        session.Perturb(1);
        double[] first = Sample();
        Assert.That(Math.Sqrt(first.Average(u => u * u)), Is.EqualTo(expected).Within(0.04 * expected));
        Assert.That(first.Average(), Is.Zero.Within(4 * expected / 100));
        Assert.That(arena.Save(), Is.EqualTo(w));
        session.TryUpdate(1e-30);
        session.Perturb(1);
        double[] second = Sample();
        double correlation = first.Zip(second, (a, b) => a * b).Average() / (expected * expected);
        Assert.That(correlation, Is.Zero.Within(0.04));

        double[] Sample() => [.. new Region(session.ForwardWeights).ToArray().Zip(arena.Save(), (to, from) => (double)to - from)];
    }

    [Test]
    public void TrainsTheSameInEveryWay() => SameRun.Require(Device, () => new Ivon(0.5), partsWithin: 5e-3);

    [Test]
    public void TrainsTheSameInEveryWayWithAnAverage() => SameRun.Require(
        Device, () => new Ivon(0.5), partsWithin: 5e-3, WeightAveraging.Ema(0.8));

    [Test]
    public void TrainsTheSameInEveryWayWithBatchNorm() => SameRun.Require(Device, () => new Ivon(0.5), partsWithin: null);

    /// <summary>λ is the number of training images; the posterior's deviations serve the measures.</summary>
    [Test]
    public void ItsPosteriorServesTheMeasures()
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(120), digits.Test.Take(30));
        Mlp model = new(64, 8, 10);
        using Trainer trainer = new(
            model, few, new Ivon(1, beta2: 0.98, initialHessian: 0.5),
            new TrainingOptions { Epochs = 10, BatchSize = 20, Device = Device });
        Assert.That(
            trainer.PosteriorDeviations(), Has.All.EqualTo(1 / Math.Sqrt(120 * (0.5 + 1e-4))).Within(1e-6), "at first");
        trainer.Run();
        Assert.That(trainer.Results[^1].TrainLoss, Is.LessThan(0.9 * trainer.Results[0].TrainLoss), "it learns");
        float[] deviations = trainer.PosteriorDeviations()!;
        Assert.That(deviations.Max(), Is.GreaterThan(1.1 * deviations.Min()), "weights have deviations of their own");
        using EmpiricalLoss loss = new(model, trainer.Arena, few.Train);
        ExpectedLoss expected = ExpectedLossSampler.Measure<GaussianNoise>(
            loss, new ExpectedLossOptions { Levels = deviations, Draws = 20 });
        Assert.That(expected.Loss.Value, Is.GreaterThan(trainer.Results[^1].TrainLoss));
    }

    [Test]
    public void StatisticsAreReestimated()
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(40), digits.Test.Take(20));
        using Trainer trainer = new(
            new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Linear(6, 10)), few, new Ivon(),
            new TrainingOptions { Epochs = 1, BatchSize = 20, Device = Device });
        Assert.That(trainer.RunningStatistics, Is.EqualTo(RunningStatistics.Reestimated), "passes are at samples, not at w");
        trainer.Run();
        float[] once = trainer.Arena.SaveState();
        trainer.ReestimateStatistics();
        Assert.That(trainer.Arena.SaveState(), Is.EqualTo(once));
    }

    [Test]
    public void WhatCanNotWorkIsRefused()
    {
        Assert.That(() => new PerturbedOptimizer(new Ivon(), eta: 1), Throws.ArgumentException.With.Message.Contains("itself"));
        Assert.That(() => new SharpnessAware(new Ivon()), Throws.ArgumentException.With.Message.Contains("itself"));
        using ParameterArena arena = new(new Linear(3, 2), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        long before = Device.AllocatedBytes;
        Assert.That(
            () => new Ivon().Attach(arena, gradients, 1), Throws.InvalidOperationException.With.Message.Contains("examples"));
        Assert.That(Device.AllocatedBytes, Is.EqualTo(before));
        Assert.That($"{new Ivon()}", Is.EqualTo("IVON(lr 0.1, λ the training images, β₁ 0.9, β₂ 0.99999, δ 0.0001, h₀ 1)"));
    }
}
