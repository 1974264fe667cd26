using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;

namespace PacGen.Tests.Core;

internal sealed class GaussianBoundTests
{
    private static readonly double[] Weights = [0.5, -1, 0], Curvature = [200, 0.125, 0];

    private static readonly LocalSmoothness Smoothness = new(rho: 0.5, gamma: 0.125, epsilon: 0.0625);

    private static readonly BoundSample Sample = new(0.1, 1000, 0.05);

    [Test]
    public void ValuesByArbitraryPrecision()
    {
        // mpmath, 40 digits, r = rho*sqrt(3), k = g*|w|+e, t = tau = 2, eta = 50:
        // f = exp(-x*x/(2*s*s))/(erf(k/(s*sqrt(2)))*s*sqrt(2*pi)); v = quad(x*x*f, [-k,k]); K = quad(f*log(f/N(w+x; 0, t)),
        // [-k,k])
        // exact: s = 1/sqrt(eta*c+eta*r*k/3+1/t); L + sum((c/2+r*k/6)*v) + (K+log(1/d))/eta + eta/(2*n)
        // twice: s = min(1/sqrt(eta*(c/2+r*k/6)+1/t), k/(sqrt(2)*erfinv(1-mpf(1)/6))), v = s**2, K = 2*(KL+1)
        // published: s = min(1/sqrt(eta*c+r*k/3+1/t), k/(sqrt(2)*erfinv(mpf(1)/6))); (20) and, at those s, (19)
        BoundResult exact = GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 2);
        Close(exact.Value, 0.40312984217095484);
        Close(exact.Term("ℳ"), 0.011015035821938487);
        Close(exact.Term("KL/η"), 10.360008043896827 / 50);
        Close(GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 2, TruncatedKl.Twice).Value, 0.6150245075863125);
        BoundResult published = GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 2, TruncatedKl.Published);
        Close(published.Value, 0.3512678708435761);
        Assert.That(published.Status, Is.EqualTo(BoundStatus.Score));
        double[] sigma = [0.0099997319685805992, 0.38336618896206609, 0.29701314893066711];
        for (int i = 0; i < 3; i++)
        {
            Close(GaussianBound.OptimalSigma(Curvature[i], Smoothness.Kappa(Weights[i]), 3, 0.5, 50, 2, TruncatedKl.Published),
                sigma[i]);
        }

        Close(GaussianBound.AtSigma(Sample, 50, Smoothness, Weights, Curvature, sigma, 2, TruncatedKl.Published).Value,
            0.3464044681963386);
        Close(GaussianBound.UntruncatedKl(Weights, sigma, 2), 6.8764828786539273);
        Assert.That(GaussianBound.TwiceKl(3), Is.EqualTo(8));
    }

    [Test]
    public void TheOptimalSigmaIsTheMinimumOfTheBoundAtSigma([Values(TruncatedKl.Exact, TruncatedKl.Twice)] TruncatedKl kl) =>
        PerturbationProblem.ForAll(problem =>
    {
        double[] best = [.. Enumerable.Range(0, problem.Parameters).Select(i => GaussianBound.OptimalSigma(
            problem.Curvature[i], problem.Kappa[i], problem.Parameters, problem.Smoothness.Rho, problem.Eta, problem.GaussianTau,
            kl))];
        double least = At(best);
        Assert.That(GaussianBound.Lemma8(
            problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, problem.GaussianTau, kl).Value,
            Is.EqualTo(least));
        for (int i = 0; i < problem.Parameters; i++)
        {
            double[] sigma = [.. best];
            double kappa = problem.Kappa[i], cap = kl == TruncatedKl.Exact ? 1e4 * kappa : TruncatedGaussian.Cap(
                kappa, problem.Parameters);
            (double _, double value) = PerturbationProblem.Minimum(
                log =>
                {
                    sigma[i] = Math.Exp(log);
                    return At(sigma);
                },
                Math.Log(kappa) - 25,
                Math.Log(cap));
            Assert.That(value, Is.GreaterThanOrEqualTo(least - (1e-13 * Math.Abs(least))));
            foreach (double factor in new[] { 0.99, 1.01 })
            {
                sigma[i] = Math.Min(best[i] * factor, kl == TruncatedKl.Exact ? double.MaxValue : cap);
                Assert.That(At(sigma), Is.GreaterThanOrEqualTo(least - (1e-15 * Math.Abs(least))));
            }
        }

        double At(double[] sigma) =>
            GaussianBound.AtSigma(
                problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, sigma, problem.GaussianTau,
                kl).Value;
    });

    [TestCase(TruncatedKl.Exact)]
    [TestCase(TruncatedKl.Twice)]
    public void TheSearchFindsTheOptimalSigma(TruncatedKl kl)
    {
        // At sizes where the minimum is sharp enough for its place to be seen, and inside the cap.
        double[] curvature = [400, 300, 2000];
        double[] best = [.. Enumerable.Range(0, 3).Select(
            i => GaussianBound.OptimalSigma(curvature[i], Smoothness.Kappa(Weights[i]), 3, 0.5, 30, 2, kl))];
        for (int i = 0; i < 3; i++)
        {
            double[] sigma = [.. best];
            (double place, double _) = PerturbationProblem.Minimum(
                log =>
                {
                    sigma[i] = Math.Exp(log);
                    return GaussianBound.AtSigma(Sample, 30, Smoothness, Weights, curvature, sigma, 2, kl).Value;
                },
                -20,
                Math.Log(TruncatedGaussian.Cap(Smoothness.Kappa(Weights[i]), 3)));
            Assert.That(Math.Exp(place), Is.EqualTo(best[i]).Within(1e-6 * best[i]), $"parameter {i}");
        }
    }

    [Test]
    public void NoDensityOnTheBoxBeatsTheTruncatedGaussian()
    {
        // The Gibbs argument: in one coordinate, ηℳ + KL of piecewise constant densities on [−κ, κ], each improved by its own
        // Gibbs reweighting, tends to σ*'s.
        const double kappa = 0.3, curvature = 20, rhoRootM = 4, eta = 7, tau = 0.5;
        double sigma = GaussianBound.OptimalSigma(curvature, kappa, rhoRootM, eta, tau), half = (curvature / 2) + (
            rhoRootM * kappa / 6);
        double best = (eta * half * TruncatedGaussian.SecondMoment(sigma, kappa)) + TruncatedGaussian.Kl(
            0, sigma, kappa, 0, Math.Sqrt(tau));
        Random random = new(7);
        const int cells = 400;
        double width = 2 * kappa / cells;
        for (int trial = 0; trial < 50; trial++)
        {
            double[] shape = [.. Enumerable.Range(0, cells).Select(
                i => Math.Exp((trial == 0 ? 0 : random.NextDouble()) - (0.5 * Square(i) / (sigma * sigma))))];
            double total = shape.Sum() * width, value = 0;
            for (int i = 0; i < cells; i++)
            {
                double q = shape[i] / total;
                value +=
                    width * q * ((eta * half * Square(i)) + Math.Log(q * Math.Sqrt(2 * Math.PI * tau)) + (Square(i) / (2 * tau)));
            }

            Assert.That(value, trial == 0 ? Is.EqualTo(best).Within(1e-5) : Is.GreaterThan(best - 1e-5));
        }

        double Square(int i) => Math.Pow(-kappa + ((i + 0.5) * width), 2);
    }

    [Test]
    public void TheExactDivergenceGivesTheSmallestBound() => PerturbationProblem.ForAll(problem =>
    {
        double exact = Lemma8(problem, TruncatedKl.Exact).Value, twice = Lemma8(problem, TruncatedKl.Twice).Value;
        Assert.That(exact, Is.LessThanOrEqualTo(twice));
    });

    [Test]
    public void AppendixCsSumIsABoundOnceLogTwoIsAdded() => PerturbationProblem.ForAll(problem =>
    {
        // With Appendix C's σ* and the cap that gives Z ≥ ½: ηℳ + KL ≤ ½(m log τ − Σ log σ² + 1) + log 2 for the truncated
        // product itself.
        double[] sigma = [.. Enumerable.Range(0, problem.Parameters).Select(i => Math.Min(
            GaussianBound.OptimalSigma(problem.Curvature[i], problem.Kappa[i],
                problem.Smoothness.Rho * Math.Sqrt(problem.Parameters), problem.Eta, problem.GaussianTau),
            TruncatedGaussian.Cap(problem.Kappa[i], problem.Parameters)))];
        double eta = problem.Eta, exact = GaussianBound.AtSigma(
            problem.Sample, eta, problem.Smoothness, problem.Weights, problem.Curvature, sigma, problem.GaussianTau).Value;
        double twenty = problem.Sample.EmpiricalLoss + (eta / (2.0 * problem.Sample.Count))
            + ((sigma.Sum(s => Math.Log(problem.GaussianTau / (s * s))) + 1 - (2 * Math.Log(problem.Sample.Delta))) / (2 * eta));
        Assert.That(exact, Is.LessThanOrEqualTo((twenty + (Math.Log(2) / eta)) * (1 + 1e-13)));
    });

    [Test]
    public void EighteenDoesNotBoundTheTruncatedDivergence()
    {
        // What makes (19) as published a score: σ at the right cap, the prior no wider than ‖w‖, and yet the truncated divergence
        // exceeds (18).
        const int m = 1000;
        double[] weights = new double[m], sigma = new double[m];
        LocalSmoothness box = new(0, 0, 1);
        Array.Fill(sigma, TruncatedGaussian.Cap(1, m));
        weights[0] = 1;
        double truncated = TruncatedGaussian.Kl(weights, sigma, new Neighborhood(0, 1), new double[m], 1),
            published = GaussianBound.UntruncatedKl(weights, sigma, 1);
        Assert.That(truncated, Is.GreaterThan(published + 1));
        Assert.That(truncated, Is.LessThan(GaussianBound.TwiceKl(published)), "(17)");
        Assert.That(box.Kappa(0), Is.EqualTo(1));
    }

    [Test]
    public void TheCapGivesHalfTheMass()
    {
        // mpmath: 1/(sqrt(2)*erfinv(1-mpf(1)/(2*m))), 1/(sqrt(2)*erfinv(mpf(1)/(2*m)))
        (long M, double Right, double Published)[] caps =
        [
            (1, 1.48260221850560186, 1.48260221850560186), (10, 0.510213456924653908, 15.9472394021836584),
            (1000, 0.287293876340027611, 1595.76901716287842),
            (1_000_000, 0.198952996484105506, 1595769.12160562627), (100_000_000, 0.171022842356034615, 159576912.16057307),
        ];
        foreach ((long m, double right, double published) in caps)
        {
            Close(TruncatedGaussian.Cap(3, m), 3 * right, 1e-13);
            Close(TruncatedGaussian.Cap(3, m, BoundForm.Published), 3 * published, 1e-13);
            double mass = m * TruncatedGaussian.LogMass(right, 1);
            Assert.That(mass, Is.GreaterThanOrEqualTo(-Math.Log(2) - 1e-12), $"m = {m}: log Z ≥ log ½");
            Assert.That(m * TruncatedGaussian.LogMass(published, 1), m == 1 ? Is.EqualTo(mass) : Is.LessThan(-Math.Log(2) * 5));
        }
    }

    [Test]
    public void TermsAddUp() => PerturbationProblem.ForAll(problem =>
    {
        foreach (TruncatedKl kl in Enum.GetValues<TruncatedKl>())
        {
            BoundResult result = Lemma8(problem, kl);
            Assert.That(result.Terms.Sum(t => t.Value), Is.EqualTo(result.Value).Within(1e-14).Percent, result.Name);
        }
    });

    [Test]
    public void GrowsWithLossCurvatureRhoAndConfidenceAndFallsWithTheSample() => PerturbationProblem.ForAll(problem =>
    {
        double factor = problem.Log(0, 2), value = Value(problem.Sample, problem.Smoothness, problem.Curvature);
        BoundSample sample = problem.Sample;
        NotLess(Value(sample with { EmpiricalLoss = 1 }, problem.Smoothness, problem.Curvature), "loss");
        NotLess(Value(sample with { Delta = sample.Delta / factor }, problem.Smoothness, problem.Curvature), "δ");
        NotLess(Value(sample with { Count = Math.Max(1, (long)(sample.Count / factor)) }, problem.Smoothness, problem.Curvature),
            "n");
        NotLess(Value(sample, problem.Smoothness with { Rho = (problem.Smoothness.Rho * factor) + 1e-3 }, problem.Curvature),
            "ρ");
        NotLess(Value(sample, problem.Smoothness, [.. problem.Curvature.Select(c => (c * factor) + 1e-3)]), "curvature");

        double Value(BoundSample s, LocalSmoothness smoothness, double[] curvature) =>
            GaussianBound.Lemma8(s, problem.Eta, smoothness, problem.Weights, curvature, problem.GaussianTau).Value;
        void NotLess(double other, string what) => Assert.That(other, Is.GreaterThanOrEqualTo(value - (1e-13 * value)), what);
    });

    [Test]
    public void TheBestOverTheGridIsTheLeastOfLemma8() => PerturbationProblem.ForAll(problem =>
    {
        double least = double.PositiveInfinity;
        for (int j = 0; j < 25; j++)
        {
            double delta = problem.Sample.Delta * Math.Pow(2, -(j + 1)), eta = Math.Exp(j) * Math.Sqrt(
                2.0 * problem.Sample.Count * Math.Log(2 / problem.Sample.Delta));
            least = Math.Min(least, GaussianBound.Lemma8(
                problem.Sample with { Delta = delta }, eta, problem.Smoothness, problem.Weights, problem.Curvature,
                problem.GaussianTau).Value);
        }

        double best = GaussianBound.Lemma8OverGrid(
            problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.GaussianTau).Value;
        Assert.That(best, Is.EqualTo(least).Within(1e-12 * least));
    });

    [Test]
    public void SumsAndFloatsGiveTheSame()
    {
        float[] weights = [.. Weights.Select(w => (float)w)], curvature = [.. Curvature.Select(c => (float)c)];
        double expected = GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 2).Value;
        Assert.That(GaussianBound.Lemma8(Sample, 50, Smoothness, weights, curvature, 2).Value, Is.EqualTo(expected));
        Assert.That(
            GaussianBound.Lemma8(Sample, GaussianBound.Sums(Smoothness, 50, Weights, Curvature, 2)).Value, Is.EqualTo(expected));
    }

    [Test]
    public void WhatIsOutOfRangeIsNamed()
    {
        Throws(() => GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, [1, -0.5, 0], 2), "convexity", "parameter 1");
        Throws(() => GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 0), "τ");
        Throws(() => GaussianBound.Lemma8(Sample, 50, Smoothness, Weights, Curvature, 1.2, TruncatedKl.Published), "Σwᵢ² ≤ τ",
            "1.25", "1.2");
        Throws(() => GaussianBound.Lemma8(Sample, double.NaN, Smoothness, Weights, Curvature, 2), "η");
        Throws(() => GaussianBound.AtSigma(Sample, 50, Smoothness, Weights, Curvature, [0.01, 0.01, 0.06], 2, TruncatedKl.Twice),
            "Z ≥ ½", "parameter 2", "0.06");
        Throws(() => GaussianBound.AtSigma(Sample, 50, Smoothness, Weights, [-9, 0, 0], [0.01, 0.01, 0.01], 2, TruncatedKl.Twice),
            "parameter 0", "exact");
        Throws(() => GaussianBound.AtSigma(Sample, 50, Smoothness, Weights, Curvature, [0.01, 0, 0.01], 2), "σ of parameter 1");
        Throws(() => GaussianBound.UntruncatedKl([2d], [1d], 3), "Σwᵢ² ≤ τ");
        Throws(() => GaussianBound.OptimalSigma(-1, 1, 0, 50, 2), "convexity", "-49.5");
        Throws(() => GaussianBound.OptimalSigma(double.NaN, 1, 0, 50, 2), "convexity");
        Throws(() => GaussianBound.OptimalSigma(1, 1, 0, 0, 2), "η");
        Throws(() => GaussianBound.OptimalSigma(1, -1, 0, 50, 2), "κ");
        Throws(() => GaussianBound.OptimalSigma(1, 1, -1, 50, 2), "ρ");
        Throws(() => GaussianBound.OptimalSigma(1, 1, 0, 50, 0), "variance");
        foreach (TruncatedKl kl in Enum.GetValues<TruncatedKl>())
        {
            Throws(() => GaussianBound.OptimalSigma(-1, 1, 3, 0, 50, 2, kl), "convexity");
            Throws(() => GaussianBound.OptimalSigma(1, 1, 0, 0.5, 50, 2, kl), "parameters");
            Throws(() => GaussianBound.OptimalSigma(1, 1, 3, -1, 50, 2, kl), "ρ");
            Throws(() => GaussianBound.OptimalSigma(1, 1, 3, 0.5, 50, -2, kl), "τ");
        }

        double[] places = new double[3];
        Throws(() => Optimal([1d, -0.5, 0], places), "convexity", "parameter 1");
        Throws(() => Optimal([1d, 2], places), "2 curvatures");
        Throws(() => Optimal(Curvature, new double[2]), "2 places for σ");

        // (19) with the exact divergence needs no convexity; nor is a σ too large for it.
        Assert.That(
            GaussianBound.AtSigma(Sample, 50, Smoothness, Weights, [-9, -9, -9], [1, 100, double.PositiveInfinity], 2).Term("ℳ"),
            Is.Negative);
    }

    /// <summary>No curvature, no prior: nothing holds σ*.</summary>
    [Test]
    public void WithoutCurvatureAndPriorSigmaIsInfinite() =>
        Assert.That(GaussianBound.OptimalSigma(0, 1, 0, 50, double.PositiveInfinity), Is.EqualTo(double.PositiveInfinity));

    [Test]
    public void TheOptimalSigmaOfAllParametersIsThatOfEach([Values] TruncatedKl kl)
    {
        double[] all = new double[3];
        GaussianBound.OptimalSigma(Weights, Curvature, Smoothness, 50, 2, all, kl);
        Assert.That(all, Is.EqualTo(Enumerable.Range(0, 3).Select(
            i => GaussianBound.OptimalSigma(Curvature[i], Smoothness.Kappa(Weights[i]), 3, Smoothness.Rho, 50, 2, kl))));
    }

    private static double[] Optimal(double[] curvature, double[] sigma)
    {
        GaussianBound.OptimalSigma<double>(Weights, curvature, Smoothness, 50, 2, sigma);
        return sigma;
    }

    private static BoundResult Lemma8(PerturbationProblem problem, TruncatedKl kl) =>
        GaussianBound.Lemma8(
            problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, problem.GaussianTau, kl);

    private static void Close(double actual, double expected, double relative = 1e-14) =>
        Assert.That(actual, Is.EqualTo(expected).Within(relative * Math.Abs(expected)));

    private static void Throws(Func<object> call, params string[] says)
    {
        ArgumentException? error = Assert.Catch<ArgumentException>(() => call());
        foreach (string part in says)
        {
            Assert.That(error!.Message, Does.Contain(part));
        }
    }
}
