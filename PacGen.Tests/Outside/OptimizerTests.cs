using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// An optimizer of one's own: Adan (Xie and others, <see href="https://arxiv.org/abs/2208.06677">arXiv 2208.06677</see>,
/// Algorithm 1), which keeps four numbers for a parameter, as many as a rule may.
/// </summary>
internal sealed class OptimizerTests
{
    private static readonly Adan Plain = new(0.01);

    private static Optimizer[] Both => [Plain, new PerturbedOptimizer(Plain, eta: 0.01, gamma: 0.5)];

    [Test]
    public void FollowsThePaper()
    {
        const int Count = 37, Steps = 10;
        using ParameterArena arena = new(new Linear(Count, 1, bias: false), Device.Cpu, 1);
        using DeviceBuffer gradients = Device.Cpu.Allocate(Count);
        using OptimizerSession session = Plain.Attach(arena, gradients, 1);
        double[] w = [.. arena.Save().Select(value => (double)value)], last = new double[Count];
        double[] m = new double[Count], v = new double[Count], n = new double[Count];
        for (int step = 0; step < Steps; step++)
        {
            double rate = 0.01 / (step + 1);
            float[] g = [.. Enumerable.Range(0, Count).Select(i => (float)Math.Cos(i + (2.3 * step)))];
            gradients.Write(0, g);
            Assert.That(session.TryUpdate(rate));
            for (int i = 0; i < Count; i++)
            {
                double change = step == 0 ? 0 : g[i] - last[i], ahead = g[i] + ((1 - Plain.Beta2) * change);
                m[i] = ((1 - Plain.Beta1) * m[i]) + (Plain.Beta1 * g[i]);
                v[i] = ((1 - Plain.Beta2) * v[i]) + (Plain.Beta2 * change);
                n[i] = ((1 - Plain.Beta3) * n[i]) + (Plain.Beta3 * ahead * ahead);
                double move = rate / (Math.Sqrt(n[i]) + Plain.Epsilon) * (m[i] + ((1 - Plain.Beta2) * v[i]));
                w[i] = (w[i] - move) / (1 + (rate * Plain.WeightDecay));
                last[i] = g[i];
            }

            Assert.That(arena.Save(), Is.EqualTo(w).Within(1e-6), $"step {step + 1}");
        }
    }

    /// <summary>
    /// The example of docs/adding-an-optimizer.md: Lion (Chen and others, <see href="https://arxiv.org/abs/2302.06675">arXiv
    /// 2302.06675</see>, Algorithm 2).
    /// </summary>
    [Test]
    public void TheDocumentsExampleFollowsItsPaper()
    {
        const int Count = 37;
        Lion lion = new(0.01, WeightDecay: 0.1);
        using ParameterArena arena = new(new Linear(Count, 1, bias: false), Device.Cpu, 1);
        using DeviceBuffer gradients = Device.Cpu.Allocate(Count);
        using OptimizerSession session = lion.Attach(arena, gradients, 1);
        double[] w = [.. arena.Save().Select(value => (double)value)], m = new double[Count];
        for (int step = 0; step < 10; step++)
        {
            float[] g = [.. Enumerable.Range(0, Count).Select(i => i == 5 ? 0 : (float)Math.Cos(i + (2.3 * step)))];
            gradients.Write(0, g);
            Assert.That(session.TryUpdate(0.01));
            for (int i = 0; i < Count; i++)
            {
                int sign = Math.Sign((lion.Beta1 * m[i]) + ((1 - lion.Beta1) * g[i]));
                w[i] -= 0.01 * (sign + (lion.WeightDecay * w[i]));
                m[i] = (lion.Beta2 * m[i]) + ((1 - lion.Beta2) * g[i]);
            }

            Assert.That(arena.Save(), Is.EqualTo(w).Within(1e-6), $"step {step + 1}");
        }
    }

    /// <summary>
    /// Clipped and with a schedule; stopped within an epoch and resumed from the checkpoint: the bits of a run that never
    /// stopped.
    /// </summary>
    [Test]
    public void TrainsAndResumesWithTheSameBits(
        [ValueSource(nameof(Both))] Optimizer optimizer, [Values("cpu", "simulator")] string device)
    {
        string folder = Directory.CreateTempSubdirectory("pacgen-").FullName;
        try
        {
            Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(80), digits.Test.Take(20));
            TrainingOptions options = new()
            {
                Epochs = 2, BatchSize = 20, ClipNorm = 0.3, Schedule = LearningRateSchedule.Cosine(2).WithWarmUp(0.5),
                Device = device == "cpu" ? Device.Cpu : Device.Simulator,
            };
            TrainingOptions kept = options with { Checkpoints = new CheckpointOptions(folder) { EverySteps = 3, Keep = 100 } };
            using Trainer straight = new(new Mlp(64, 6, 10), few, optimizer, options);
            float[] start = straight.Arena.Save();
            IReadOnlyList<EpochResult> results = straight.Run();
            Assert.That(straight.Arena.Save(), Is.Not.EqualTo(start).And.All.Matches<float>(float.IsFinite));
            using (Trainer whole = new(new Mlp(64, 6, 10), few, optimizer, kept))
            {
                whole.Run();
            }

            string[] files = [.. Directory.GetFiles(folder, "step-*").Order()];
            using (SafetensorsFile file = SafetensorsFile.Open(files[^1]))
            {
                Assert.That(
                    file.Tensors.Keys,
                    Is.SupersetOf(new[] { "optimizer/m", "optimizer/v", "optimizer/n", "optimizer/previous" }));
            }

            foreach (string late in files.Where(file => !file.EndsWith("step-0000000003.safetensors", StringComparison.Ordinal)))
            {
                File.Delete(late);
            }

            using Trainer resumed = new(new Mlp(64, 6, 10), few, optimizer, kept);
            Assert.That(resumed.Resume(folder).Steps, Is.EqualTo(3));
            Assert.That(resumed.Run()[^1].TrainLoss, Is.EqualTo(results[^1].TrainLoss));
            Assert.That(resumed.Arena.Save(), Is.EqualTo(straight.Arena.Save()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same gradients give the same bits on a device as on the CPU, plain and perturbed.</summary>
    [Test]
    public void ADeviceHasTheCpusBits([ValueSource(nameof(Both))] Optimizer optimizer)
    {
        float[] expected = Run(Device.Cpu);
        Assert.That(Run(Device.Simulator), Is.EqualTo(expected));

        float[] Run(Device device)
        {
            using ParameterArena arena = new(new Mlp(30, 9, 10), device, 2);
            using DeviceBuffer gradients = device.Allocate(arena.Count);
            using OptimizerSession session = optimizer.Attach(arena, gradients, 3);
            for (int step = 0; step < 5; step++)
            {
                session.Perturb(epoch: 2);
                gradients.Write(0, [.. Enumerable.Range(0, (int)arena.Count).Select(i => 0.05f * (((i * (step + 7)) % 19) - 9))]);
                Assert.That(session.TryUpdate(0.01, clipNorm: 1));
            }

            return [.. arena.Save(), .. new Region(session.ForwardWeights).ToArray()];
        }
    }

    [Test]
    public void WhatCanNotWorkIsRefused()
    {
        Assert.That(
            () => Attach(new Odd<Doubles>()),
            Throws.ArgumentException.With.Message.Contains("Doubles").And.Message.Contains("float"));
        Assert.That(
            () => Attach(new Odd<TwoOfOneName>()), Throws.ArgumentException.With.Message.Contains("two states of one name"));
        Assert.That(
            () => Attach(new Odd<ReservedName>()),
            Throws.ArgumentException.With.Message.Contains("'h'").And.Message.Contains("Algorithm 1"));
        Assert.That(
            () => Attach(new Odd<TooMany>()),
            Throws.ArgumentException.With.Message.Contains("keeps 5").And.Message.Contains("at most 4"));
        Assert.That(() => Attach(new Odd<Fine>(Moment: "v")), Throws.ArgumentException.With.Message.Contains("no state 'v'"));
        Assert.That(() => new Odd<Fine>(LearningRate: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Attach(new Odd<Fine>()), Throws.Nothing);

        static void Attach(Optimizer optimizer)
        {
            using ParameterArena arena = new(new Linear(3, 2), Device.Cpu, 1);
            using DeviceBuffer gradients = Device.Cpu.Allocate(arena.Count);
            using OptimizerSession session = optimizer.Attach(arena, gradients, 1);
        }
    }

    private sealed record Adan(
        double LearningRate, double Beta1 = 0.02, double Beta2 = 0.08, double Beta3 = 0.01, double Epsilon = 1e-3,
        double WeightDecay = 0.02)
        : Optimizer<AdanRule>(LearningRate)
    {
        protected override AdanRule At(long step, double learningRate) => new(step, learningRate, this);
    }

    private readonly struct AdanRule(long step, double learningRate, Adan of) : IUpdateRule
    {
        private readonly float rate = (float)learningRate;
        private readonly float beta1 = (float)of.Beta1, beta2 = (float)of.Beta2, beta3 = (float)of.Beta3;
        private readonly float epsilon = (float)of.Epsilon, shrinkage = (float)(1 / (1 + (learningRate * of.WeightDecay)));
        private readonly int isFirst = step == 1 ? 1 : 0;

        public static IReadOnlyList<string> StateNames => ["m", "v", "n", "previous"];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T>
        {
            ref T m = ref states.First, v = ref states.Second, n = ref states.Third, previous = ref states.Fourth;
            T change = isFirst != 0 ? T.Constant(0) : gradient - previous, rest = T.Constant(1 - beta2);
            T ahead = T.Fma(rest, change, gradient);
            m = T.Fma(T.Constant(beta1), gradient - m, m);
            v = T.Fma(T.Constant(beta2), change - v, v);
            n = T.Fma(T.Constant(beta3), (ahead * ahead) - n, n);
            previous = gradient;
            T move = T.Fma(rest, v, m) / (T.Sqrt(n) + T.Constant(epsilon));
            return T.Fma(T.Constant(-rate), move, weight) * T.Constant(shrinkage);
        }
    }

    private sealed record Lion(double LearningRate = 1e-4, double Beta1 = 0.9, double Beta2 = 0.99, double WeightDecay = 0)
        : Optimizer<LionRule>(LearningRate)
    {
        protected override LionRule At(long step, double learningRate) => new(learningRate, Beta1, Beta2, WeightDecay);
    }

    private readonly struct LionRule(double rate, double beta1, double beta2, double decay) : IUpdateRule
    {
        private readonly float rate = (float)rate, shrinkage = (float)(1 - (rate * decay));
        private readonly float beta1 = (float)beta1, beta2 = (float)beta2;

        public static IReadOnlyList<string> StateNames => ["m"];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T>
        {
            ref T m = ref states.First;
            T c = T.Fma(T.Constant(beta1), m - gradient, gradient), zero = T.Constant(0), step = T.Constant(rate);
            m = T.Fma(T.Constant(beta2), m - gradient, gradient);
            T w = weight * T.Constant(shrinkage);
            return T.Select(T.Less(zero, c), w - step, T.Select(T.Less(c, zero), w + step, w));
        }
    }

    private sealed record Odd<TRule>(double LearningRate = 1, string? Moment = null) : Optimizer<TRule>(LearningRate)
        where TRule : unmanaged, IUpdateRule
    {
        protected override (string State, double Beta)? SecondMoment => Moment is null ? null : (Moment, 0.9);

        protected override TRule At(long step, double learningRate) => default;
    }

    private readonly struct Fine : IUpdateRule
    {
        public static IReadOnlyList<string> StateNames => [];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T> => weight - gradient;
    }

    private readonly struct Doubles(double rate) : IUpdateRule
    {
        private readonly double rate = rate;

        public static IReadOnlyList<string> StateNames => [];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T> => T.Fma(T.Constant((float)-rate), gradient, weight);
    }

    private readonly struct TwoOfOneName : IUpdateRule
    {
        public static IReadOnlyList<string> StateNames => ["m", "m"];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T> => weight;
    }

    private readonly struct ReservedName : IUpdateRule
    {
        public static IReadOnlyList<string> StateNames => ["h"];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T> => weight;
    }

    private readonly struct TooMany : IUpdateRule
    {
        public static IReadOnlyList<string> StateNames => ["a", "b", "c", "d", "e"];

        public T Step<T>(T weight, T gradient, ref States<T> states)
            where T : struct, ILane<T> => weight;
    }
}
