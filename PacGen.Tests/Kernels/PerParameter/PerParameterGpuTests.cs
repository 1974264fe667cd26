using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>The per-parameter kernels on a GPU give the bits of the CPU's, sums and maxima too.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class PerParameterGpuTests(string id) : DeviceFixture(id)
{
    private static readonly int[] Counts = [1, 3, 4, 5, 1023, 4096, 4097, 20_011];

    private static readonly AlgorithmOne Algorithm = new(eta: 10, epsilon: 1e-3);

    [Test]
    public void Perturbation([ValueSource(nameof(Counts))] int count, [Values] bool anyBits)
    {
        Perturbation<UniformNoise>(count, anyBits);
        Perturbation<TruncatedGaussianNoise>(count, anyBits);
    }

    [Test]
    public void Noise([ValueSource(nameof(Counts))] int count, [Values] bool anyBits, [Values] bool ownLevels)
    {
        Noise<UniformNoise>(count, anyBits, ownLevels, 0.1);
        Noise<TruncatedGaussianNoise>(count, anyBits, ownLevels, 0.1);
        Noise<TruncatedGaussianNoise>(count, anyBits, ownLevels, double.PositiveInfinity);
        Noise<GaussianNoise>(count, anyBits, ownLevels, 0.1);
    }

    [Test]
    public void UpdateBySgd([ValueSource(nameof(Counts))] int count, [Values] bool anyBits, [Values] bool keepsSecondMoment) =>
        Update<SgdRule>(count, anyBits, keepsSecondMoment, new SgdRule(0.1, 5e-4));

    [Test]
    public void UpdateByMomentum(
        [ValueSource(nameof(Counts))] int count, [Values] bool anyBits, [Values] bool keepsSecondMoment) =>
        Update<MomentumRule>(count, anyBits, keepsSecondMoment, new MomentumRule(0.1, 0.9, 5e-4));

    [Test]
    public void UpdateByNesterov([ValueSource(nameof(Counts))] int count, [Values] bool keepsSecondMoment) =>
        Update<NesterovRule>(count, false, keepsSecondMoment, new NesterovRule(0.1, 0.9, 5e-4));

    [Test]
    public void UpdateByAdam([ValueSource(nameof(Counts))] int count, [Values] bool anyBits, [Values] bool keepsSecondMoment) =>
        Update<AdamRule>(count, anyBits, keepsSecondMoment, new AdamRule(3, 1e-3));

    [Test]
    public void UpdateByAdamW([ValueSource(nameof(Counts))] int count, [Values] bool keepsSecondMoment) =>
        Update<AdamWRule>(count, false, keepsSecondMoment, new AdamWRule(3, 1e-3));

    [Test]
    public void SumOfSquares([ValueSource(nameof(Counts))] int count) =>
        CompareNumbers(Parameters(count, 1, false, out int seed), seed, (device, memory) =>
        {
            using SumLaunch<NoSettings> launch = SumLaunch<NoSettings>.Create<SquareTerm>(device, memory[0]);
            launch.Run();
            return [launch.Result.Sum0];
        });

    [Test]
    public void Psi([ValueSource(nameof(Counts))] int count) =>
        CompareNumbers(Parameters(count, 2, false, out int seed), seed, (device, memory) =>
        {
            using SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(device, memory[0], memory[1]);
            launch.Settings = new PsiSettings { Gamma = 0.1f, Epsilon = 0.1f, RhoRootM = 40f, CurvatureScale = 1f };
            launch.Run();
            return [launch.Result.Sum0, launch.Result.Sum1];
        });

    [Test]
    public void RhoSums([ValueSource(nameof(Counts))] int count) =>
        CompareNumbers(Parameters(count, 3, false, out int seed), seed, (device, memory) =>
        {
            using SumLaunch<RhoSettings> launch = SumLaunch<RhoSettings>.Create<RhoTerm>(
                device, memory[0], memory[1], memory[2]);
            launch.Settings =
                RhoSettings.Of(PerturbSettings.WholeNeighborhood(new Neighborhood(0.1, 0.1), 42, 7, 3), 0.5);
            launch.Run();
            launch.Run();
            return [launch.Result.Sum0, launch.Result.Largest0, launch.Result.Largest1, launch.Result.Sum1];
        });

    /// <summary>Runs of numbers like a network's weights, gradients or h, or any bits.</summary>
    private static float[][] Parameters(int count, int runs, bool anyBits, out int seed)
    {
        seed = TestContext.CurrentContext.Random.Next();
        Random random = new(seed);
        float[][] values = new float[runs][];
        for (int run = 0; run < runs; run++)
        {
            values[run] = anyBits ? Bits.Any(count, random)
                : run == 0 ? Bits.Between(count, -0.5f, 0.5f, random)
                : [.. Bits.Between(count, -18f, 1f, random).Select(MathF.Exp)];
        }

        return values;
    }

    private void Perturbation<TNoise>(int count, bool anyBits)
        where TNoise : struct, INoise
    {
        float[][] values = Parameters(count, 3, anyBits, out int seed);
        PerturbSettings settings = Algorithm.Settings(3, 17, 0.01, 0x1234_5678_9ABC_DEF0, 5, 17, 0.5);
        Bits.AssertSame(Run(Device), Run(Device.Cpu), $"{typeof(TNoise).Name}, seed {seed}");

        float[] Run(Device device)
        {
            using Memory memory = new(device, values);
            using PacGen.Kernels.DeviceBuffer output = device.Allocate(count);
            using RandomMapLaunch<PerturbSettings> launch =
                PerturbLaunch.Create<TNoise>(device, memory[0], memory[1], memory[2], new Region(output));
            launch.Settings = settings;
            launch.Run();
            return new Region(output).ToArray();
        }
    }

    private void Noise<TNoise>(int count, bool anyBits, bool ownLevels, double epsilon)
        where TNoise : struct, INoise
    {
        float[][] values = Parameters(count, 2, anyBits, out int seed);
        Bits.AssertSame(Run(Device), Run(Device.Cpu), $"{typeof(TNoise).Name}, seed {seed}");

        float[] Run(Device device)
        {
            using Memory memory = new(device, values);
            using PacGen.Kernels.DeviceBuffer output = device.Allocate(count);
            using RandomMapLaunch<NoiseSettings> launch = ownLevels
                ? RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<TNoise>>(
                    device, new Region(output), memory[0], memory[1])
                : RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<TNoise>>(device, new Region(output), memory[0]);
            launch.Settings = NoiseSettings.Within(
                0.3, double.IsPositiveInfinity(epsilon) ? null : new Neighborhood(0.1, epsilon), 0x1234_5678_9ABC_DEF0, 5, 17);
            launch.Run();
            return new Region(output).ToArray();
        }
    }

    private void Update<TRule>(int count, bool anyBits, bool keepsSecondMoment, TRule rule)
        where TRule : unmanaged, IUpdateRule
    {
        // Weights, gradient, h, and what the rule keeps.
        float[][] values = Parameters(count, 3 + TRule.StateNames.Count, anyBits, out int seed);
        (float[][] Values, double[] Changes) expected = Run(Device.Cpu), actual = Run(Device);
        for (int i = 0; i < values.Length; i++)
        {
            Bits.AssertSame(actual.Values[i], expected.Values[i], $"{typeof(TRule).Name}, region {i}, seed {seed}");
        }

        Assert.That(actual.Changes, Is.EqualTo(expected.Changes), $"{typeof(TRule).Name}, squared change, seed {seed}");

        (float[][] Values, double[] Changes) Run(Device device)
        {
            using Memory memory = new(device, values);
            Region[] states = [.. Enumerable.Range(3, TRule.StateNames.Count).Select(i => memory[i])];
            UpdateLaunch<TRule> launch =
                UpdateLaunch.Create<TRule>(device, memory[0], memory[1], states, keepsSecondMoment ? memory[2] : null);
            launch.Settings = new(rule, 0.75, 0.999);
            double[] changes = new double[2];
            for (int step = 0; step < changes.Length; step++)
            {
                launch.Run();
                changes[step] = launch.SquaredChange;
            }

            return ([.. Enumerable.Range(0, values.Length).Select(i => memory[i].ToArray())], changes);
        }
    }

    private void CompareNumbers(float[][] values, int seed, Func<Device, Memory, double[]> run)
    {
        using Memory here = new(Device, values), there = new(Device.Cpu, values);
        Assert.That(run(Device, here), Is.EqualTo(run(Device.Cpu, there)), $"seed {seed}");
    }

    /// <summary>Values in a device's memory, at odd places within one buffer.</summary>
    private sealed class Memory : IDisposable
    {
        private readonly PacGen.Kernels.DeviceBuffer buffer;
        private readonly int count;

        public Memory(Device device, float[][] values)
        {
            count = values[0].Length;
            buffer = device.Allocate(values.Length * (count + 3L));
            for (int i = 0; i < values.Length; i++)
            {
                this[i].Write(values[i]);
            }
        }

        public Region this[int i] => new(buffer, (i * (count + 3L)) + 1, count);

        public void Dispose() => buffer.Dispose();
    }
}
