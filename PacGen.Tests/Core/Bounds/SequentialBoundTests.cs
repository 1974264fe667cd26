using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise of the bound along a sequence: every example is tested before it is learnt from, over 2,000 samples of a
/// distribution on which each predictor's risk is an exact sum. And the exact binomial test that it competes with.
/// </summary>
internal sealed class SequentialBoundTests
{
    private const int Trials = 2000, Size = 30;
    private static readonly FiniteProblem Problem = new();

    /// <summary>The 0-1 losses of 289 linear predictors, by predictor and cell.</summary>
    internal static readonly double[][] Losses = [.. Enumerable.Range(0, 289).Select(h =>
        Enumerable.Range(0, FiniteProblem.Cells).Select(cell =>
        {
            (double x1, double x2, int y) = FiniteProblem.Of(cell);
            double w1 = (((h / 17) - 8) * 0.5) + 0.03, w2 = (((h % 17) - 8) * 0.5) - 0.01;
            return y * ((w1 * x1) + (w2 * x2)) > 0 ? 0d : 1;
        }).ToArray())];

    private static readonly double[] Risks = [.. Losses.Select(loss => FiniteProblem.Mean(Problem.Probability, loss))];

    /// <summary>
    /// Each example is predicted by the best predictor of those before it. Wrong on purpose: without log 1/δ; and tested on
    /// examples that it has learnt from.
    /// </summary>
    [Test]
    public void HoldsForPredictorsThatLearnFromThePast([Values(0.5, 0.2, 0.05)] double delta)
    {
        int failures = 0, withoutConfidence = 0, trainedFirst = 0;
        double excess = 0, eta = SequentialBound.EtaFor(0.2, 0, Size, delta);
        for (int trial = 0; trial < Trials; trial++)
        {
            RandomStream random = new(7, 1, (uint)trial);
            double[] sums = new double[Losses.Length];
            double before = 0, after = 0, risk = 0, riskAfter = 0;
            for (int i = 0; i < Size; i++)
            {
                int cell = Array.FindIndex(Problem.Sample(random, 1), share => share > 0), best = Least(sums);
                before += Losses[best][cell];
                risk += Risks[best];
                for (int h = 0; h < sums.Length; h++)
                {
                    sums[h] += Losses[h][cell];
                }

                best = Least(sums);
                after += Losses[best][cell];
                riskAfter += Risks[best];
            }

            double bound = SequentialBound.Bound(before / Size, 0, Size, delta, eta).Value;
            excess += (bound - (risk / Size)) / Trials;
            failures += risk / Size > bound ? 1 : 0;
            withoutConfidence += risk / Size > SequentialBound.Bound(before / Size, 0, Size, 1 - 1e-12, eta).Value ? 1 : 0;
            trainedFirst += riskAfter / Size > SequentialBound.Bound(after / Size, 0, Size, delta, eta).Value ? 1 : 0;
        }

        TestContext.Out.WriteLine(
            $"δ {delta}: fails on {failures / (double)Trials:P2}, mean of bound − risk {excess:F3}; without log 1/δ " +
            $"{withoutConfidence / (double)Trials:P2}, tested after training {trainedFirst / (double)Trials:P2}");
        double allowed = FiniteProblem.Allowed(delta, Trials);
        Assert.That(failures, Is.LessThanOrEqualTo(allowed));
        Assert.That(trainedFirst, Is.GreaterThan(failures), "the test sees that the examples had been learnt from");
        if (delta < 0.2)
        {
            Assert.That(withoutConfidence, Is.GreaterThan(allowed), "the test sees that log 1/δ is missing");
        }

        static int Least(double[] sums) => Array.IndexOf(sums, sums.Min());
    }

    /// <summary>At the η made for a loss, the bound at that loss is kl⁻¹(q, log(1/δ)/n), the best that any η gives.</summary>
    [TestCase(0.03, 0.0, 719L)]
    [TestCase(0.008, 3.5, 30_000L)]
    [TestCase(0.5, 0.0, 30L)]
    public void TheEtaOfALossIsTheBest(double loss, double kl, long n)
    {
        double eta = SequentialBound.EtaFor(loss, kl, n, 0.035);
        double best = BinaryKl.UpperInverse(loss, (kl - Math.Log(0.035)) / n);
        Assert.That(SequentialBound.Bound(loss, kl, n, 0.035, eta).Value, Is.EqualTo(best).Within(1e-9));
        Assert.That(SequentialBound.Bound(loss, kl, n, 0.035, eta * 1.3).Value, Is.GreaterThan(best).And.LessThan(1.05 * best));
        Assert.That(SequentialBound.EtaFor(0, 0, n, 0.035), Is.GreaterThan(0).And.LessThanOrEqualTo(40d * n));
        Assert.That(SequentialBound.Bound(loss, kl, n, 0.035, eta).FailureProbability, Is.EqualTo(0.035));
    }

    /// <summary>P(Bin(n, p) ≤ k) at the limit is δ; and over all p the limit fails with probability δ at most.</summary>
    [Test]
    public void TheBinomialTestIsExact([Values(1, 7, 40)] int n, [Values(0.3, 0.035)] double delta)
    {
        double[] limits = [.. Enumerable.Range(0, n + 1).Select(k => BinomialTest.UpperLimit(k, n, delta).Value)];
        Assert.That(limits, Is.Ordered.And.Unique);
        Assert.That(limits[^1], Is.EqualTo(1));
        double worst = 0;
        foreach (double p in limits[..^1].Select(limit => limit + 1e-9).Concat(Enumerable.Range(1, 99).Select(i => i / 100d)))
        {
            double probability = Math.Pow(1 - p, n), fails = 0;
            for (int k = 0; k <= n; k++)
            {
                fails += p > limits[k] ? probability : 0;
                probability *= (n - k) * p / ((k + 1) * (1 - p));
            }

            worst = Math.Max(worst, fails);
        }

        Assert.That(worst, Is.LessThanOrEqualTo(delta + 1e-12).And.GreaterThan(delta - 1e-6), "no smaller limit would do");
    }

    /// <summary>Clopper and Pearson's limits, by sums of the tail's terms in double precision.</summary>
    [TestCase(300, 30_000, 0.035, 0.01110003)]
    [TestCase(0, 1000, 0.05, 0.00299125)]
    [TestCase(30, 719, 0.035, 0.05767618)]
    public void TheBinomialTestOfManyImages(long errors, long n, double delta, double limit)
    {
        double found = BinomialTest.UpperLimit(errors, n, delta).Value;
        Assert.That(found, Is.EqualTo(limit).Within(1e-4).Percent);
        Assert.That(
            found, Is.LessThan(BinaryKl.UpperInverse((double)errors / n, -Math.Log(delta) / n) + 1e-12), "Chernoff's is above");
    }

    /// <summary>η of an objective is the ratio of its derivatives, by central differences.</summary>
    [Test]
    public void TheEtaOfAnObjectiveIsTheRatioOfItsDerivatives(
        [Values] PosteriorObjective objective, [Values(0.004, 0.1)] double loss, [Values(2, 90)] double kl)
    {
        const long n = 5000;
        double step = 1e-5 * loss, slope = (Value(loss + step, kl) - Value(loss - step, kl)) / (2 * step);
        double ofKl = (Value(loss, kl + 1e-4) - Value(loss, kl - 1e-4)) / 2e-4;
        Assert.That(BoundObjective.Eta(objective, loss, kl, n, 0.05), Is.EqualTo(slope / ofKl).Within(0.01).Percent);
        Assert.That(BoundObjective.Eta(objective, 0, kl, n, 0.05), Is.GreaterThan(0).And.LessThan(double.PositiveInfinity));

        // The λ form at its best λ is the quadratic form.
        double Value(double q, double divergence) => objective == PosteriorObjective.Kl
            ? MaurerSeeger.Bound(q, divergence, n, 0.05).Value : QuadraticBound.Bound(q, divergence, n, 0.05).Value;
    }

    [Test]
    public void WhatIsOutOfRangeIsNamed()
    {
        Assert.That(
            () => BinomialTest.UpperLimit(5, 4, 0.1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("between 0 and n = 4"));
        Assert.That(() => BinomialTest.UpperLimit(-1, 4, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SequentialBound.Bound(0.1, -1, 10, 0.1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
