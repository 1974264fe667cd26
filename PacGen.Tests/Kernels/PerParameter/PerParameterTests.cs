using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The per-parameter kernels against the formulas in double, and against themselves at other widths and thread counts.
/// </summary>
internal sealed class PerParameterTests
{
    private const ulong Seed = 31337;
    private static readonly int[] Counts = [1, 3, 4, 63, 64, 65, 1025, 4095, 4096, 4097, 16385, 21840];

    [Test]
    public void PerturbsByTheFormula([ValueSource(nameof(Counts))] int count)
    {
        PerturbsByTheFormula<UniformNoise>(count, 2e-7);
        PerturbsByTheFormula<TruncatedGaussianNoise>(count, 1e-6);
    }

    [Test]
    public void AddsNoiseOfGivenLevels([ValueSource(nameof(Counts))] int count, [Values] bool own)
    {
        AddsNoise<UniformNoise>(count, own, NoiseSettings.Within(0.5, new Neighborhood(0.1, 0.2), Seed, 5, 6));
        AddsNoise<TruncatedGaussianNoise>(count, own, NoiseSettings.Within(0.5, new Neighborhood(0.1, 0.2), Seed, 5, 6));
        AddsNoise<TruncatedGaussianNoise>(count, own, NoiseSettings.Unlimited(0.5, Seed, 5, 6));
        AddsNoise<GaussianNoise>(count, own, NoiseSettings.Unlimited(0.5, Seed, 5, 6));
    }

    [Test]
    public void AddsNoiseInPlace()
    {
        using CpuDevice device = new(1);
        using DeviceArrays arenas = new(device, Normal(100, 1, 1), Squares(100, 2), new float[100]);
        using RandomMapLaunch<NoiseSettings> apart = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<GaussianNoise>>(
            device, arenas[2], arenas[0], arenas[1]);
        using RandomMapLaunch<NoiseSettings> inPlace = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<GaussianNoise>>(
            device, arenas[0], arenas[0], arenas[1]);
        apart.Settings = inPlace.Settings = NoiseSettings.Unlimited(1, Seed, 5, 6);
        apart.Run();
        inPlace.Run();
        Assert.That(arenas[0].ToArray(), Is.EqualTo(arenas[2].ToArray()));
        Assert.That(() => NoiseSettings.Unlimited(-1, Seed, 5, 6), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => NoiseSettings.Within(double.NaN, new Neighborhood(1, 1), Seed, 5, 6),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void PerturbsInPlace()
    {
        float[] w = Normal(100, 1, 1), h = Squares(100, 2), g = Normal(100, 3, 0.1);
        using CpuDevice device = new(1);
        using DeviceArrays arenas = new(device, w, h, g, new float[100]);
        PerturbSettings settings = new AlgorithmOne(20).Settings(2, 7, 0.3, Seed, 5, 6);
        using RandomMapLaunch<PerturbSettings> apart =
            PerturbLaunch.Create<UniformNoise>(device, arenas[0], arenas[1], arenas[2], arenas[3]);
        using RandomMapLaunch<PerturbSettings> inPlace =
            PerturbLaunch.Create<UniformNoise>(device, arenas[0], arenas[1], arenas[2], arenas[0]);
        apart.Settings = inPlace.Settings = settings;
        apart.Run();
        inPlace.Run();
        Assert.That(arenas[0].ToArray(), Is.EqualTo(arenas[3].ToArray()));
    }

    // What is too large for a cache is written past it where its addresses allow that.
    [Test]
    public void LargeArraysGetTheSameBits([Values(0, 1)] int start)
    {
        const int count = (1 << 22) + 77;
        using CpuDevice device = new(2);
        using DeviceArrays arenas = new(
            device, [.. Enumerable.Range(0, count + start).Select(i => (i % 1000) - 500f)], new float[count + start]);
        Region weights = arenas[0].Slice(start, count), output = arenas[1].Slice(start, count);
        NoiseSettings settings = NoiseSettings.Within(0.5, new Neighborhood(0.1, 0.2), Seed, 5, 6);
        using RandomMapLaunch<NoiseSettings> launch =
            RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<UniformNoise>>(device, output, weights);
        launch.Settings = settings;
        launch.Run();
        float[] w = weights.ToArray(), perturbed = output.ToArray();
        LaneConstants<Float1> constants = NoiseOfOneLevel<UniformNoise>.Constants<Float1>(settings);
        for (int i = 0; i < count; i += i > count - 100 ? 1 : 977)
        {
            Words1 word = new(Philox.Word(Seed, 5, 6, i));
            Float1 expected = NoiseOfOneLevel<UniformNoise>.Of(new Float1(w[i]), default, default, default, word, in constants);
            Assert.That(perturbed[i], Is.EqualTo(expected.Value), $"element {i}");
        }
    }

    [Test]
    public void UpdatesByTheRule([ValueSource(nameof(Counts))] int count)
    {
        Update<SgdRule>(count, _ => new(0.05, 0.01), secondMoment: true);
        Update<MomentumRule>(count, _ => new(0.05, 0.9, 0.01), secondMoment: true);
        Update<NesterovRule>(count, _ => new(0.05, 0.9, 0.01), secondMoment: false);
        Update<AdamRule>(count, step => new(step, 0.01, weightDecay: 0.01), secondMoment: true);
        Update<AdamWRule>(count, step => new(step, 0.01), secondMoment: false);
    }

    [Test]
    public void SumsSquares([ValueSource(nameof(Counts))] int count)
    {
        float[] values = Normal(count, 4, 3);
        double[] sums = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, values);
            using SumLaunch<NoSettings> launch = SumLaunch<NoSettings>.Create<SquareTerm>(device, arenas[0]);
            launch.Run();
            return new[] { launch.Result.Sum0 };
        });
        double exact = values.Sum(v => (double)v * v);
        Assert.That(sums[0], Is.EqualTo(exact).Within(1e-6 * exact), $"seed {Seed}");
    }

    [Test]
    public void TheCanonicalOrderIsWhatItSays()
    {
        // Written down a second time, in scalars.
        const int count = 9001;
        float[] values = Normal(count, 4, 3);
        double expected = 0;
        for (int block = 0; block < count; block += 4096)
        {
            float[] accumulators = new float[1024];
            for (int i = block; i < Math.Min(block + 4096, count); i++)
            {
                accumulators[i % 1024] += values[i] * values[i];
            }

            for (int half = 512; half >= 1; half /= 2)
            {
                for (int j = 0; j < half; j++)
                {
                    accumulators[j] += accumulators[j + half];
                }
            }

            expected += accumulators[0];
        }

        using CpuDevice device = new(1);
        using DeviceArrays arenas = new(device, values);
        using SumLaunch<NoSettings> launch = SumLaunch<NoSettings>.Create<SquareTerm>(device, arenas[0]);
        launch.Run();
        Assert.That(launch.Result.Sum0, Is.EqualTo(expected));
    }

    [Test]
    public void SumsPsi([ValueSource(nameof(Counts))] int count)
    {
        float[] w = Normal(count, 1, 0.5), h = Squares(count, 2);
        PsiSettings settings = PsiSettings.Of(new Neighborhood(0.1, 0.1), 0.3, 100_000_000, 2);
        double[] results = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, h);
            using SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(device, arenas[0], arenas[1]);
            launch.Settings = settings;
            launch.Run();
            return new[] { launch.Result.Sum0, launch.Result.Sum1 };
        });
        double sum = 0, size = 0;
        long wins = 0, close = 0;
        for (int i = 0; i < count; i++)
        {
            double kappa = (0.1 * Math.Abs(w[i])) + 0.1, root = Math.Sqrt((2 * h[i]) + (0.3 * 1e4 * kappa)), term = Math.Log(
                (Math.Abs(w[i]) + kappa) * Math.Max(root, 1 / kappa));
            sum += term;
            size += Math.Abs(term) + 1;
            wins += 1 / kappa >= root ? 1 : 0;
            close += Math.Abs((root * kappa) - 1) < 1e-5 ? 1 : 0;
        }

        Assert.That(results[0], Is.EqualTo(sum).Within(1e-6 * size), $"seed {Seed}");
        Assert.That(results[1], Is.EqualTo(wins).Within(close), $"seed {Seed}");
    }

    [Test]
    public void PsiByPartsIsPsi()
    {
        const int count = 10_000;
        using CpuDevice device = new(2);
        using DeviceArrays arenas = new(device, Normal(count, 1, 0.5), Squares(count, 2));
        double Sum(long start, long length)
        {
            using SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(
                device, arenas[0].Slice(start, length), arenas[1].Slice(start, length));
            launch.Settings = PsiSettings.Of(new Neighborhood(0.1, 0.1), 1, count);
            launch.Run();
            return launch.Result.Sum0;
        }

        double whole = Sum(0, count);
        Assert.That(Sum(0, 1234) + Sum(1234, 1) + Sum(1235, count - 1235), Is.EqualTo(whole).Within(1e-6 * Math.Abs(whole)));
    }

    [Test]
    public void ANaNInTheModelGivesNoScore()
    {
        using CpuDevice device = new(1);
        float[] h = Squares(500, 2);
        h[321] = float.NaN;
        using DeviceArrays arenas = new(device, Normal(500, 1, 1), h);
        using SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(device, arenas[0], arenas[1]);
        launch.Settings = PsiSettings.Of(new Neighborhood(0.1, 0.1), 1, 500);
        launch.Run();
        Assert.That(launch.Result.Sum0, Is.NaN);
        Assert.That(
            () => PsiSettings.Of(new Neighborhood(0.1, 0.1), double.NaN, 500), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void MeasuresTheChangeOfCurvature([ValueSource(nameof(Counts))] int count)
    {
        float[] w = Normal(count, 1, 0.5), before = Squares(count, 2), after = Squares(count, 8);
        PerturbSettings settings = PerturbSettings.WholeNeighborhood(new Neighborhood(0.1, 0.05), Seed, 9, 2);
        double[] results = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, before, after);
            using SumLaunch<RhoSettings> launch = SumLaunch<RhoSettings>.Create<RhoTerm>(
                device, arenas[0], arenas[1], arenas[2]);
            launch.Settings = RhoSettings.Of(settings, w.Max(Math.Abs));
            launch.Run();
            return new[] { launch.Result.Sum0, launch.Result.Largest0, launch.Result.Largest1, launch.Settings.SquaredNorm(
                launch.Result.Sum1) };
        });
        double scaled = 0, ratio = 0, change = 0, squared = 0;
        for (int i = 0; i < count; i++)
        {
            double kappa = (0.1 * Math.Abs(w[i])) + 0.05, difference = Math.Abs((double)after[i] - before[i]);
            double u = kappa * ((((Philox.Word(Seed, 9, 2, i) >> 9) + 0.5) / (1 << 22)) - 1);
            scaled += difference / kappa;
            ratio = Math.Max(ratio, difference / Math.Abs(u));
            change = Math.Max(change, difference);
            squared += u * u;
        }

        Assert.That(results[0], Is.EqualTo(scaled).Within(1e-6 * scaled), $"seed {Seed}");
        Assert.That(results[1], Is.EqualTo(ratio).Within(1e-6 * ratio), $"seed {Seed}");
        Assert.That(results[2], Is.EqualTo(change).Within(1e-6 * change), $"seed {Seed}");
        Assert.That(results[3], Is.EqualTo(squared).Within(1e-6 * squared), $"seed {Seed}");
    }

    [Test]
    public void TheChangeOfCurvatureSeesThePerturbationThatWasAdded()
    {
        const int count = 3000;
        float[] w = new float[count];
        Array.Fill(w, 0f);
        using CpuDevice device = new(1);
        using DeviceArrays arenas = new(device, w, Squares(count, 2), Normal(count, 3, 5), new float[count]);
        PerturbSettings settings = PerturbSettings.WholeNeighborhood(new Neighborhood(0.1, 0.05), Seed, 9, 2);
        using RandomMapLaunch<PerturbSettings> perturb =
            PerturbLaunch.Create<UniformNoise>(device, arenas[0], arenas[1], arenas[2], arenas[3]);
        using SumLaunch<NoSettings> norm = SumLaunch<NoSettings>.Create<SquareTerm>(device, arenas[3]);
        using SumLaunch<RhoSettings> change = SumLaunch<RhoSettings>.Create<RhoTerm>(
            device, arenas[0], arenas[1], arenas[2]);
        perturb.Settings = settings;
        change.Settings = RhoSettings.Of(settings, 0);
        perturb.Run();
        norm.Run();
        change.Run();
        Assert.That(change.Settings.SquaredNorm(change.Result.Sum1), Is.EqualTo(norm.Result.Sum0));
    }

    /// <summary>κ from 10⁻³⁰ to 10²⁵: u² leaves a float's range at both ends, ‖u‖² must not.</summary>
    [TestCase(0, 1e-30)]
    [TestCase(0, 1e-24)]
    [TestCase(1e25, 1e-30)]
    public void TheNormOfThePerturbationHoldsWhereItsSquareLeavesAFloat(double gamma, double epsilon)
    {
        const int count = 5000;
        float[] w = Normal(count, 1, 0.5), before = Squares(count, 2);
        PerturbSettings settings = PerturbSettings.WholeNeighborhood(new Neighborhood(gamma, epsilon), Seed, 9, 2);
        double[] results = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, before, before);
            using SumLaunch<RhoSettings> launch = SumLaunch<RhoSettings>.Create<RhoTerm>(
                device, arenas[0], arenas[1], arenas[2]);
            launch.Settings = RhoSettings.Of(settings, w.Max(Math.Abs));
            launch.Run();
            return new[] { launch.Result.Sum0, launch.Result.Largest0, launch.Result.Largest1, launch.Settings.SquaredNorm(
                launch.Result.Sum1) };
        });
        double squared = 0;
        for (int i = 0; i < count; i++)
        {
            double u = ((gamma * Math.Abs((double)w[i])) + epsilon) * (
                (((Philox.Word(Seed, 9, 2, i) >> 9) + 0.5) / (1 << 22)) - 1);
            squared += u * u;
        }

        Assert.That(results[3], Is.EqualTo(squared).Within(1e-5 * squared), $"seed {Seed}");
        Assert.That(results[..3], Is.All.Zero, "h is the same at both");
    }

    [Test]
    public void RunsAllocateNothing()
    {
        using CpuDevice device = new(2);
        using DeviceArrays arenas = new(
            device, Normal(50_000, 1, 1), Squares(50_000, 2), Normal(50_000, 3, 1), new float[50_000], new float[50_000],
            new float[50_000]);
        using RandomMapLaunch<PerturbSettings> perturb =
            PerturbLaunch.Create<UniformNoise>(device, arenas[0], arenas[1], arenas[2], arenas[3]);
        UpdateLaunch<AdamRule> update =
            UpdateLaunch.Create<AdamRule>(device, arenas[0], arenas[2], [arenas[4], arenas[5]], arenas[1]);
        using SumLaunch<NoSettings> squares = SumLaunch<NoSettings>.Create<SquareTerm>(device, arenas[2]);
        Neighborhood neighborhood = new(0.1, 0.1);
        double total = 0;
        void Step(int step)
        {
            perturb.Settings = PerturbSettings.WholeNeighborhood(neighborhood, Seed, 1, (uint)step);
            perturb.Run();
            squares.Run();
            update.Settings = new(new AdamRule(step, 1e-3), 1 / (1 + squares.Result.Sum0), 0.999);
            update.Run();
            total += update.SquaredChange;
        }

        Step(1);
        Step(2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 3; step < 40; step++)
        {
            Step(step);
        }

        long after = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(after - before, Is.Zero, "bytes");
        Assert.That(total, Is.Positive);
    }

    [Test]
    public void RegionsMustFit()
    {
        using CpuDevice device = new(1), other = new(1);
        using DeviceArrays arenas = new(device, new float[10], new float[10], new float[11]);
        using DeviceArrays elsewhere = new(other, new float[10]);
        Assert.That(
            () => SumLaunch<PsiSettings>.Create<PsiTerm>(device, arenas[0], arenas[2]),
            Throws.ArgumentException.With.Message.Contains("11 elements").And.Message.Contains("10"));
        Assert.That(() => SumLaunch<PsiSettings>.Create<PsiTerm>(device, arenas[0], elsewhere[0]), Throws.ArgumentException);
        Assert.That(
            () => SumLaunch<PsiSettings>.Create<PsiTerm>(device, arenas[0]),
            Throws.ArgumentException.With.Message.Contains("PsiTerm takes 2 regions"));
        Assert.That(
            () => RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<UniformNoise>>(device, arenas[0], arenas[2]),
            Throws.ArgumentException.With.Message.Contains("11 elements"));
        Assert.That(
            () => RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<UniformNoise>>(device, arenas[0], arenas[1]),
            Throws.ArgumentException.With.Message.Contains("takes 2 regions"));
        Assert.That(
            () => UpdateLaunch.Create<AdamRule>(device, arenas[0], arenas[1], [arenas[1]]),
            Throws.ArgumentException.With.Message.Contains("AdamRule keeps 2"));
    }

    private static void AddsNoise<TNoise>(int count, bool own, NoiseSettings settings)
        where TNoise : struct, INoise
    {
        float[] w = Normal(count, 1, 1), levels = Squares(count, 2);
        float[] result = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, levels, new float[count]);
            using RandomMapLaunch<NoiseSettings> launch = own
                ? RandomMapLaunch<NoiseSettings>.Create<NoiseOfOwnLevels<TNoise>>(device, arenas[2], arenas[0], arenas[1])
                : RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<TNoise>>(device, arenas[2], arenas[0]);
            launch.Run();
            Assert.That(arenas[2].ToArray(), Is.EqualTo(w), "no noise before settings come");
            launch.Settings = settings;
            launch.Run();
            return arenas[2].ToArray();
        });
        for (int i = 0; i < count; i++)
        {
            double sigma = settings.Sigma * (own ? levels[i] : 1d), kappa = (
                settings.Gamma * Math.Abs((double)w[i])) + settings.Epsilon;
            double exact = w[i] + TNoise.Sample<Double1, Words1>(new(sigma), new(kappa), new(Philox.Word(Seed, 5, 6, i))).Value;
            Assert.That(
                result[i], Is.EqualTo(exact).Within(1e-6 * (Math.Abs(w[i]) + Math.Abs(exact) + 0.1)),
                $"{typeof(TNoise).Name}, seed {Seed}, element {i}");
        }
    }

    private static void PerturbsByTheFormula<TNoise>(int count, double error)
        where TNoise : struct, INoise
    {
        float[] w = Normal(count, 1, 1), h = Squares(count, 2), g = Normal(count, 3, 0.1);
        PerturbSettings settings = new AlgorithmOne(20).Settings(2, 7, 0.3, Seed, 5, 6, gradientScale: 0.5);
        float[] result = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, h, g, new float[count]);
            using RandomMapLaunch<PerturbSettings> launch =
                PerturbLaunch.Create<TNoise>(device, arenas[0], arenas[1], arenas[2], arenas[3]);
            launch.Run();
            Assert.That(arenas[3].ToArray(), Is.EqualTo(w), "nothing is perturbed before settings come");
            launch.Settings = settings;
            launch.Run();
            return arenas[3].ToArray();
        });
        for (int i = 0; i < count; i++)
        {
            double exact = w[i] + Perturbed<TNoise>.Sample<Double1, Words1>(
                new(w[i]), new(h[i]), new(g[i]), new(Philox.Word(Seed, 5, 6, i)), settings).Value;
            Assert.That(
                result[i], Is.EqualTo(exact).Within(error * (Math.Abs(w[i]) + Math.Abs(exact) + 0.1)),
                $"{typeof(TNoise).Name}, seed {Seed}, element {i}");
        }
    }

    private static void Update<TRule>(int count, Func<int, TRule> rule, bool secondMoment)
        where TRule : unmanaged, IUpdateRule
    {
        const int steps = 3;
        float[] w = Normal(count, 1, 1), h = Squares(count, 2);
        float[][] gradients = [.. Enumerable.Range(0, steps).Select(step => Normal(count, 10 + (uint)step, 1))];
        float[] results = OnAllDevices(device =>
        {
            using DeviceArrays arenas = new(device, w, h, new float[count], new float[count], new float[count]);
            Region[] states = [.. Enumerable.Range(3, TRule.StateNames.Count).Select(i => arenas[i])];
            UpdateLaunch<TRule> launch =
                UpdateLaunch.Create<TRule>(device, arenas[0], arenas[2], states, secondMoment ? arenas[1] : null);
            for (int step = 1; step <= steps; step++)
            {
                arenas[2].Write(gradients[step - 1]);
                launch.Settings = new(rule(step), 0.7, 0.99);
                launch.Run();
            }

            return (float[])[
                .. arenas[0].ToArray(), .. arenas[1].ToArray(), .. arenas[3].ToArray(), .. arenas[4].ToArray(),
                (float)launch.SquaredChange];
        });

        double squared = 0;
        for (int i = 0; i < count; i++)
        {
            Double1 weight = new(w[i]), moment = new(h[i]), last = default;
            States<Double1> kept = default;
            for (int step = 1; step <= steps; step++)
            {
                Double1 g = new(gradients[step - 1][i] * 0.7f);
                last = weight;
                weight = rule(step).Step(weight, g, ref kept);
                moment = secondMoment ? SecondMoment.Smooth(
                    moment, g, Double1.Constant(0.99f), Double1.Constant((float)(1 - 0.99))) : moment;
            }

            squared += (weight.Value - last.Value) * (weight.Value - last.Value);
            string message = $"{typeof(TRule).Name}, seed {Seed}, element {i}";
            Assert.That(results[i], Is.EqualTo(weight.Value).Within(1e-6 * (1 + Math.Abs(weight.Value))), message);
            Assert.That(results[count + i], Is.EqualTo(moment.Value).Within(1e-6 * (moment.Value + 0.01)), message);
            Assert.That(
                results[(2 * count) + i], Is.EqualTo(TRule.StateNames.Count > 0 ? kept.First.Value : 0).Within(2e-6), message);
            Assert.That(
                results[(3 * count) + i], Is.EqualTo(TRule.StateNames.Count > 1 ? kept.Second.Value : 0).Within(2e-6), message);
        }

        // The stored weights are rounded, so a change is known to half a unit of theirs.
        Assert.That(
            results[4 * count], Is.EqualTo(squared).Within((1e-5 * squared) + 1e-9), $"{typeof(TRule).Name}, seed {Seed}");
    }

    /// <summary>Runs on every width and on 1, 2 and 3 threads, and checks that the results have the same bits.</summary>
    private static TResult[] OnAllDevices<TResult>(Func<CpuDevice, TResult[]> run)
    {
        using CpuDevice first = new(1) { Lanes = 1 };
        TResult[] expected = run(first);
        foreach ((int lanes, int threads) in new[] { (4, 1), (8, 1), (16, 1), (CpuDevice.Width, 2), (CpuDevice.Width, 3) })
        {
            using CpuDevice device = new(threads) { Lanes = lanes };
            Assert.That(run(device), Is.EqualTo(expected), $"{lanes} lanes, {threads} threads");
        }

        return expected;
    }

    private static float[] Normal(int count, uint stream, double deviation)
    {
        RandomStream random = new(Seed, stream);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(deviation * random.NextGaussian());
        }

        return values;
    }

    private static float[] Squares(int count, uint stream) => [.. Normal(count, stream, 0.1).Select(v => v * v)];
}
