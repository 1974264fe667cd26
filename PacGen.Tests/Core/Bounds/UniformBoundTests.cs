using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

internal sealed class UniformBoundTests
{
    // Three weights, of which the first is sharp: its σ* is not cut off at κ.
    private static readonly double[] Weights = [0.5, -1, 0], Curvature = [200, 0.125, 0];

    private static readonly LocalSmoothness Smoothness = new(rho: 0.5, gamma: 0.125, epsilon: 0.0625);

    private static readonly BoundSample Sample = new(0.1, 1000, 0.05);

    private static readonly Tau TwoTau = Tau.Fixed(2);

    [Test]
    public void ValuesByArbitraryPrecision()
    {
        // mpmath, 40 digits:
        // r = rho*sqrt(3); k = [g*abs(x)+e for x in w]
        // s = [min(1/sqrt(eta*(c/3+r*k/9)), k)]; M = sum((c/6+r*k/18)*s**2); K = sum(log(tau/s))
        // (13): L + M + (K+log(1/d))/eta + eta/(2*n), and with 3/(2*eta) for M
        double[] sigma = new double[3];
        UniformBound.OptimalSigma(Weights, Curvature, Smoothness, 50, sigma);
        Close(sigma[0], 0.017318945787088972);
        Assert.That(sigma[1..], Is.EqualTo(new[] { 0.1875, 0.0625 }));
        Close(UniformBound.Kl(Weights, sigma, Smoothness, TwoTau), 10.581960941987844);

        BoundResult lemma6 = UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, TwoTau);
        Close(lemma6.Term("ℳ"), 0.011061316071315705);
        Close(lemma6.Value, 0.4076151803821524);
        Close(UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, TwoTau, BoundForm.Published).Value,
            0.4265538643108367);

        // The same at eta = sqrt(3000); the grid's j = 1 is the best; c = x+1/x, x = e*sqrt(1+log(2)/log(2/d))
        Close(Theorem7(Theorem7Form.Grid), 0.2964103035615415);
        Close(Theorem7(Theorem7Form.Constants), 0.41115069306413502);
        Close(Theorem7(Theorem7Form.Published), 0.2452197838074098);
        Close(Theorem7(Theorem7Form.Order), 0.22893127473479941);

        static double Theorem7(Theorem7Form form) =>
            UniformBound.Theorem7(Sample, Smoothness, Weights, Curvature, TwoTau, form).Value;
    }

    [Test]
    public void ByHand()
    {
        // One weight 0, κ = 1, ρ = 0, ∇² = 3, η = 4: σ* = 1/√(4·1) = ½, ℳ = 3/6·¼ = ⅛ = m/2η. τ = e/2: KL = log(e) = 1. δ = 1/e,
        // n = 8.
        BoundSample sample = new(0, 8, Math.Exp(-1));
        BoundResult result = UniformBound.Lemma6(sample, 4, new(0, 0, 1), [0d], [3d], Tau.Fixed(Math.E / 2));
        Close(result.Value, 0.125 + ((1 + 1) / 4d) + (4 / 16d));
        Assert.That(result.Term("KL/η"), Is.EqualTo(0.25).Within(1e-15));
        Assert.That(result.Status, Is.EqualTo(BoundStatus.ConditionalBound));
        Assert.That(result.Assumptions, Is.EquivalentTo(new[]
        {
            Assumption.IndependentSample, Assumption.BoundedLoss, Assumption.SmoothLoss, Assumption.HessianLipschitz,
                Assumption.ExactCurvature,
            Assumption.TauBeforeData, Assumption.EtaBeforeData,
        }));
    }

    [Test]
    public void TheOptimalSigmaIsTheMinimumOfTheBoundAtSigma() => PerturbationProblem.ForAll(problem =>
    {
        double[] best = Sigma(problem);
        double least = At(best);
        Assert.That(least, Is.EqualTo(
            UniformBound.Lemma6(problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature,
            problem.UniformTau).Value).Within(1e-13).Percent);
        for (int i = 0; i < problem.Parameters; i++)
        {
            double kappa = problem.Kappa[i];
            double[] sigma = [.. best];
            (double place, double value) = PerturbationProblem.Minimum(
                log =>
                {
                    sigma[i] = Math.Exp(log);
                    return At(sigma);
                },
                Math.Log(kappa) - 30,
                Math.Log(kappa));
            Assert.That(value, Is.GreaterThanOrEqualTo(least - (1e-13 * Math.Abs(least))));

            // Along a single σ the bound is flat at its minimum: only the value tells it apart.
            sigma[i] = Math.Min(kappa, best[i] * 1.001);
            Assert.That(At(sigma), Is.GreaterThanOrEqualTo(least - (1e-15 * Math.Abs(least))));
            sigma[i] = best[i] * 0.999;
            Assert.That(At(sigma), Is.GreaterThanOrEqualTo(least - (1e-15 * Math.Abs(least))));
            Assert.That(place, Is.GreaterThan(Math.Log(kappa) - 30));
        }

        double At(double[] sigma) =>
            UniformBound.AtSigma(
                problem.Sample, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, sigma,
                problem.UniformTau).Value;
    });

    [Test]
    public void TheSearchFindsTheOptimalSigma()
    {
        // At sizes where the minimum is sharp enough for its place to be seen.
        BoundSample sample = new(0, 1_000_000, 0.5);
        double[] curvature = [40, 7, 300], best = new double[3];
        UniformBound.OptimalSigma(Weights, curvature, Smoothness, 30, best);
        for (int i = 0; i < 3; i++)
        {
            double[] sigma = [.. best];
            (double place, double _) = PerturbationProblem.Minimum(
                log =>
                {
                    sigma[i] = Math.Exp(log);
                    return UniformBound.AtSigma(sample, 30, Smoothness, Weights, curvature, sigma, TwoTau).Value;
                },
                -20,
                Math.Log(Smoothness.Kappa(Weights[i])));
            Assert.That(Math.Exp(place), Is.EqualTo(best[i]).Within(1e-6 * best[i]), $"parameter {i}");
        }
    }

    [Test]
    public void ThePublishedFormIsTheSameWhereNoSigmaIsCutOffAndElseLarger() => PerturbationProblem.ForAll(problem =>
    {
        BoundResult rigorous = Lemma6(problem, problem.Eta, BoundForm.Rigorous), published = Lemma6(
            problem, problem.Eta, BoundForm.Published);
        Assert.That(published.Value, Is.GreaterThanOrEqualTo(rigorous.Value - (1e-13 * rigorous.Value)));
        Assert.That(published.Status, Is.EqualTo(BoundStatus.ConditionalBound), "looser, but a bound");
        Assert.That(published.Assumptions, Does.Contain(Assumption.LocalConvexity));
        bool cut = Sigma(problem).Zip(problem.Kappa).Any(pair => pair.First == pair.Second);
        Assert.That(
            published.Value - rigorous.Value, cut ? Is.GreaterThanOrEqualTo(0) : Is.EqualTo(0).Within(1e-13 * rigorous.Value));
    });

    [Test]
    public void NothingIsCutOffWhereEtaIsLarge()
    {
        double[] curvature = [1, 2, 3];
        BoundResult rigorous = UniformBound.Lemma6(Sample, 1e4, Smoothness, Weights, curvature, TwoTau);
        BoundResult published = UniformBound.Lemma6(Sample, 1e4, Smoothness, Weights, curvature, TwoTau, BoundForm.Published);
        Close(rigorous.Value, published.Value);
    }

    [Test]
    public void TermsAddUp() => PerturbationProblem.ForAll(problem =>
    {
        foreach (BoundResult result in new[]
        {
            Lemma6(problem, problem.Eta, BoundForm.Rigorous),
            UniformBound.Theorem7(problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau),
            UniformBound.Theorem7(problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau,
                Theorem7Form.Published),
            UniformBound.Lemma6OverGrid(
                problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau),
        })
        {
            Assert.That(result.Terms.Sum(t => t.Value), Is.EqualTo(result.Value).Within(1e-14 * result.Value), result.Name);
        }
    });

    [Test]
    public void GrowsWithLossCurvatureRhoTauAndConfidenceAndFallsWithTheSample() => PerturbationProblem.ForAll(problem =>
    {
        double factor =
            problem.Log(0, 2), value = Value(problem.Sample, problem.Smoothness, problem.Curvature, problem.UniformTau);
        BoundSample sample = problem.Sample;
        NotLess(Value(sample with { EmpiricalLoss = 1 }, problem.Smoothness, problem.Curvature, problem.UniformTau), "loss");
        NotLess(Value(sample with { Delta = sample.Delta / factor }, problem.Smoothness, problem.Curvature, problem.UniformTau),
            "δ");
        NotLess(Value(
            sample with { Count = Math.Max(1, (long)(sample.Count / factor)) }, problem.Smoothness, problem.Curvature,
            problem.UniformTau), "n");
        NotLess(Value(
            sample, problem.Smoothness with { Rho = (problem.Smoothness.Rho * factor) + 1e-3 }, problem.Curvature,
            problem.UniformTau), "ρ");
        NotLess(Value(sample, problem.Smoothness, [.. problem.Curvature.Select(c => (c * factor) + 1e-3)], problem.UniformTau),
            "curvature");
        NotLess(Value(sample, problem.Smoothness, problem.Curvature, Tau.Fixed(problem.UniformTau.Value * factor)), "τ");

        double Value(BoundSample s, LocalSmoothness smoothness, double[] curvature, Tau tau) =>
            UniformBound.Lemma6(s, problem.Eta, smoothness, problem.Weights, curvature, tau).Value;
        void NotLess(double other, string what) => Assert.That(other, Is.GreaterThanOrEqualTo(value - (1e-13 * value)), what);
    });

    [Test]
    public void Limits()
    {
        // η → 0: every σ* is κ, and η𝒢 is KL + log(1/δ).
        double[] sigma = new double[3], kappa = [0.125, 0.1875, 0.0625];
        UniformBound.OptimalSigma(Weights, Curvature, Smoothness, 1e-9, sigma);
        Assert.That(sigma, Is.EqualTo(kappa));
        double kl = kappa.Sum(k => Math.Log(2 / k));
        Close(1e-9 * UniformBound.Lemma6(Sample, 1e-9, Smoothness, Weights, Curvature, TwoTau).Value, kl - Math.Log(0.05), 1e-8);

        // σ = κ = τ at a weight 0: the posterior is the prior, KL = 0.
        Assert.That(UniformBound.Kl([0d], [0.25], new(0, 0, 0.25), Tau.Fixed(0.25)), Is.Zero);

        // η → ∞: σ* falls as 1/√η, so KL grows by ½ log 4 a parameter when η is fourfold.
        double[] flat = [1, 1, 1];
        double one = UniformBound.Sums(Smoothness, 1e8, Weights, flat, TwoTau).Kl, four = UniformBound.Sums(
            Smoothness, 4e8, Weights, flat, TwoTau).Kl;
        Close(four - one, 3 * Math.Log(2), 1e-12);

        // n → ∞: Theorem 7 and the grid tend to L̂.
        double[] gaps = [.. new[] { 1000L, 1_000_000, 1_000_000_000 }.Select(n =>
            UniformBound.Theorem7(Sample with { Count = n }, Smoothness, Weights, Curvature, TwoTau).Value - 0.1)];
        Assert.That(gaps, Is.Ordered.Descending);
        Assert.That(gaps[2], Is.InRange(0, 1e-3));
        Assert.That(
            UniformBound.Lemma6OverGrid(Sample with { Count = 1_000_000_000 }, Smoothness, Weights, Curvature, TwoTau).Value,
            Is.InRange(0.1, 0.101));

        // n = 1 says nothing, and says so.
        Assert.That(UniformBound.Theorem7(Sample with { Count = 1 }, Smoothness, Weights, Curvature, TwoTau).IsVacuous);
    }

    [Test]
    public void ThePublishedConstantIsBelowWhatAnyEtaReaches()
    {
        // 𝒢 ≥ 2√((KL + log(1/δ))/2n) for every η; with 1 + 1/e the published theorem claims less, for all but tiny KL.
        UniformBoundSums sums = UniformBound.Sums(Smoothness, UniformBound.Theorem7Eta(3, 1000), Weights, Curvature, TwoTau);
        double reachable = 2 * Math.Sqrt((sums.Kl - Math.Log(0.05)) / 2000);
        BoundResult published = UniformBound.Theorem7(Sample, sums, Theorem7Form.Published);
        Assert.That(published.Term("(1+1/e)√((KL + ℓ)/2n)"), Is.LessThan(reachable));
        Assert.That(published.Status, Is.EqualTo(BoundStatus.Score));
        Assert.That(UniformBound.Theorem7(Sample, sums, Theorem7Form.Order).Status, Is.EqualTo(BoundStatus.Score));
        Assert.That(UniformBound.Theorem7(Sample, sums).Status, Is.EqualTo(BoundStatus.ConditionalBound));
    }

    [Test]
    public void TheGridIsBelowItsClosedFormAndAboveTheBestEta() => PerturbationProblem.ForAll(problem =>
    {
        UniformBoundSums sums = UniformBound.Sums(
            problem.Smoothness, UniformBound.Theorem7Eta(problem.Parameters, problem.Sample.Count), problem.Weights,
            problem.Curvature, problem.UniformTau);
        double grid = UniformBound.Theorem7(problem.Sample, sums).Value, constants = UniformBound.Theorem7(
            problem.Sample, sums, Theorem7Form.Constants).Value;
        double n = problem.Sample.Count, best = 2 * Math.Sqrt((sums.Kl + Math.Log(2 / problem.Sample.Delta)) / (2 * n));
        Assert.That(grid, Is.LessThanOrEqualTo(constants * (1 + 1e-13)));
        Assert.That(grid, Is.GreaterThanOrEqualTo((problem.Sample.EmpiricalLoss + sums.Sharpness + best) * (1 - 1e-13)));
        Assert.That(
            sums.Sharpness, Is.LessThanOrEqualTo(0.5 * Math.Sqrt(problem.Parameters / n) * (1 + 1e-13)),
            "ℳ at (15) is at most ½√(m/n)");
    });

    [Test]
    public void TheBestOverTheGridIsTheLeastOfLemma6() => PerturbationProblem.ForAll(problem =>
    {
        double least = double.PositiveInfinity;
        for (int j = 0; j < 25; j++)
        {
            double delta = problem.Sample.Delta * Math.Pow(2, -(j + 1)), eta = Math.Exp(j) * Math.Sqrt(
                2.0 * problem.Sample.Count * Math.Log(2 / problem.Sample.Delta));
            least = Math.Min(least, UniformBound.Lemma6(
                problem.Sample with { Delta = delta }, eta, problem.Smoothness, problem.Weights, problem.Curvature,
                problem.UniformTau).Value);
        }

        BoundResult best = UniformBound.Lemma6OverGrid(
            problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau);
        Assert.That(best.Value, Is.EqualTo(least).Within(1e-12 * least));
        Assert.That(
            best.Assumptions, Does.Not.Contain(Assumption.EtaBeforeData).And.Not.Contain(Assumption.GridBeforeData),
            "the grid follows from n and δ");

        // A grid of one's own, of one η: Lemma 6 there; of two, in falling order, the better one.
        EtaGrid one = EtaGrid.Weighted([problem.Eta]), two = EtaGrid.Weighted([problem.Eta * 1e3, problem.Eta]);
        Assert.That(
            UniformBound.Lemma6OverGrid(
                problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau, one).Assumptions,
            Does.Contain(Assumption.GridBeforeData));
        Assert.That(OverGrid(one), Is.EqualTo(Lemma6(problem, problem.Eta, BoundForm.Rigorous).Value).Within(1e-13).Percent);
        BoundSample half = problem.Sample with { Delta = problem.Sample.Delta / 2 };
        double better = Math.Min(
            UniformBound.Lemma6(
                half, problem.Eta, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau).Value,
            UniformBound.Lemma6(
                half, problem.Eta * 1e3, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau).Value);
        Assert.That(OverGrid(two), Is.EqualTo(better).Within(1e-12 * better));

        double OverGrid(EtaGrid grid) =>
            UniformBound.Lemma6OverGrid(
                problem.Sample, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau, grid).Value;
    });

    [Test]
    public void ATauOfTheWeightsGivesAScore()
    {
        BoundResult result = UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, Tau.OfWeights());
        Assert.That(result.Status, Is.EqualTo(BoundStatus.Score));
        double[] tau = [0.625, 1.1875, 0.0625];
        Close(result.Value, UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, tau).Value);
    }

    [Test]
    public void FloatsAreTakenAsTheyAre()
    {
        float[] weights = [.. Weights.Select(w => (float)w)], curvature = [.. Curvature.Select(c => (float)c)];
        Assert.That(
            UniformBound.Lemma6(Sample, 50, Smoothness, weights, curvature, TwoTau).Value,
            Is.EqualTo(UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, TwoTau).Value));

        // σ* stored as floats may be a rounding above κ; (12) takes it.
        LocalSmoothness rough = new(0.5, 0.1, 0.1);
        float[] sigma = new float[3];
        UniformBound.OptimalSigma(weights, curvature, rough, 1e-9, sigma);
        Close(UniformBound.Kl(weights, sigma, rough, TwoTau), Weights.Sum(w => Math.Log(2 / ((0.1 * Math.Abs(w)) + 0.1))), 1e-7);
    }

    [Test]
    public void LongSumsKeepTheirDigits()
    {
        // κ = 1, ρ = 0, η = 3, curvatures 1, 2, …, m: σ*ⱼ = 1/√j, ℳ = m/2η and KL = m log τ + ½ log m!.
        const int m = 3_000_000;
        double[] weights = new double[m], curvature = new double[m];
        for (int j = 1; j <= m; j++)
        {
            curvature[j - 1] = j;
        }

        LocalSmoothness smoothness = new(0, 0, 1);
        UniformBoundSums sums = UniformBound.Sums<double>(smoothness, 3, weights, curvature, Tau.Fixed(7));
        Close(sums.Kl, (m * Math.Log(7)) + (CompensatedSumTests.LogFactorial(m) / 2), 1e-15);
        Close(sums.Sharpness, m / 6d, 1e-15);
        Close(UniformBound.Lemma6(Sample, sums).Value, UniformBound.Lemma6<double>(
            Sample, 3, smoothness, weights, curvature, Tau.Fixed(7)).Value);
    }

    [Test]
    public void WhatIsOutOfRangeIsNamed()
    {
        Throws(() => new BoundSample(1.3, 10, 0.1), "[0, 1]", "cross-entropy");
        Throws(() => new BoundSample(double.NaN, 10, 0.1), "[0, 1]");
        Throws(() => new BoundSample(0.1, 0, 0.1), "Count must be 1 or more");
        Throws(() => new BoundSample(0.1, 10, 0), "Delta must lie in (0, 1)");
        Throws(() => new BoundSample(0.1, 10, 1), "Delta must lie in (0, 1)");
        Throws(() => Sample with { Delta = 2 }, "Delta must lie in (0, 1)");
        Throws(() => Sample with { EmpiricalLoss = 2.3 }, "[0, 1]", "ln(1/p_min)", "2.3", nameof(BoundSample.EmpiricalLoss));
        Throws(() => UniformBound.OptimalSigma(double.NaN, 1, 1, 1), "curvature");
        Throws(() => UniformBound.OptimalSigma(1, -1, 1, 1), "κ");
        Throws(() => UniformBound.OptimalSigma(1, 1, 1, 0), "η");
        Throws(() => new LocalSmoothness(-1, 0.1, 0.1), "ρ");
        Throws(() => new LocalSmoothness(1, double.NaN, 0.1), "γ");
        Throws(() => new LocalSmoothness(1, 0.1, 0), "ε");
        Throws(() => Tau.Fixed(0), "τ");
        Throws(() => Tau.OfWeights(0.9), "at least 1");
        Throws(() => UniformBound.Lemma6(Sample, 0, Smoothness, Weights, Curvature, TwoTau), "η");
        Throws(() => UniformBound.Lemma6(Sample, 50, Smoothness, Weights, [1, -0.5, 0], TwoTau), "convexity", "parameter 1",
            "-0.5", "(12)");
        Throws(() => UniformBound.Lemma6(Sample, 50, Smoothness, Weights, [1, double.NaN, 0], TwoTau), "parameter 1");
        Throws(() => UniformBound.Lemma6(Sample, 50, Smoothness, Weights, Curvature, Tau.Fixed(1.1)), "|wᵢ| + κᵢ ≤ τᵢ",
            "parameter 1", "1.1", "0.1875");
        Throws(() => UniformBound.Lemma6(Sample, 50, Smoothness, [1, double.NaN, 0], Curvature, TwoTau), "weight of parameter 1");
        Throws(() => UniformBound.Lemma6(Sample, 50, Smoothness, Weights, [1d, 2], TwoTau), "3 parameters but 2 curvatures");
        Throws(() => UniformBound.Lemma6<double>(Sample, 50, Smoothness, [], [], TwoTau), "no parameters");
        Throws(() => UniformBound.AtSigma(Sample, 50, Smoothness, Weights, Curvature, [0.1, 0.2, 0.01], TwoTau), "σᵢ ≤ κᵢ",
            "parameter 1", "0.2", "0.1875");
        Throws(() => UniformBound.Kl(Weights, [0.1, 0, 0.01], Smoothness, TwoTau), "parameter 1");
        Throws(() => UniformBound.Theorem7(Sample, UniformBound.Sums(Smoothness, 50, Weights, Curvature, TwoTau)), "√(mn)");

        // (12) needs no convexity.
        Assert.That(
            UniformBound.AtSigma(Sample, 50, Smoothness, Weights, [-1, -1, -1], [0.1, 0.1, 0.05], TwoTau).Term("ℳ"), Is.Negative);
    }

    private static BoundResult Lemma6(PerturbationProblem problem, double eta, BoundForm form) =>
        UniformBound.Lemma6(
            problem.Sample, eta, problem.Smoothness, problem.Weights, problem.Curvature, problem.UniformTau, form);

    private static double[] Sigma(PerturbationProblem problem)
    {
        double[] sigma = new double[problem.Parameters];
        UniformBound.OptimalSigma(problem.Weights, problem.Curvature, problem.Smoothness, problem.Eta, sigma);
        return sigma;
    }

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
