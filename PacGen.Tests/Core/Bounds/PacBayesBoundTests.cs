using System.Numerics;
using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

internal sealed class PacBayesBoundTests
{
    /// <summary>The bounds, each as a function of 𝔼L̂, KL, n and δ.</summary>
    private static readonly Dictionary<string, Func<double, double, long, double, BoundResult>> Bounds = new()
    {
        ["Theorem 1"] = (loss, kl, n, delta) => PacBayesHoeffding.ForEta(loss, kl, n, delta, 100),
        ["Theorem 1, η/8n"] = (loss, kl, n, delta) => PacBayesHoeffding.Sharp(loss, kl, n, delta, 100),
        ["Theorem 1, grid"] = (loss, kl, n, delta) => PacBayesHoeffding.OverGrid(loss, kl, n, delta),
        ["Theorem 1, optimised"] = (loss, kl, n, delta) => PacBayesHoeffding.Optimized(loss, kl, n, delta),
        ["Theorem 1, published"] = (loss, kl, n, delta) => PacBayesHoeffding.Optimized(loss, kl, n, delta, BoundForm.Published),
        ["McAllester"] = McAllester.Bound,
        ["Maurer–Seeger"] = MaurerSeeger.Bound,
        ["Maurer–Seeger, 2√n"] = MaurerSeeger.WithTwoRootN,
        ["Quadratic"] = QuadraticBound.Bound,
        ["λ"] = (loss, kl, n, delta) => LambdaBound.Bound(loss, kl, n, delta, 0.5),
        ["Catoni"] = (loss, kl, n, delta) => Catoni.ForEta(loss, kl, n, delta, 200),
        ["Catoni, grid"] = (loss, kl, n, delta) => Catoni.OverGrid(loss, kl, n, delta),
    };

    /// <summary>L̂ = 0.1, KL = 5, n = 1000, δ = 0.05, by arithmetic of 40 digits (mpmath).</summary>
    [TestCase("Theorem 1", 0.22995732273553990993)]
    [TestCase("Theorem 1, grid", 0.24410524553863604066)]
    [TestCase("Theorem 1, optimised", 0.24410524553863604066)]
    [TestCase("Theorem 1, published", 0.22645736256583869616)]
    [TestCase("McAllester", 0.17645967389593053004)]
    [TestCase("Maurer–Seeger", 0.15200119518124528222)]
    [TestCase("Maurer–Seeger, 2√n", 0.15310962819518741709)]
    [TestCase("Theorem 1, η/8n", 0.19245732273553990993)]
    [TestCase("Quadratic", 0.16144293611573449102)]
    [TestCase("λ", 0.16451243590545088277)]
    [TestCase("Catoni", 0.1523009764266617607)]
    public void ValuesAgreeWithArbitraryPrecision(string name, double expected) =>
        Assert.That(Bounds[name](0.1, 5, 1000, 0.05).Value, Is.EqualTo(expected).Within(1e-14));

    [Test]
    public void EachBoundGrowsWithLossKlAndConfidenceAndShrinksWithTheSample([ValueSource(nameof(Names))] string name)
    {
        Func<double, double, long, double, BoundResult> bound = Bounds[name];
        PacBayesProblem.ForAll(p =>
        {
            double value = bound(p.Loss, p.Kl, p.Size, p.Delta).Value, slack = value * 1e-12;
            Assert.That(value, Is.GreaterThanOrEqualTo(p.Loss - slack).And.Not.NaN, $"{p}");
            Assert.That(
                bound(Math.Min(1, p.Loss * 1.1), p.Kl, p.Size, p.Delta).Value, Is.GreaterThanOrEqualTo(value - slack),
                $"loss: {p}");
            Assert.That(
                bound(p.Loss, (p.Kl * 1.1) + 0.1, p.Size, p.Delta).Value, Is.GreaterThanOrEqualTo(value - slack), $"KL: {p}");

            // The geometric grid's places move with δ and n, and Catoni's C = η/n with n: those may step.
            if (!name.Contains("grid", StringComparison.Ordinal) && !name.Contains("optimised", StringComparison.Ordinal))
            {
                Assert.That(bound(p.Loss, p.Kl, p.Size, p.Delta / 2).Value, Is.GreaterThanOrEqualTo(value - slack), $"δ: {p}");
                if (name != "Catoni")
                {
                    Assert.That(bound(p.Loss, p.Kl, p.Size * 2, p.Delta).Value, Is.LessThanOrEqualTo(value + slack), $"n: {p}");
                }
            }
        });
    }

    [Test]
    public void OrderingRelations() => PacBayesProblem.ForAll(p =>
    {
        double kl = MaurerSeeger.Bound(p.Loss, p.Kl, p.Size, p.Delta).Value;
        double lower = MaurerSeeger.LowerBound(p.Loss, p.Kl, p.Size, p.Delta).Value;
        double mcAllester = McAllester.Bound(p.Loss, p.Kl, p.Size, p.Delta).Value;
        double quadratic = QuadraticBound.Bound(p.Loss, p.Kl, p.Size, p.Delta).Value;
        double lambda = LambdaBound.Bound(p.Loss, p.Kl, p.Size, p.Delta, p.Lambda).Value;
        double best =
            LambdaBound.Bound(p.Loss, p.Kl, p.Size, p.Delta, LambdaBound.BestLambda(p.Loss, p.Kl, p.Size, p.Delta)).Value;
        Assert.That(lower, Is.LessThanOrEqualTo(p.Loss), $"{p}");
        Assert.That(kl, Is.LessThanOrEqualTo(mcAllester * (1 + 1e-13)), $"Pinsker: {p}");
        Assert.That(p.Loss - lower, Is.LessThanOrEqualTo((mcAllester - p.Loss) * (1 + 1e-12) + 1e-15), $"Pinsker, below: {p}");
        Assert.That(kl, Is.LessThanOrEqualTo(quadratic * (1 + 1e-13)), $"refined Pinsker: {p}");
        Assert.That(best, Is.EqualTo(quadratic).Within(1e-9 * quadratic), $"λ at its best: {p}");
        Assert.That(best, Is.LessThanOrEqualTo(lambda * (1 + 1e-12)), $"λ: {p}");
        Assert.That(Catoni.ForEta(p.Loss, p.Kl, p.Size, p.Delta, p.Eta).Value,
            Is.LessThanOrEqualTo(PacBayesHoeffding.ForEta(p.Loss, p.Kl, p.Size, p.Delta, p.Eta).Value * (1 + 1e-12)),
            $"Catoni: {p}");
    });

    [Test]
    public void TheGridLosesAtMostWhatIsStated() => PacBayesProblem.ForAll(p =>
    {
        EtaGrid grid = EtaGrid.Geometric(p.Size, p.Delta, p.Ratio);
        EtaChoice choice = grid.Best(p.Kl, p.Size, p.Delta);
        double published = PacBayesHoeffding.Optimized(0, p.Kl, p.Size, p.Delta, BoundForm.Published).Value;
        Assert.That(
            choice.Value, Is.GreaterThanOrEqualTo(published * (1 - 1e-13)), $"no grid beats the optimum that it approaches: {p}");
        Assert.That(choice.Value, Is.LessThanOrEqualTo(grid.ClosedForm(p.Kl) * (1 + 1e-13)), $"closed form: {p}");
        for (int j = 0; j < 12; j++)
        {
            double other = ((p.Kl + grid.LogInverseDelta(j, p.Delta)) / grid.Eta(j)) + (grid.Eta(j) / (2d * p.Size));
            Assert.That(choice.Value, Is.LessThanOrEqualTo(other * (1 + 1e-13)), $"place {j}: {p}");
        }
    });

    [Test]
    public void AppendixBsConstantIsBelowTheOptimumOverAllEta()
    {
        // (1 + 1/e)√((KL + …)/2n), though min over η of (a/η + η/2n) is 2√(a/2n): no grid can give it.
        const double kl = 1e4, delta = 0.05;
        const long n = 1_000_000;
        double log = -Math.Log(delta), share = log + (Math.Log(2) / 2 * (2 + Math.Log((kl / log) + 1)));
        double printed = (1 + (1 / Math.E)) * Math.Sqrt((kl + share) / (2 * n));
        double optimum = 2 * Math.Sqrt((kl + log) / (2 * n)), found = EtaGrid.Geometric(n, delta).Best(kl, n, delta).Value;
        Assert.That(printed, Is.LessThan(0.7 * optimum));
        Assert.That(found, Is.InRange(optimum, 1.13 * optimum));
    }

    [Test]
    public void TheWeightsSumToOne()
    {
        EtaGrid grid = EtaGrid.Geometric(100, 0.05);
        double sum = 0;
        for (int j = 0; j < 60; j++)
        {
            sum += Math.Exp(-grid.LogInverseDelta(j, 0.05));
            Assert.That(grid.Eta(j + 1) / grid.Eta(j), Is.EqualTo(Math.E).Within(1e-13));
        }

        Assert.That(sum, Is.EqualTo(0.05).Within(1e-15));
        Assert.That(grid.Eta(0), Is.EqualTo(Math.Sqrt(200 * Math.Log(40))).Within(1e-13));

        // Σ 6/(π²j²) = 1; its tail from J is 6/(π²J) to first order.
        double scales = 0;
        for (int j = 1; j <= 100_000; j++)
        {
            scales += PriorScaleGrid.Delta(j, 0.05);
        }

        Assert.That(scales, Is.EqualTo(0.05 * (1 - (6 / (Math.PI * Math.PI * 100_000.5)))).Within(1e-12));
    }

    [Test]
    public void AGridOfOnesOwn()
    {
        EtaGrid grid = EtaGrid.Weighted([50, 100, 200], [0.25, 0.5, 0.25]);
        BoundResult result = PacBayesHoeffding.OverGrid(0.1, 5, 1000, 0.05, grid);
        Assert.That(result.Term("η"), Is.EqualTo(100));
        Assert.That(result.Term("j"), Is.EqualTo(1));
        Assert.That(result.Value, Is.EqualTo(PacBayesHoeffding.ForEta(0.1, 5, 1000, 0.025, 100).Value).Within(1e-15));
        Assert.That(EtaGrid.Weighted([3, 5]).LogInverseDelta(1, 0.05), Is.EqualTo(Math.Log(40)).Within(1e-14));
        Assert.That(result.Assumptions, Does.Contain(Assumption.GridBeforeData));
        Assert.That(
            () => EtaGrid.Weighted([1, 2], [0.6, 0.5]),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("sum to at most 1"));
        Assert.That(() => EtaGrid.Weighted([1, 2], [1]), Throws.ArgumentException.With.Message.Contains("one weight for each"));
        Assert.That(
            () => EtaGrid.Weighted([1, 0]), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("positive"));
        Assert.That(() => EtaGrid.Weighted([]), Throws.ArgumentException);
        Assert.That(() => grid.Eta(3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 2"));
        Assert.That(() => grid.ClosedForm(1), Throws.InvalidOperationException);
        Assert.That(() => EtaGrid.Geometric(10, 0.1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheCatoniGridFindsItsBestPlace()
    {
        foreach (double loss in new[] { 0, 0.01, 0.3 })
        {
            EtaGrid grid = EtaGrid.Geometric(1000, 0.05);
            BoundResult result = Catoni.OverGrid(loss, 20, 1000, 0.05);
            for (int j = 0; j < 30; j++)
            {
                double delta = Math.Exp(-grid.LogInverseDelta(j, 0.05));
                Assert.That(result.Value, Is.LessThanOrEqualTo(Catoni.ForEta(loss, 20, 1000, delta, grid.Eta(j)).Value + 1e-15));
            }

            Assert.That(result.Value, Is.LessThanOrEqualTo(PacBayesHoeffding.OverGrid(loss, 20, 1000, 0.05).Value));
        }
    }

    [Test]
    public void Limits([ValueSource(nameof(Names))] string name)
    {
        Func<double, double, long, double, BoundResult> bound = Bounds[name];
        Assert.That(bound(0.2, double.PositiveInfinity, 1000, 0.05).IsVacuous, Is.True, "an infinite KL says nothing");
        if (name is "Theorem 1" or "Theorem 1, η/8n" or "λ" or "Catoni")
        {
            // η, λ held fixed: (KL + log 1/δ)/η stays; L̂/(1 − λ/2) stays; C = η/n → 0, where Catoni is (1) without η/2n.
            double limit = name == "λ" ? 0.2 / 0.75 : 0.2 + ((5 - Math.Log(0.05)) / (name == "Catoni" ? 200 : 100));
            Assert.That(bound(0.2, 5, 1_000_000_000, 0.05).Value, Is.EqualTo(limit).Within(1e-6), "n → ∞");
        }
        else
        {
            Assert.That(bound(0.2, 5, 1_000_000_000, 0.05).Value, Is.EqualTo(0.2).Within(3e-4), "n → ∞");
            Assert.That(bound(0.2, 0, 1_000_000_000, 0.999).Value, Is.EqualTo(0.2).Within(1e-4), "KL → 0, δ → 1");
        }

        Assert.That(bound(0.2, 1e8, 100, 0.05).IsVacuous, Is.True);
        Assert.That(bound(0.2, 5, 100, 1e-300).Value, Is.GreaterThan(0.9), "δ → 0");
    }

    [Test]
    public void TheoremOneIsVacuousForSmallAndForLargeEta()
    {
        Assert.That(
            PacBayesHoeffding.ForEta(0, 1, 1000, 0.05, 1e-9).Value, Is.EqualTo((1 - Math.Log(0.05)) * 1e9).Within(1), "η → 0");
        Assert.That(PacBayesHoeffding.ForEta(0, 1, 1000, 0.05, 1e9).Value, Is.EqualTo(5e5).Within(1e-3), "η → ∞");

        // The best η is √(2n(KL + log 1/δ)), the published form's.
        BoundResult published = PacBayesHoeffding.Optimized(0.1, 5, 1000, 0.05, BoundForm.Published);
        double eta = published.Term("η"), value = PacBayesHoeffding.ForEta(0.1, 5, 1000, 0.05, eta).Value;
        Assert.That(value, Is.EqualTo(published.Value).Within(1e-15));
        Assert.That(PacBayesHoeffding.ForEta(0.1, 5, 1000, 0.05, eta * 1.01).Value, Is.GreaterThan(value));
        Assert.That(PacBayesHoeffding.ForEta(0.1, 5, 1000, 0.05, eta / 1.01).Value, Is.GreaterThan(value));
        Assert.That(published.Status, Is.EqualTo(BoundStatus.Score));
        Assert.That(PacBayesHoeffding.Optimized(0.1, 5, 1000, 0.05).Status, Is.EqualTo(BoundStatus.ConditionalBound));
    }

    [Test]
    public void MaurersConstantIsAtMostTwiceTheRootForEveryN()
    {
        // ξ(n)·nⁿ = Σ C(n,k)kᵏ(n − k)ⁿ⁻ᵏ in integers; ξ ≤ 2√n as ξ² ≤ 4n, with equality at n = 1 only.
        for (int n = 1; n <= 200; n++)
        {
            BigInteger sum = 0, binomial = 1;
            for (int k = 0; k <= n; k++)
            {
                sum += binomial * BigInteger.Pow(k, k) * BigInteger.Pow(n - k, n - k);
                binomial = binomial * (n - k) / (k + 1);
            }

            double exact = Math.Exp(BigInteger.Log(sum) - (n * Math.Log(n)));
            Assert.That(MaurerSeeger.Xi(n), Is.EqualTo(exact).Within(1e-10).Percent, $"n = {n}");
            BigInteger square = sum * sum, limit = 4 * n * BigInteger.Pow(n, 2 * n);
            Assert.That(square.CompareTo(limit), n == 1 ? Is.Zero : Is.Negative, $"n = {n}");
        }
    }

    [Test]
    public void XiForLargeSamples()
    {
        Assert.That(MaurerSeeger.Xi(1000), Is.EqualTo(40.303212926178154534).Within(1e-12).Percent);
        Assert.That(MaurerSeeger.Xi(1L << 30), Is.EqualTo(Math.Sqrt(Math.PI * (1L << 30) / 2) + (2d / 3)).Within(1e-4));
        Assert.That(
            MaurerSeeger.Xi((1L << 30) + 1), Is.GreaterThan(MaurerSeeger.Xi(1L << 30)).And.EqualTo(MaurerSeeger.Xi(1L << 30))
                .Within(0.01).Percent);
    }

    /// <summary>The step to 𝔼L̂, from draws or from curvature, and the inequality: values, δ, assumptions of both.</summary>
    [Test]
    public void AnUpperLimitGoesIntoAnInequalityWithItsFailures()
    {
        BoundResult limit = MonteCarloRisk.UpperLimit(0.1, 500, 0.01);
        BoundResult bound = limit.Into(loss => MaurerSeeger.Bound(loss, 5, 1000, 0.05));
        Assert.That(bound.Value, Is.EqualTo(MaurerSeeger.Bound(limit.Value, 5, 1000, 0.05).Value));
        Assert.That(bound.FailureProbability, Is.EqualTo(0.06).Within(1e-15));
        Assert.That(bound.Assumptions, Does.Contain(Assumption.IndependentDraws).And.Contain(Assumption.PriorBeforeData));
        Assert.That(bound.Assumptions, Is.Unique);
        Assert.That((bound.Term("N"), bound.Term("KL")), Is.EqualTo((500d, 5d)));

        // (9) fails never where its assumptions hold, so δ stays.
        BoundResult curved = PerturbationBound.EmpiricalLimit(0.1, 0.02).Into(loss => McAllester.Bound(loss, 5, 1000, 0.05));
        Assert.That(curved.Value, Is.EqualTo(McAllester.Bound(0.12, 5, 1000, 0.05).Value).Within(1e-15));
        Assert.That(curved.FailureProbability, Is.EqualTo(0.05));
        Assert.That(curved.Assumptions, Does.Contain(Assumption.HessianLipschitz));
        BoundResult score = limit.Into(
            loss => PacBayesHoeffding.Optimized(loss, 5, 1000, 0.05, BoundForm.Published));
        Assert.That(score.Status, Is.EqualTo(BoundStatus.Score));
        Assert.That(score.FailureProbability, Is.NaN);
        Assert.That(
            () => limit.Into(loss => MaurerSeeger.LowerBound(loss, 5, 1000, 0.05)), Throws.InvalidOperationException);
    }

    [Test]
    public void ALowerLimitSaysThatItIsOne()
    {
        BoundResult lower = MaurerSeeger.LowerBound(0.1, 5, 1000, 0.05);
        Assert.That((lower.IsLower, lower.IsVacuous), Is.EqualTo((true, false)));
        Assert.That($"{lower}", Does.Contain("a lower bound if what is assumed holds"));
        Assert.That(MaurerSeeger.LowerBound(0, 5, 1000, 0.05).IsVacuous, Is.True, "that a loss is at least 0 is no news");
        Assert.That(BinaryKl.LowerInverse(1, double.PositiveInfinity), Is.Zero);
    }

    [Test]
    public void EachViolationIsAnErrorThatNamesTheCondition([ValueSource(nameof(Names))] string name)
    {
        Func<double, double, long, double, BoundResult> bound = Bounds[name];
        foreach (double loss in new[] { -1e-9, 1.0000001, 2.3, double.NaN })
        {
            Assert.That(() => bound(loss, 5, 100, 0.05), Throws.InstanceOf<ArgumentOutOfRangeException>()
                .With.Message.Contains("The loss must lie in [0, 1]").And.Message.Contains(
                    "BoundedCrossEntropy").And.Message.Contains($"{loss}"));
        }

        foreach (double kl in new[] { -1e-9, double.NaN })
        {
            Assert.That(() => bound(0.1, kl, 100, 0.05), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(
                "KL(posterior‖prior) must be 0 or more"));
        }

        foreach (double delta in new[] { 0, 1, -0.1, double.NaN })
        {
            Assert.That(() => bound(0.1, 5, 100, delta), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(
                "delta must lie in (0, 1)"));
        }

        Assert.That(() => bound(0.1, 5, 0, 0.05), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(
            "n must be 1 or more"));
    }

    [Test]
    public void EtaAndLambdaAreChecked()
    {
        foreach (double eta in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.That(
                () => PacBayesHoeffding.ForEta(0.1, 5, 100, 0.05, eta),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("η must be above 0"));
            Assert.That(
                () => Catoni.ForEta(0.1, 5, 100, 0.05, eta),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("η must be above 0"));
        }

        foreach (double lambda in new[] { 0, 2, double.NaN })
        {
            Assert.That(
                () => LambdaBound.Bound(0.1, 5, 100, 0.05, lambda),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("lambda must lie in (0, 2)"));
        }
    }

    [Test]
    public void ThePriorScaleIsTheBestOfItsNeighbourhood()
    {
        // KL of N(w, s·I) to N(0, λI) with m = 1000, s = 10⁻³, ‖w‖² = 20: smallest at λ = s + ‖w‖²/m = 0.021.
        double Kl(double scale) => 0.5 * ((1000 * 1e-3 / scale) + (20 / scale) - 1000 + (1000 * Math.Log(scale / 1e-3)));
        PriorScaleGrid grid = new(0.1);
        int j = grid.Best(Kl, 0.021);
        double Total(int place) => Kl(grid.Scale(place)) + PriorScaleGrid.LogInverseDelta(place, 0.05);
        for (int other = 1; other < 1000; other++)
        {
            Assert.That(Total(j), Is.LessThanOrEqualTo(Total(other) + 1e-12));
        }

        Assert.That(grid.Scale(j), Is.EqualTo(0.021).Within(3).Percent);
        Assert.That(grid.Nearest(grid.Scale(77)), Is.EqualTo(77));
        Assert.That(grid.Nearest(5), Is.EqualTo(1), "larger than the largest");
        Assert.That(PriorScaleGrid.LogInverseDelta(3, 0.05), Is.EqualTo(5.6906571533609557237).Within(1e-14));
        Assert.That(() => new PriorScaleGrid(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => grid.Scale(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheMonteCarloLimit()
    {
        Assert.That(MonteCarloRisk.UpperLimit(0.02, 1000, 0.01).Value, Is.EqualTo(0.036492086807687420082).Within(1e-14));

        // No error in N draws: p with (1 − p)ᴺ = δ′, which is exact for coins.
        Assert.That(MonteCarloRisk.UpperLimit(0, 300, 0.05).Value, Is.EqualTo(1 - Math.Pow(0.05, 1d / 300)).Within(1e-15));
        Assert.That(MonteCarloRisk.UpperLimit(0.02, 1_000_000_000_000, 0.01).Value, Is.EqualTo(0.02).Within(1e-6));
        Assert.That(
            () => MonteCarloRisk.UpperLimit(2.3, 10, 0.05),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("The loss must lie in [0, 1]"));
        Assert.That(
            () => MonteCarloRisk.UpperLimit(0.1, 0, 0.05),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("draws must be 1 or more"));
        Assert.That(() => MonteCarloRisk.UpperLimit(0.1, 10, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void BoundedCrossEntropyIsALossInTheUnitInterval()
    {
        BoundedCrossEntropy loss = new(1e-4);
        Assert.That(loss.Loss(1), Is.Zero);
        Assert.That(loss.Loss(0), Is.EqualTo(1));
        Assert.That(loss.Loss(1e-5), Is.EqualTo(1));
        Assert.That(loss.Loss(1e-4), Is.EqualTo(1));
        Assert.That(loss.Loss(1e-2), Is.EqualTo(0.5).Within(1e-15));
        Assert.That(loss.Scale, Is.EqualTo(Math.Log(1e4)).Within(1e-14));
        Assert.That(loss.LossOfLog(double.NegativeInfinity), Is.EqualTo(1));
        Assert.That(loss.LossOfLog(-1e-20) * loss.Scale, Is.EqualTo(1e-20).Within(1e-34), "digits that 1 − 10⁻²⁰ has not");
        for (double p = 0; p <= 1; p += 1d / 1024)
        {
            Assert.That(loss.Loss(p), Is.InRange(0d, 1d));
            Assert.That(loss.LossOfLog(Math.Log(p)), Is.EqualTo(loss.Loss(p)).Within(1e-15));
        }

        foreach (double bad in new[] { -0.1, 1.1, double.NaN })
        {
            Assert.That(() => loss.Loss(bad), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(
                "probability must lie in [0, 1]"));
        }

        Assert.That(() => loss.LossOfLog(0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => new BoundedCrossEntropy(0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("p_min"));
        Assert.That(
            () => new BoundedCrossEntropy(1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("p_min"));
    }

    [Test]
    public void TheSmoothCrossEntropyHasNoKink()
    {
        BoundedCrossEntropy loss = new(1e-4, smooth: true), clipped = new(1e-4);
        Assert.That(loss.Loss(1), Is.Zero);
        Assert.That(loss.Loss(0), Is.EqualTo(1));
        Assert.That(loss.LossOfLog(double.NegativeInfinity), Is.EqualTo(1));
        Assert.That(loss.LossOfLog(0), Is.Zero);
        Assert.That(loss.LossOfLog(-1e-20) * loss.Scale, Is.EqualTo(1e-20 * (1 - 1e-4)).Within(1e-34));
        for (double p = 0; p <= 1; p += 1d / 1024)
        {
            Assert.That(loss.Loss(p), Is.InRange(0d, clipped.Loss(p)));
            Assert.That(loss.LossOfLog(Math.Log(p)), Is.EqualTo(loss.Loss(p)).Within(1e-15));
        }

        // Second differences in the logit about p = p_min: those of the clipped loss grow as 1/h, those of the smooth one settle.
        double Bend(BoundedCrossEntropy of, double h)
        {
            double At(double logit) => of.Loss(1 / (1 + Math.Exp(-logit)));
            double kink = Math.Log(1e-4 / (1 - 1e-4));
            return (At(kink + h) - (2 * At(kink)) + At(kink - h)) / (h * h);
        }

        Assert.That(Bend(loss, 1e-3) / Bend(loss, 1e-2), Is.EqualTo(1).Within(0.01));
        Assert.That(Bend(clipped, 1e-3) / Bend(clipped, 1e-2), Is.EqualTo(10).Within(0.1));
    }

    private static string[] Names() => [.. Bounds.Keys];
}
