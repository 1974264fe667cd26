using PacGen.Core.Bounds;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The bounds' passes on devices against the bounds in double, and against themselves on other devices and widths.
/// </summary>
internal sealed class BoundLaunchTests
{
    private const int Seed = 20_190_401;
    private static readonly LocalSmoothness Smoothness = new(0.3, 0.1, 0.05);

    [Test]
    public void LevelsAreThoseInDouble()
    {
        Random random = new(Seed);
        double worstUniform = 0, worstGaussian = 0;
        for (int trial = 0; trial < 20_000; trial++)
        {
            float kappa = Any(-4, 1), curvature = random.Next(10) == 0 ? 0 : Any(-9, 5);
            double eta = Any(-2, 8), rho = Any(-4, 2), tau = Any(-3, 3);
            LocalSmoothness smoothness = new(rho, 0.1, 0.05);
            UniformBoundSettings six = UniformBoundSettings.Of(smoothness, eta, Tau.Fixed(1), 10_000);
            double uniform = OptimalSigma.Uniform(
                new Float1(kappa), new Float1(curvature), new Float1(six.CurvatureScale), new Float1(six.KappaScale),
                out _).Value;
            double expected = UniformBound.OptimalSigma(curvature, kappa, rho * 100, eta);
            worstUniform = Math.Max(worstUniform, Math.Abs(uniform - expected) / expected);
            GaussianBoundSettings eight = GaussianBoundSettings.Of(smoothness, eta, tau, 10_000);
            double gaussian = OptimalSigma.Gaussian(
                new Float1(kappa), new Float1(curvature), new Float1(eight.CurvatureScale), new Float1(eight.KappaScale),
                new Float1(eight.InverseTau), out _, out _).Value;
            expected = GaussianBound.OptimalSigma(curvature, kappa, rho * 100, eta, tau);
            worstGaussian = Math.Max(worstGaussian, Math.Abs(gaussian - expected) / expected);
        }

        Assert.That(worstUniform, Is.LessThan(1e-6));
        Assert.That(worstGaussian, Is.LessThan(1e-6));

        float Any(double low, double high) => (float)Math.Pow(10, low + ((high - low) * random.NextDouble()));
    }

    [Test]
    public void TheGaussianTermIsThatInDoubleAtEveryRatio()
    {
        // One weight, κ = 0.05 to 0.15, and η from where σ* is far above κ to where it is far below.
        double worst = 0, worstSharpness = 0;
        for (double eta = 1e-3; eta < 1e9; eta *= 1.07)
        {
            foreach (float weight in new[] { 0f, -1f })
            {
                const float curvature = 0.7f;
                GaussianBoundSettings settings = GaussianBoundSettings.Of(Smoothness, eta, 2, 100);
                double kl = GaussianBoundTerm.Of(new Float1(weight), new Float1(curvature), settings, out Float1 scaled).Value;
                double kappa = Smoothness.Kappa(weight), sigma = GaussianBound.OptimalSigma(curvature, kappa, 3, eta, 2);
                double expected = TruncatedGaussian.Kl(weight, sigma, kappa, 0, Math.Sqrt(2));
                double sharpness = eta * ((curvature / 2) + (3 * kappa / 6)) * TruncatedGaussian.SecondMoment(sigma, kappa);
                worst = Math.Max(worst, Math.Abs(kl - expected));
                worstSharpness = Math.Max(worstSharpness, Math.Abs(scaled.Value - sharpness));
            }
        }

        Assert.That(worst, Is.LessThan(2e-6));
        Assert.That(worstSharpness, Is.LessThan(2e-7));
    }

    [Test]
    public void SumsAreThoseInDouble([Values(1, 3, 64, 4097, 21_840)] int count)
    {
        (float[] weights, float[] curvature) = Parameters(count);
        foreach (double eta in new[] { 1e-2, 39, 1e4, 1e8 })
        {
            double[] sums = OnAllWidths(device => Run(device, weights, curvature, eta));
            UniformBoundSums uniform = UniformBound.Sums(Smoothness, eta, weights, curvature, Tau.Fixed(3));
            GaussianBoundSums gaussian = GaussianBound.Sums(Smoothness, eta, weights, curvature, 3);
            Assert.That(sums[0], Is.EqualTo(uniform.Kl).Within(1e-6 * (uniform.Kl + count)), $"uniform KL, η {eta}, seed {Seed}");
            Assert.That(
                sums[1], Is.EqualTo(uniform.Sharpness).Within(2e-6 * uniform.Sharpness), $"uniform ℳ, η {eta}, seed {Seed}");
            Assert.That(
                sums[2], Is.EqualTo(gaussian.Kl).Within(1e-6 * (gaussian.Kl + count)), $"Gaussian KL, η {eta}, seed {Seed}");
            Assert.That(
                sums[3], Is.EqualTo(gaussian.Sharpness).Within(2e-6 * gaussian.Sharpness), $"Gaussian ℳ, η {eta}, seed {Seed}");
        }
    }

    [Test]
    public void SumsMakeTheBounds()
    {
        const int count = 10_000;
        (float[] weights, float[] curvature) = Parameters(count);
        BoundSample sample = new(0.1, 50_000, 0.05);
        using CpuDevice device = new(2);
        using DeviceArrays memory = new(device, weights, curvature);
        double eta = UniformBound.Theorem7Eta(count, 50_000);
        double expected = UniformBound.Theorem7(sample, Smoothness, weights, curvature, Tau.Fixed(3)).Value;
        Assert.That(
            UniformBound.Theorem7(sample, Uniform(device, memory, count, eta, Tau.Fixed(3))).Value,
            Is.EqualTo(expected).Within(2e-6 * expected));

        BoundResult score = UniformBound.Lemma6(sample, Uniform(device, memory, count, eta, Tau.OfWeights()));
        expected = UniformBound.Lemma6(sample, eta, Smoothness, weights, curvature, Tau.OfWeights()).Value;
        Assert.That(score.Value, Is.EqualTo(expected).Within(2e-6 * expected));
        Assert.That(score.Status, Is.EqualTo(BoundStatus.Score));

        // A curvature stored at half its size.
        UniformBoundSums doubled = Uniform(device, memory, count, eta, Tau.OfWeights(), curvatureScale: 2);
        expected =
            UniformBound.Lemma6(sample, eta, Smoothness, weights, [.. curvature.Select(c => 2 * c)], Tau.OfWeights()).Value;
        Assert.That(UniformBound.Lemma6(sample, doubled).Value, Is.EqualTo(expected).Within(2e-6 * expected));
    }

    [Test]
    public void WhatIsOutOfRangeIsNamed()
    {
        (float[] weights, float[] curvature) = Parameters(5000);
        using CpuDevice device = new(1);
        curvature[4321] = -0.25f;
        Assert.That(() => Run(device, weights, curvature, 10), Throws.InvalidOperationException.With.Message.Contains(
            "convexity").And.Message.Contains("-0.25"));
        curvature[4321] = float.NaN;
        Assert.That(
            () => Run(device, weights, curvature, 10), Throws.InvalidOperationException.With.Message.Contains("not finite"));
        curvature[4321] = 1;
        weights[99] = 3;
        Assert.That(
            () => Run(device, weights, curvature, 10), Throws.InvalidOperationException.With.Message.Contains("|wᵢ| + κᵢ ≤ τᵢ"));
        weights[99] = float.NaN;
        Assert.That(
            () => Run(device, weights, curvature, 10), Throws.InvalidOperationException.With.Message.Contains("not finite"));
        Assert.That(
            () => UniformBoundSettings.Of(Smoothness, 0, Tau.Fixed(1), 3),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("η"));
        Assert.That(
            () => GaussianBoundSettings.Of(Smoothness, 1, -1, 3),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("τ"));
    }

    internal static (float[] Weights, float[] Curvature) Parameters(int count)
    {
        Random random = new(Seed);
        return (
            [.. Enumerable.Range(0, count).Select(
                _ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.NextDouble() * 2 - 1.5)))],
            [.. Enumerable.Range(0, count).Select(
                _ => random.Next(20) == 0 ? 0f : (float)Math.Pow(10, (random.NextDouble() * 8) - 6))]);
    }

    /// <summary>Uniform KL and ℳ, Gaussian KL and ℳ.</summary>
    internal static double[] Run(Device device, float[] weights, float[] curvature, double eta)
    {
        using DeviceArrays memory = new(device, weights, curvature);
        UniformBoundSums uniform = Uniform(device, memory, weights.Length, eta, Tau.Fixed(3));
        using SumLaunch<GaussianBoundSettings> launch = SumLaunch<GaussianBoundSettings>.Create<GaussianBoundTerm>(
            device, memory[0], memory[1]);
        launch.Settings = GaussianBoundSettings.Of(Smoothness, eta, 3, weights.Length);
        launch.Run();
        GaussianBoundSums gaussian = GaussianBoundSums.Of(launch.Result, weights.Length, eta);
        return [uniform.Kl, uniform.Sharpness, gaussian.Kl, gaussian.Sharpness];
    }

    private static UniformBoundSums Uniform(
        Device device, DeviceArrays memory, int count, double eta, Tau tau, double curvatureScale = 1)
    {
        using SumLaunch<UniformBoundSettings> launch = SumLaunch<UniformBoundSettings>.Create<UniformBoundTerm>(
            device, memory[0], memory[1]);
        launch.Settings = UniformBoundSettings.Of(Smoothness, eta, tau, count, curvatureScale);
        launch.Run();
        return UniformBoundSums.Of(launch.Result, count, eta, tau);
    }

    private static double[] OnAllWidths(Func<CpuDevice, double[]> run)
    {
        using CpuDevice first = new(1) { Lanes = 1 };
        double[] expected = run(first);
        foreach ((int lanes, int threads) in new[] { (4, 1), (8, 1), (16, 1), (CpuDevice.Width, 2) })
        {
            using CpuDevice device = new(threads) { Lanes = lanes };
            Assert.That(run(device), Is.EqualTo(expected), $"{lanes} lanes, {threads} threads");
        }

        return expected;
    }
}
