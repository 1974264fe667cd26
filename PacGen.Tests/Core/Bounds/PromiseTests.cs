using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// What a bound promises: over 2,000 independent samples it fails in at most a δ fraction, for all posteriors at once. The prior
/// is uniform over a finite set of hypotheses and the posteriors are Gibbs distributions at several temperatures, among them
/// those that the bounds are tightest for, so that every expectation, KL divergence and risk is an exact sum.
/// </summary>
internal sealed class PromiseTests
{
    private const int Trials = 2000, Size = 30;
    private const double Eta = 20;
    private const ulong Seed = 20_190_403;

    private static readonly double[] Temperatures = [1, 3, 10, 20, 40, 100, 1000];

    private static readonly FiniteProblem Problem = new();

    private static readonly PriorScaleGrid Scales = new(10, 2);

    private static readonly IEnumerable<int> PriorScales = Enumerable.Range(1, 8);

    /// <summary>The rigorous bounds of 𝔼L from above, n being 30.</summary>
    private static readonly Dictionary<string, Func<PosteriorStatistics, double, double>> Rigorous = new()
    {
        ["Theorem 1 (1), η = 20"] = (q, delta) => PacBayesHoeffding.ForEta(q.Loss, q.Kl, Size, delta, Eta).Value,
        ["Theorem 1 (1), grid"] = (q, delta) => PacBayesHoeffding.OverGrid(q.Loss, q.Kl, Size, delta).Value,
        ["McAllester"] = (q, delta) => McAllester.Bound(q.Loss, q.Kl, Size, delta).Value,
        ["Maurer–Seeger"] = (q, delta) => MaurerSeeger.Bound(q.Loss, q.Kl, Size, delta).Value,
        ["Maurer–Seeger, prior scale of a grid"] = (q, delta) => PriorScales.Min(j =>
            MaurerSeeger.Bound(q.Loss, q.KlOfScale(Scales.Scale(j)), Size, PriorScaleGrid.Delta(j, delta)).Value),
        ["Catoni, η = 20"] = (q, delta) => Catoni.ForEta(q.Loss, q.Kl, Size, delta, Eta).Value,
        ["Catoni, grid"] = (q, delta) => Catoni.OverGrid(q.Loss, q.Kl, Size, delta).Value,
        ["Quadratic"] = (q, delta) => QuadraticBound.Bound(q.Loss, q.Kl, Size, delta).Value,
        ["λ form, best λ"] = (q, delta) =>
            LambdaBound.Bound(q.Loss, q.Kl, Size, delta, LambdaBound.BestLambda(q.Loss, q.Kl, Size, delta)).Value,
    };

    /// <summary>What the paper prints and no proof supports; reported only.</summary>
    private static readonly Dictionary<string, Func<PosteriorStatistics, double, double>> Published = new()
    {
        ["published: 2√((KL + log 1/δ)/2n)"] = (q, delta) =>
            PacBayesHoeffding.Optimized(q.Loss, q.Kl, Size, delta, BoundForm.Published).Value,
        ["published: Appendix B's 1 + 1/e"] = (q, delta) =>
            q.Loss + ((1 + (1 / Math.E)) * Math.Sqrt(
                (q.Kl - Math.Log(delta) + (Math.Log(2) / 2 * (2 + Math.Log((q.Kl / -Math.Log(delta)) + 1)))) / (2 * Size))),
    };

    /// <summary>Wrong on purpose: the test must be able to see it.</summary>
    private static readonly Dictionary<string, Func<PosteriorStatistics, double, double>> Wrong = new()
    {
        ["wrong: 𝔼L̂ alone"] = (q, delta) => q.Loss,
        ["wrong: kl⁻¹ with log 1/δ, without KL"] = (q, delta) => BinaryKl.UpperInverse(q.Loss, -Math.Log(delta) / Size),
    };

    [Test]
    public void RigorousBoundsFailInAtMostADeltaFraction(
        [Values("logistic regression, 0-1 loss", "logistic regression, bounded cross-entropy", "MLP, 0-1 loss")] string model,
        [Values(0.5, 0.2, 0.05)] double delta)
    {
        (double[][] losses, double[] squaredNorms) = Hypotheses(model);
        double[] risks = [.. losses.Select(own => FiniteProblem.Mean(Problem.Probability, own))];
        (string Name, Func<PosteriorStatistics, double, double> Bound)[] rows = [
            .. Rigorous.Concat(Published).Concat(Wrong).Select(row => (row.Key, row.Value))];
        int[] failures = new int[rows.Length];
        double[] excess = new double[rows.Length];
        int below = 0, monteCarlo = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            RandomStream random = new(Seed, 0, (uint)trial);
            double[] shares = Problem.Sample(random, Size);
            double[] empirical = [.. losses.Select(own => FiniteProblem.Mean(shares, own))];
            bool[] failed = new bool[rows.Length];
            bool failedBelow = false;
            foreach (double temperature in Temperatures)
            {
                double[] posterior = Gibbs(empirical, temperature);
                PosteriorStatistics q = new(FiniteProblem.Mean(posterior, empirical), Kl(posterior, _ => 0), scale =>
                    Kl(posterior, h => -squaredNorms[h] / (2 * scale)));
                double risk = FiniteProblem.Mean(posterior, risks);
                for (int row = 0; row < rows.Length; row++)
                {
                    double value = rows[row].Bound(q, delta);
                    failed[row] |= risk > value + 1e-12;
                    excess[row] += (value - risk) / (Trials * Temperatures.Length);
                }

                failedBelow |= risk < MaurerSeeger.LowerBound(q.Loss, q.Kl, Size, delta).Value - 1e-12;
                if (temperature == 3)
                {
                    double mean = Enumerable.Range(0, 20).Average(_ => empirical[Draw(posterior, random.NextUniform())]);
                    monteCarlo += q.Loss > MonteCarloRisk.UpperLimit(Math.Min(mean, 1), 20, delta).Value ? 1 : 0;
                }
            }

            below += failedBelow ? 1 : 0;
            for (int row = 0; row < rows.Length; row++)
            {
                failures[row] += failed[row] ? 1 : 0;
            }
        }

        TestContext.Out.WriteLine(
            $"{model}, n = {Size}, δ = {delta}, {Trials} samples (seed {Seed}): failures, mean of bound − risk");
        for (int row = 0; row < rows.Length; row++)
        {
            TestContext.Out.WriteLine($"| {rows[row].Name} | {failures[row] / (double)Trials:P2} | {excess[row]:F3} |");
        }

        TestContext.Out.WriteLine($"| Maurer–Seeger, lower limit | {below / (double)Trials:P2} | |");
        TestContext.Out.WriteLine($"| Monte-Carlo step, N = 20 | {monteCarlo / (double)Trials:P2} | |");
        double allowed = FiniteProblem.Allowed(delta, Trials);
        for (int row = 0; row < rows.Length; row++)
        {
            if (Rigorous.ContainsKey(rows[row].Name))
            {
                Assert.That(failures[row], Is.LessThanOrEqualTo(allowed), rows[row].Name);
            }
        }

        Assert.That(below, Is.LessThanOrEqualTo(allowed), "lower limit");
        Assert.That(monteCarlo, Is.LessThanOrEqualTo(allowed), "Monte-Carlo step");
        int Failures(string name) => failures[Array.FindIndex(rows, row => row.Name == name)];
        Assert.That(Failures("wrong: 𝔼L̂ alone"), Is.GreaterThan(allowed), "the test sees that the empirical loss is no bound");
        if (model == "MLP, 0-1 loss")
        {
            Assert.That(
                Failures("wrong: kl⁻¹ with log 1/δ, without KL"), Is.GreaterThan(allowed), "the test sees that KL is missing");
        }
    }

    /// <summary>
    /// One hypothesis, a 0-1 loss, KL = 0: the probability that a limit fails is a binomial sum, no simulation. For the
    /// Monte-Carlo step it comes within rounding of δ′ where p = 1 − δ′^(1/N), so nothing smaller than log 1/δ′ would do.
    /// </summary>
    [Test]
    public void ForCoinsTheProbabilityOfFailureIsExact([Values(1, 5, 30, 200)] int n, [Values(0.5, 0.2, 0.05)] double delta)
    {
        double monteCarlo = 0, upper = 0, lower = 0, edge = 1 - Math.Pow(delta, 1d / n);
        double[] limits = [.. Enumerable.Range(0, n + 1).Select(k => MonteCarloRisk.UpperLimit((double)k / n, n, delta).Value)];
        double[] uppers = [.. Enumerable.Range(0, n + 1).Select(k => MaurerSeeger.Bound((double)k / n, 0, n, delta).Value)];
        double[] lowers = [.. Enumerable.Range(0, n + 1).Select(k => MaurerSeeger.LowerBound((double)k / n, 0, n, delta).Value)];
        foreach (double p in Enumerable.Range(1, 999).Select(i => i / 1000d).Append(edge + 1e-12))
        {
            double probability = Math.Pow(1 - p, n), below = 0, high = 0, low = 0;
            for (int k = 0; k <= n; k++)
            {
                below += p > limits[k] ? probability : 0;
                high += p > uppers[k] ? probability : 0;
                low += p < lowers[k] ? probability : 0;
                probability *= (n - k) * p / ((k + 1) * (1 - p));
            }

            monteCarlo = Math.Max(monteCarlo, below);
            upper = Math.Max(upper, high + low);
            lower = Math.Max(lower, low);
        }

        TestContext.Out.WriteLine(
            $"n = {n}, δ = {delta}: largest probability of failure {monteCarlo:P3} (Monte-Carlo step), {upper:P3} " +
            $"(Maurer–Seeger, both sides), {lower:P3} (its lower side)");
        Assert.That(monteCarlo, Is.LessThanOrEqualTo(delta).And.GreaterThan(0.999 * delta));
        Assert.That(upper, Is.LessThanOrEqualTo(delta));
    }

    /// <summary>The hypotheses' losses, by hypothesis and cell, and ‖w‖².</summary>
    private static (double[][] Losses, double[] SquaredNorms) Hypotheses(string model)
    {
        List<double[]> losses = [];
        List<double> norms = [];
        if (model == "MLP, 0-1 loss")
        {
            // 2-3-1, tanh: 13 weights, 300 networks drawn before any sample is: the prior is uniform over them.
            RandomStream random = new(Seed, 1);
            for (int h = 0; h < 300; h++)
            {
                double[] w = [.. Enumerable.Range(0, 13).Select(_ => 1.5 * random.NextGaussian())];
                norms.Add(w.Sum(v => v * v));
                losses.Add(Losses((x1, x2, y) => y * Mlp(w, x1, x2) > 0 ? 0 : 1));
            }

            return ([.. losses], [.. norms]);
        }

        BoundedCrossEntropy crossEntropy = new(0.01);
        for (int i = -8; i <= 8; i++)
        {
            for (int j = -8; j <= 8; j++)
            {
                // Off the grid's symmetries, so that no margin is 0.
                double w1 = (i * 0.5) + 0.03, w2 = (j * 0.5) - 0.01;
                norms.Add((w1 * w1) + (w2 * w2));
                losses.Add(model == "logistic regression, 0-1 loss"
                    ? Losses((x1, x2, y) => y * ((w1 * x1) + (w2 * x2)) > 0 ? 0 : 1)
                    : Losses((x1, x2, y) => crossEntropy.Loss(1 / (1 + Math.Exp(-y * ((w1 * x1) + (w2 * x2)))))));
            }
        }

        return ([.. losses], [.. norms]);
    }

    private static double Mlp(double[] w, double x1, double x2)
    {
        double sum = w[12];
        for (int unit = 0; unit < 3; unit++)
        {
            sum += w[9 + unit] * Math.Tanh((w[3 * unit] * x1) + (w[(3 * unit) + 1] * x2) + w[(3 * unit) + 2]);
        }

        return sum;
    }

    private static double[] Losses(Func<double, double, int, double> loss) =>
        [.. Enumerable.Range(0, FiniteProblem.Cells).Select(cell =>
    {
        (double x1, double x2, int y) = FiniteProblem.Of(cell);
        return loss(x1, x2, y);
    })];

    /// <summary>Q ∝ exp(−temperature·L̂).</summary>
    private static double[] Gibbs(double[] empirical, double temperature)
    {
        double least = empirical.Min();
        double[] q = [.. empirical.Select(loss => Math.Exp(temperature * (least - loss)))];
        double total = q.Sum();
        return [.. q.Select(v => v / total)];
    }

    /// <summary>KL to the prior ∝ exp(logPrior).</summary>
    private static double Kl(double[] posterior, Func<int, double> logPrior)
    {
        double total = 0, kl = 0;
        for (int h = 0; h < posterior.Length; h++)
        {
            total += Math.Exp(logPrior(h));
            kl += posterior[h] == 0 ? 0 : posterior[h] * (Math.Log(posterior[h]) - logPrior(h));
        }

        return Math.Max(0, kl + Math.Log(total));
    }

    private static int Draw(double[] posterior, double u)
    {
        int h = 0;
        for (double sum = posterior[0]; sum <= u && h < posterior.Length - 1; sum += posterior[h])
        {
            h++;
        }

        return h;
    }
}
