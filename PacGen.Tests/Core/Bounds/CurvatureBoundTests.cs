using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

/// <summary>Lemmas 6 and 8 in other inequalities, the sharper third-order term, and priors with means and groups.</summary>
internal sealed class CurvatureBoundTests
{
    private static readonly BoundSample Sample = new(0.1, 1000, 0.05);
    private static readonly LocalSmoothness Smoothness = new(0.5, 0.125, 0.0625);
    private static readonly double[] Weights = [0.5, -1, 0], Curvature = [200, 0.125, 0];

    /// <summary>theory.md's example: 0.2873 over the grid of η becomes this in kl⁻¹.</summary>
    [Test]
    public void TheWorkedExample()
    {
        BoundResult uniform = CurvatureBound.Uniform<double>(Sample, Smoothness, Weights, Curvature, Tau.Fixed(2));
        BoundResult gaussian = CurvatureBound.Gaussian<double>(
            Sample, Smoothness, Weights, Curvature, [], [Math.Sqrt(2), Math.Sqrt(2), Math.Sqrt(2)]);
        TestContext.Out.WriteLine($"{uniform}\n{gaussian}");
        Assert.That(uniform.Value, Is.InRange(0.16, 0.171));
        Assert.That(gaussian.Value, Is.InRange(0.155, 0.171));
        Assert.That(uniform.FailureProbability, Is.EqualTo(0.05), "nothing is paid for η");
        Assert.That(
            uniform.Assumptions.Select(one => one.Name),
            Does.Contain("ρ").And.Contain("τ before data").And.Contain("bounded loss"));
        foreach (PacBayesInequality other in (PacBayesInequality[])[McAllester.Bound, QuadraticBound.Bound])
        {
            BoundResult looser = CurvatureBound.Uniform<double>(Sample, Smoothness, Weights, Curvature, Tau.Fixed(2), other);
            Assert.That(looser.Value, Is.GreaterThan(uniform.Value).And.LessThan(0.2873));
        }

        Assert.That(
            CurvatureBound.Uniform<double>(Sample, Smoothness, Weights, Curvature, Tau.OfWeights()).Status,
            Is.EqualTo(BoundStatus.Score));
    }

    /// <summary>𝔼ũ⁴ of the truncated Gaussian against quadrature, on both sides of where the formulas change.</summary>
    [TestCase(0.1, 1)]
    [TestCase(0.49, 1)]
    [TestCase(0.51, 1)]
    [TestCase(3, 1)]
    [TestCase(double.PositiveInfinity, 2)]
    public void FourthMoment(double sigma, double kappa)
    {
        double sum = 0, mass = 0;
        const int Steps = 40_000;
        for (int i = 0; i < Steps; i++)
        {
            double u = kappa * (i + 0.5) / Steps, density = Math.Exp(-u * u / (2 * sigma * sigma));
            mass += density;
            sum += density * u * u * u * u;
        }

        Assert.That(TruncatedGaussian.FourthMoment(sigma, kappa), Is.EqualTo(sum / mass).Within(1e-5).Percent);
    }

    /// <summary>√(𝔼‖u‖²𝔼‖u‖⁴) of uniform coordinates is above 𝔼‖u‖³ and below √mΣκ𝔼u².</summary>
    [Test]
    public void TheCubedNormIsSharper()
    {
        double[] kappa = [.. Enumerable.Range(1, 50).Select(i => 0.1 + (0.01 * i))], sigma = [.. kappa.Select(k => k / 3)];
        double[] second = [.. sigma.Select(s => s * s / 3)], fourth = [.. sigma.Select(s => s * s * s * s / 5)];
        double sharp = CurvatureBound.CubedNorm(second, fourth), squares = second.Sum();
        double loose = Math.Sqrt(50) * second.Zip(kappa, (v, k) => v * k).Sum();
        Assert.That(sharp, Is.GreaterThan(Math.Pow(squares, 1.5)).And.LessThan(loose / 4));
        double cubed = 0;
        PacGen.Core.Randomness.RandomStream random = new(5, 1);
        for (int draw = 0; draw < 20_000; draw++)
        {
            cubed += Math.Pow(sigma.Sum(s => Math.Pow(s * ((2 * random.NextUniform()) - 1), 2)), 1.5) / 20_000;
        }

        Assert.That(sharp, Is.InRange(cubed, 1.1 * cubed));
    }

    /// <summary>
    /// A prior's mean near w and a scale for each group lower KL; the groups' places in the grid are paid for.
    /// </summary>
    [Test]
    public void PriorsWithMeansAndGroups()
    {
        double[] w = [.. Enumerable.Range(0, 40).Select(i => i < 20 ? 1 + (0.01 * i) : 0.01 * i)], h = [.. w.Select(_ => 0.5)];
        double[] mean = [.. w.Select((value, i) => value + (i < 20 ? 0.02 : 0.5))];
        double[] wide = [.. w.Select(_ => 1d)];
        PriorScaleGrid grid = new(4, 4);
        double zero = CurvatureBound.Gaussian<double>(Sample, Smoothness, w, h, [], wide).Value;
        BoundResult centred = CurvatureBound.Gaussian<double>(Sample, Smoothness, w, h, mean, wide);
        BoundResult grouped = CurvatureBound.Gaussian<double>(Sample, Smoothness, w, h, mean, [20, 20], grid);
        BoundResult one = CurvatureBound.Gaussian<double>(Sample, Smoothness, w, h, mean, [40], grid);
        TestContext.Out.WriteLine($"0: {zero}; means: {centred.Value}; groups: {grouped.Value}; one group: {one.Value}");
        Assert.That(centred.Value, Is.LessThan(zero));
        Assert.That(grouped.Value, Is.LessThan(centred.Value).And.LessThan(one.Value));
        Assert.That(
            () => CurvatureBound.Gaussian<double>(Sample, Smoothness, w, h, mean, [20, 19], grid), Throws.ArgumentException);

        // A grid of one scale in all costs log(π²/6) for each group.
        BoundResult fixedScale = CurvatureBound.Gaussian<double>(
            Sample, Smoothness, w, h, mean, [.. w.Select(_ => Math.Sqrt(4 * Math.Exp(-0.25)))]);
        Assert.That(one.Term("KL"), Is.GreaterThan(0));
        Assert.That(one.Value, Is.LessThan(fixedScale.Value + 0.02));
    }
}
