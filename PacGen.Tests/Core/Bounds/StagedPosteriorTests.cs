using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise of the bound along a sequence whose posteriors look at their own examples: Σ KL is then above 0. Over 2,000
/// samples of a distribution on which each predictor's risk is an exact sum.
/// </summary>
internal sealed class StagedPosteriorTests
{
    private const int Trials = 2000, Parts = 3, PartSize = 10, Size = Parts * PartSize;
    private static readonly FiniteProblem Problem = new();
    private static readonly double[][] Losses = SequentialBoundTests.Losses;
    private static readonly double[] Risks = [.. Losses.Select(loss => FiniteProblem.Mean(Problem.Probability, loss))];

    /// <summary>
    /// The prior of a part is the Gibbs distribution of the parts before, the posterior goes on with β times the errors on the
    /// part itself. Wrong on purpose: without Σ KL; with priors that have seen their part.
    /// </summary>
    [Test]
    public void HoldsForPosteriorsThatLookAtTheirPart([Values(0.5, 0.2, 0.05)] double delta)
    {
        int failures = 0, withoutKl = 0, priorsLate = 0;
        double excess = 0, divergence = 0, eta = SequentialBound.EtaFor(0.2, 3, Size, delta);
        double[] temperatures = [eta / Size, 1, 4];
        for (int trial = 0; trial < Trials; trial++)
        {
            RandomStream random = new(11, 1, (uint)trial);
            double[][] errors = [.. Enumerable.Range(0, Parts).Select(_ => Errors(Problem.Sample(random, PartSize)))];
            bool fails = false, failsWithoutKl = false, failsLate = false;
            foreach (double beta in temperatures)
            {
                double[] past = new double[Losses.Length];
                double loss = 0, risk = 0, kl = 0, lateKl = 0;
                foreach (double[] part in errors)
                {
                    double[] prior = GibbsPosterior.Weights(Uniform, past, 0.5);
                    double[] posterior = GibbsPosterior.Weights(prior, part, beta);
                    loss += Dot(posterior, part) / Size;
                    risk += Dot(posterior, Risks) / Parts;
                    kl += GibbsPosterior.Kl(posterior, prior);
                    past = [.. past.Zip(part, (a, b) => a + b)];
                    lateKl += GibbsPosterior.Kl(posterior, GibbsPosterior.Weights(Uniform, past, 0.5));
                }

                double bound = SequentialBound.Bound(loss, kl, Size, delta, eta).Value;
                fails |= risk > bound;
                failsWithoutKl |= risk > SequentialBound.Bound(loss, 0, Size, delta, eta).Value;
                failsLate |= risk > SequentialBound.Bound(loss, lateKl, Size, delta, eta).Value;
                excess += (bound - risk) / (Trials * temperatures.Length);
                divergence += kl / (Trials * temperatures.Length);
            }

            failures += fails ? 1 : 0;
            withoutKl += failsWithoutKl ? 1 : 0;
            priorsLate += failsLate ? 1 : 0;
        }

        TestContext.Out.WriteLine(
            $"δ {delta}: fails on {failures / (double)Trials:P2}, mean of bound − risk {excess:F3}, of Σ KL {divergence:F2}; " +
            $"without Σ KL {withoutKl / (double)Trials:P2}, with priors that have seen their part " +
                $"{priorsLate / (double)Trials:P2}");
        double allowed = FiniteProblem.Allowed(delta, Trials);
        Assert.That(divergence, Is.GreaterThan(0.5), "the posteriors look at their part");
        Assert.That(failures, Is.LessThanOrEqualTo(allowed));
        if (delta < 0.2)
        {
            Assert.That(withoutKl, Is.GreaterThan(allowed), "the test sees that Σ KL is missing");
        }

        Assert.That(priorsLate, Is.GreaterThan(failures), "the test sees that a prior has seen its part");
    }

    /// <summary>C·𝔼errors + KL at ρ is −log Σ π·exp(−C·errors), and no other distribution has less.</summary>
    [Test]
    public void TheGibbsPosteriorIsTheBest()
    {
        double[] prior = [0.5, 0.3, 0.2, 0], errors = [31, 27, 35, 2];
        const double c = 0.14;
        double[] best = GibbsPosterior.Weights(prior, errors, c);
        double least = -Math.Log(Enumerable.Range(0, 4).Sum(h => prior[h] * Math.Exp(-c * errors[h])));
        Assert.That(Value(best), Is.EqualTo(least).Within(1e-12));
        Assert.That(best.Sum(), Is.EqualTo(1).Within(1e-15));
        Assert.That(best[3], Is.Zero, "what the prior excludes stays out");
        Assert.That(Value([.. prior]), Is.GreaterThan(least));
        RandomStream random = new(3, 1);
        for (int trial = 0; trial < 100; trial++)
        {
            double[] other = [random.NextUniform(), random.NextUniform(), random.NextUniform(), 0];
            double sum = other.Sum();
            Assert.That(Value(Array.ConvertAll(other, one => one / sum)), Is.GreaterThanOrEqualTo(least));
        }

        Assert.That(GibbsPosterior.Kl([0, 0, 0, 1], prior), Is.EqualTo(double.PositiveInfinity));
        Assert.That(() => GibbsPosterior.Weights([0.5, 0.4], [1, 2], 1), Throws.ArgumentException);
        Assert.That(() => GibbsPosterior.Kl([1], prior), Throws.ArgumentException);

        double Value(double[] weights) => (c * Dot(weights, errors)) + GibbsPosterior.Kl(weights, prior);
    }

    private static double Dot(double[] weights, double[] values) => weights.Zip(values, (a, b) => a * b).Sum();

    private static double[] Uniform { get; } = [.. Enumerable.Repeat(1d / Losses.Length, Losses.Length)];

    /// <summary>The errors of each predictor on a sample, which is given by its shares of the cells.</summary>
    private static double[] Errors(double[] sample) =>
        [.. Losses.Select(loss => Math.Round(PartSize * FiniteProblem.Mean(sample, loss)))];
}
