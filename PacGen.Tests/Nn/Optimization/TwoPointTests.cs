using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>The mean of two gradients, at w + u and at w − u: against a double loop, and in training.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class TwoPointTests(string id) : DeviceFixture(id)
{
    private const double Rate = 0.05, Momentum = 0.9, ClipNorm = 0.7;

    private static readonly Dictionary<string, Func<Optimizer, PerturbedOptimizer>> Noises = new()
    {
        ["uniform"] = inner => new PerturbedOptimizer(inner, eta: 10, gamma: 1, beta2: 0.3) { TwoPoint = true },
        ["truncated"] = inner => (new PerturbedOptimizer(inner, eta: 10, gamma: 1) { TwoPoint = true })
            .WithNoise<TruncatedGaussianNoise>(),
        ["plain"] = inner => Plain(inner),
    };

    private static IEnumerable<string> Names => Noises.Keys;

    [Test]
    public void AppliesTheMeanOfBothGradients([ValueSource(nameof(Names))] string noise, [Values] bool clips)
    {
        using ParameterArena arena = new(new Linear(19, 7), Device, 1);
        using DeviceBuffer gradients = Device.Allocate(arena.Count);
        int count = (int)arena.Count;
        RandomStream random = new(5, 1);
        float[] start = [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextUniform()) - 1))];
        arena.Load(start);
        using OptimizerSession session = Noises[noise](new Sgd(Rate, Momentum)).Attach(arena, gradients, 1);
        Assert.That(session.Gradients, Is.EqualTo(2));
        double[] w = [.. start.Select(value => (double)value)], b = new double[count];
        double moved = 0;
        for (int step = 0; step < 10; step++)
        {
            float[] here = arena.Save();
            session.Perturb(epoch: 2);
            float[] there = Forward();
            double[] first = Write(there);
            Assert.That(session.TryNextPoint(), Is.True);
            float[] opposite = Forward();
            Assert.That(opposite, Is.EqualTo(here.Zip(there, (at, plus) => at - (plus - at))), "w − u, of the u that was added");
            moved += there.Zip(here, (plus, at) => (double)Math.Abs(plus - at)).Sum();
            double[] second = Write(opposite);
            Assert.That(session.TryNextPoint(), Is.False);
            Assert.That(session.TryNextPoint(), Is.False, "and nothing more happens");
            double[] mean = [.. first.Zip(second, (one, other) => (one + other) / 2)];
            Assert.That(new Region(gradients).ToArray(), Is.EqualTo(mean).Within(1e-6));
            Assert.That(session.TryUpdate(Rate, clips ? ClipNorm : null), Is.True);
            double scale = clips ? Math.Min(1, ClipNorm / Math.Sqrt(mean.Sum(g => g * g))) : 1;
            for (int i = 0; i < count; i++)
            {
                b[i] = (Momentum * b[i]) + (scale * mean[i]);
                w[i] -= Rate * b[i];
            }

            Assert.That(arena.Save(), Is.EqualTo(w).Within(3e-6), $"step {step + 1}");
        }

        Assert.That(moved, Is.GreaterThan(count / 10), "perturbed at all");

        float[] Forward() => new Region(session.ForwardWeights).ToArray();

        double[] Write(float[] at)
        {
            double[] gradient = [.. at.Select((value, i) => 0.4 * Math.Sin((3 * (double)value) + i))];
            gradients.Write(0, [.. gradient.Select(g => (float)g)]);
            return gradient;
        }
    }

    /// <summary>Steps as one launch, waited for or in flight, in parts, and from a checkpoint: one run.</summary>
    [Test]
    public void TrainsTheSameInEveryWay([Values("uniform", "plain")] string noise) => SameRun.Require(
        Device, () => Noises[noise](new Adam(1e-2)), partsWithin: 2e-3);

    [Test]
    public void TrainsTheSameInEveryWayWithBatchNorm() => SameRun.Require(
        Device, () => Noises["uniform"](new Adam(1e-2)), partsWithin: null);

    /// <summary>Where training passes move running statistics, the second pass of a step does not.</summary>
    [Test]
    public void StatisticsFromTrainingAreThoseOfTheFirstPass([Values(1, 2)] int parts)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(20), digits.Test.Take(10));
        Assert.That(Run(true), Is.EqualTo(Run(false)));
        using Trainer usual = new(
            new WideResNet(10, 1, 10, 1), few, Plain(new Sgd(0.1)), new() { BatchSize = 20, Device = Device });
        Assert.That(usual.RunningStatistics, Is.EqualTo(RunningStatistics.Reestimated), "as for any perturbation");

        float[] Run(bool twice)
        {
            using Trainer trainer = new(
                new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Linear(6, 10)), few,
                Plain(new Sgd(0.1)) with { TwoPoint = twice },
                new TrainingOptions
                {
                    Epochs = 1, BatchSize = 20, Accumulate = parts, Device = Device,
                    RunningStatistics = RunningStatistics.FromTrainingPass,
                });
            trainer.Run();
            return new Region(trainer.Arena.State!).ToArray();
        }
    }

    /// <summary>The step and the place are those that the CPU names; the second point is found again.</summary>
    [Test]
    public void AFailureIsToldAsOnTheCpu([Values(1e25, 1e12)] double rate)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(96), digits.Test.Take(30));
        TrainingException here = Fails(PacGen.Kernels.Device.Cpu);
        Fails(Device);
        long before = Device.AllocatedBytes;
        TrainingException there = Fails(Device);
        Assert.That(there.Message, Is.EqualTo(here.Message));
        Assert.That((there.Step, there.Layer), Is.EqualTo((here.Step, here.Layer)));
        Assert.That(Device.AllocatedBytes, Is.EqualTo(before), "all memory is given back");

        TrainingException Fails(Device device)
        {
            using Trainer trainer = new(
                new Mlp(64, 8, 10), few, Plain(new Sgd(rate)), new TrainingOptions { BatchSize = 12, Device = device });
            return Assert.Throws<TrainingException>(() => trainer.Run())!;
        }
    }

    /// <summary>A checkpoint is refused to what says otherwise.</summary>
    [Test]
    public void SaysWhatItDoes() => Assert.That(
        new[] { Noises["uniform"](new Sgd(1)), Plain(new Sgd(1)) }.Select(optimizer => $"{optimizer}"), Is.EqualTo(new[]
        {
            "Perturbed SGD(lr 1), UniformNoise at ±u, η 10, γ 1, β₁ 0.999, β₂ 0.3, ε 1E-05",
            "Perturbed SGD(lr 1), GaussianNoise at ±u, σ fixed, γ 0, ε 0.1",
        }));

    private static PerturbedOptimizer Plain(Optimizer inner) => new PerturbedOptimizer(
        inner, new AlgorithmOne(1, gamma: 0, epsilon: 0.1) { Level = SigmaLevel.Fixed }) { TwoPoint = true }
        .WithNoise<GaussianNoise>();
}
