using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

internal sealed class PerturbationBoundTests
{
    private static readonly BoundSample Sample = new(0.25, 50, Math.Exp(-2));

    [Test]
    public void ByHand()
    {
        // ℳ = ½(2·½ + (−4)·⅛) + (6/6)·½ = ¼ + ½; 𝒢 = (3 + 2)/10 + 10/100.
        BoundResult result = PerturbationBound.Lemma5(Sample, 10, [2d, -4d], [0.5, 0.125], 6, 0.5, 3);
        Assert.That(result.Term("ℳ (9)"), Is.EqualTo(0.75).Within(1e-15));
        Assert.That(result.Value, Is.EqualTo(0.25 + 0.75 + 0.5 + 0.1).Within(1e-15));
        Assert.That(PerturbationBound.Sharpness([2d, -4d], [0.5, 0.125], 6, 0.5), Is.EqualTo(0.75).Within(1e-15));
        Assert.That(PerturbationBound.Generalization(3, 50, Math.Exp(-2), 10), Is.EqualTo(0.6).Within(1e-15));
        Assert.That(result.Status, Is.EqualTo(BoundStatus.ConditionalBound));
        Assert.That(result.Assumptions, Does.Contain(Assumption.CentredPerturbation).And.Contain(Assumption.PriorBeforeData));

        // λmax·𝔼‖u‖²/2 = 2·0.625/2.
        BoundResult lemma9 = PerturbationBound.Lemma9(Sample, 10, 2, 0.625, 6, 0.5, 3);
        Assert.That(lemma9.Value, Is.EqualTo(0.25 + 0.625 + 0.5 + 0.5 + 0.1).Within(1e-15));
        Assert.That(lemma9.Assumptions, Does.Contain(Assumption.StationaryPoint).And.Not.Contain(Assumption.CentredPerturbation));
    }

    [Test]
    public void Lemma9IsLemma5WhereAllCurvaturesAreTheLargest() => PerturbationProblem.ForAll(problem =>
    {
        double[] moments = [.. problem.Kappa.Select(k => k * k / 3)];
        double cubed = PerturbationBound.CubedNorm(problem.Weights, moments, problem.Smoothness), rho = problem.Smoothness.Rho;
        double largest = problem.Curvature.Max() - problem.Log(-3, 3);
        double[] same = [.. problem.Curvature.Select(_ => largest)];
        double five = PerturbationBound.Lemma5(problem.Sample, problem.Eta, same, moments, rho, cubed, 7).Value;
        double nine = PerturbationBound.Lemma9(problem.Sample, problem.Eta, largest, moments.Sum(), rho, cubed, 7).Value;
        Assert.That(nine, Is.EqualTo(five).Within(1e-13 * (Math.Abs(five) + (Math.Abs(largest) * moments.Sum()))));

        double diagonal = PerturbationBound.Lemma5(problem.Sample, problem.Eta, problem.Curvature, moments, rho, cubed, 7).Value;
        double bound =
            PerturbationBound.Lemma9(problem.Sample, problem.Eta, problem.Curvature.Max(), moments.Sum(), rho, cubed, 7).Value;
        Assert.That(bound, Is.GreaterThanOrEqualTo(diagonal * (1 - 1e-13)));
    });

    [Test]
    public void TheUniformAndTheGaussianBoundAreLemma5WithTheirMoments() => PerturbationProblem.ForAll(problem =>
    {
        double[] sigma = [.. problem.Kappa.Select(k => k * problem.Log(-3, 0))], moments = [.. sigma.Select(s => s * s / 3)];
        double kl = UniformBound.Kl(problem.Weights, sigma, problem.Smoothness, problem.UniformTau);
        Same(Lemma5(moments, kl), UniformBound.AtSigma(
            problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, sigma, problem.UniformTau));

        moments = [.. sigma.Zip(problem.Kappa, TruncatedGaussian.SecondMoment)];
        double[] zero = new double[problem.Parameters];
        kl = TruncatedGaussian.Kl(problem.Weights, sigma, problem.Smoothness.Neighborhood, zero, Math.Sqrt(problem.GaussianTau));
        Same(Lemma5(moments, kl), GaussianBound.AtSigma(
            problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, sigma, problem.GaussianTau));

        BoundResult Lemma5(double[] m, double divergence) => PerturbationBound.Lemma5(
            problem.Sample, problem.Eta, problem.Curvature, m, problem.Smoothness.Rho,
            PerturbationBound.CubedNorm(problem.Weights, m, problem.Smoothness), divergence);
        void Same(BoundResult a, BoundResult b) =>
            Assert.That(a.Value, Is.EqualTo(b.Value).Within(1e-12 * Math.Abs(b.Value)), b.Name);
    });

    [Test]
    public void ThirdMomentsAreBelowKappaTimesSecondMoments() => PerturbationProblem.ForAll(problem =>
    {
        // For U(−σ, σ): 𝔼|u|³ = σ³/4 ≤ κσ²/3.
        double[] sigma = [.. problem.Kappa.Select(k => k * problem.Log(-3, 0))];
        double exact = PerturbationBound.CubedNorm<double>([.. sigma.Select(s => s * s * s / 4)]);
        Assert.That(exact, Is.LessThanOrEqualTo(
            PerturbationBound.CubedNorm(problem.Weights, [.. sigma.Select(s => s * s / 3)], problem.Smoothness)));
    });

    [Test]
    public void TheCubedNormHolds()
    {
        // 𝔼‖u‖³ of U(−1, 1)² by a fine grid, ¼∬r³ = (7√2 + 3 asinh 1)/20, against √2·2·¼.
        double exact = ((7 * Math.Sqrt(2)) + (3 * Math.Asinh(1))) / 20, bound = PerturbationBound.CubedNorm(
            [0.25, 0.25]), sum = 0;
        const int cells = 400;
        for (int i = 0; i < cells; i++)
        {
            for (int j = 0; j < cells; j++)
            {
                double x = (i + 0.5) / cells, y = (j + 0.5) / cells;
                sum += Math.Pow((x * x) + (y * y), 1.5) / cells / cells;
            }
        }

        Assert.That(sum, Is.EqualTo(exact).Within(1e-5));
        Assert.That(bound, Is.GreaterThan(exact));
        Assert.That(exact, Is.GreaterThan(Math.Pow(2d / 3, 1.5)), "Jensen: what is checked of an 𝔼‖u‖³ that comes");
    }

    [Test]
    public void WhatIsOutOfRangeIsNamed()
    {
        Assert.That(() => PerturbationBound.Sharpness([1d], [1d], 1, 0.9), Throws.ArgumentException.With.Message.Contains(
            "(𝔼‖u‖²)^(3/2)"));
        Assert.That(() => PerturbationBound.Sharpness([1d], [-1d], 1, 0.9), Throws.ArgumentException.With.Message.Contains(
            "parameter 0"));
        Assert.That(() => PerturbationBound.Sharpness([double.NaN], [1d], 1, 1), Throws.ArgumentException.With.Message.Contains(
            "curvature of parameter 0"));
        Assert.That(() => PerturbationBound.Sharpness([1d], [1d, 2d], 1, 9), Throws.ArgumentException.With.Message.Contains(
            "2 second moments"));
        Assert.That(() => PerturbationBound.Sharpness([1d], [1d], -1, 9), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => PerturbationBound.Generalization(-1, 5, 0.1, 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("KL"));
        Assert.That(
            () => PerturbationBound.Lemma9(Sample, 1, 1, 1, 1, 1, 1, residual: -1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("residual"));
        Assert.That(
            PerturbationBound.Lemma9(Sample, 1, 2, 1, 1, 1, 1, residual: 0.5, meanZero: true).Value,
            Is.EqualTo(PerturbationBound.Lemma9(Sample, 1, 2.5, 1, 1, 1, 1).Value));
        Assert.That(
            PerturbationBound.Lemma9(Sample, 1, 2, 1, 1, 1, 1, meanZero: true).Assumptions,
            Does.Contain(Assumption.MeanZero).And.Not.Contain(Assumption.StationaryPoint));
        Assert.That(
            () => PerturbationBound.Lemma9(Sample, 1, double.NaN, 1, 1, 1, 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("λmax"));
        Assert.That(
            () => PerturbationBound.Lemma5(Sample, 0, [1d], [1d], 1, 1, 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("η"));
        Assert.That(
            () => PerturbationBound.CubedNorm([1d], [0.5], new LocalSmoothness(0, 0.5, 0.1)),
            Throws.ArgumentException.With.Message.Contains("𝔼u² ≤ κ²"));
    }
}
