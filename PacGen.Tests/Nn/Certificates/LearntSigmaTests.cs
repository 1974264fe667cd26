using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>σ that is learnt by gradients: where it goes for a known curvature, and what a certificate makes of it.</summary>
internal sealed class LearntSigmaTests
{
    private static readonly CertifyOptions Quick = new()
    {
        PriorEpochs = 6, PosteriorEpochs = 2, PriorLevels = [100], Draws = 719, Device = Device.Cpu,
        PosteriorSigma = PosteriorSigma.LogVariance,
    };

    /// <summary>
    /// For a loss ½Σhu² the best σ is 1/√(h/k + 1/s²), k the weight of the KL: both forms come there from draws alone.
    /// </summary>
    [Test]
    public void FindsTheOptimumOfAQuadraticLoss([Values(PosteriorSigma.Softplus, PosteriorSigma.LogVariance)] PosteriorSigma form)
    {
        const double k = 0.01, s = 0.05;
        Mlp model = new(6, 4, 3);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        int count = (int)arena.Count;
        arena.Load(new float[count]);
        using NoisyWeights noise = new(arena, new Neighborhood(0, 1), 5);
        RandomStream random = new(4, 1);
        double[] h = [.. Enumerable.Range(0, count).Select(_ => Math.Exp((6 * random.NextUniform()) - 1))];
        using LearntSigma learnt = new(arena, noise, form, [.. Enumerable.Repeat((float)s, count)], 0.02, k);
        learnt.Limit([.. Enumerable.Repeat(1f, count)]);
        using DeviceBuffer gradients = Device.Cpu.Allocate(count), strength = Device.Cpu.Allocate(1);
        strength.Write(0, [1f]);
        Shape shape = new(count);
        Tensor g = Tensor.Input(shape, "g"), w = Tensor.Input(shape, "w"), factor = Tensor.Input(Shape.Scalar, "strength");
        Dictionary<Tensor, Region> bindings = new()
        {
            [g] = new(gradients),
            [w] = new(arena.Weights),
            [factor] = new(strength),
        };
        Tensor precision = Tensor.Constant(shape, [.. Enumerable.Repeat((float)(k / (s * s)), count)]);
        using CompiledGraph graph = CompiledGraph.Compile(
            Device.Cpu, learnt.Update(g, w, precision, factor, bindings), bindings);
        const int steps = 6000;
        for (int step = 0; step < steps; step++)
        {
            noise.Draw(1, (uint)step);
            float[] u = new Region(noise.Weights).ToArray();
            gradients.Write(0, [.. u.Zip(h, (ui, hi) => (float)(hi * ui))]);
            learnt.Prepare(step, 1 - ((double)step / steps));
            graph.Run();
        }

        double[] wanted = Array.ConvertAll(h, hi => 1 / Math.Sqrt((hi / k) + (1 / (s * s))));
        double[] errors = [.. learnt.Values().Zip(wanted, (found, right) => Math.Abs((found / right) - 1))];
        Assert.That(wanted.Min(), Is.LessThan(0.2 * s), "some are far from where they began");
        Assert.That(errors.Average(), Is.LessThan(0.05));
        Assert.That(errors.Max(), Is.LessThan(0.25));
    }

    /// <summary>The certificate has the exact KL of the σ that were learnt, and the prior is the same as with σ*.</summary>
    [Test]
    public void TheCertificateHasItsExactKl([Values(null, PosteriorObjective.Kl)] PosteriorObjective? objective)
    {
        Certificate certificate = Certify(Quick with { Objective = objective });
        Certificate usual = Certify(Quick with { PosteriorSigma = PosteriorSigma.Optimal });
        float[] sigma = [.. certificate.Sigma];
        double kl = TruncatedGaussian.Kl<float>(
            [.. certificate.Mean], sigma, [.. certificate.Kappa], [.. certificate.PriorMean], [.. certificate.PriorDeviation]);
        Assert.That(certificate.Kl, Is.EqualTo(kl).Within(1e-9));
        Assert.That(certificate.PriorMean, Is.EqualTo(usual.PriorMean));
        Assert.That(certificate.PriorDeviation, Is.EqualTo(usual.PriorDeviation));
        Assert.That(sigma, Is.Not.EqualTo(usual.Sigma).And.All.GreaterThan(0));
        Assert.That(
            sigma.Zip(certificate.Kappa, (one, width) => one / width).Max(),
            Is.LessThanOrEqualTo(1.0001 * TruncatedGaussian.Cap(1, sigma.Length)));
        Assert.That(certificate.ZeroOne.Value, Is.GreaterThan(certificate.ZeroOne.TestLoss).And.LessThan(0.9));
        Assert.That(certificate.Curvature, Does.Contain("learnt"));
        Assert.That(Certify(Quick with { Objective = objective }).Sigma, Is.EqualTo(sigma), "the same bits again");
    }

    /// <summary>A grid of one deviation for all weights, paid for as levels are.</summary>
    [Test]
    public void APriorOfOneDeviationIsChosenAtThePriceOfTheGrid()
    {
        Certificate certificate = Certify(Quick with { PriorDeviations = [0.003, 0.01, 0.03] });
        Assert.That(certificate.PriorLevels, Is.EqualTo(3));
        Assert.That(certificate.PriorDeviation, Is.All.EqualTo((float)certificate.PriorLevel));
        Assert.That(certificate.ZeroOne.Bound.Term("log K"), Is.EqualTo(Math.Log(3)).Within(1e-12));
        Assert.That(
            () => Certify(Quick with { PriorDeviations = [0] }), Throws.ArgumentException.With.Message.Contains("deviations"));
        Assert.That(
            () => Certify(Quick with { PosteriorOptimizer = CertifyOptions.PosteriorIvon() }),
            Throws.ArgumentException.With.Message.Contains("a posterior of its own"));
    }

    private static Certificate Certify(CertifyOptions options) =>
        Certifier.Certify(new Mlp(64, 16, 10), Datasets.Digits(), options);
}
