using MathNet.Numerics;
using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise for networks that are trained on the sample: a 2-3-1 tanh network by gradient descent on cross-entropy, from
/// weights drawn before any sample; the prior is a Gaussian around those, the posteriors are Gaussians around the trained weights
/// truncated at κ, their KL divergence is the closed form. The loss is 1 − p, p being the probability of the true label: the
/// error of a label drawn from the network's own distribution.
/// </summary>
/// <remarks>
/// 𝔼L̂ and 𝔼L are integrals over 13 dimensions, by a lattice of 2 × 512 points through the inverse of the truncated Gaussian's
/// distribution function. Their error is measured on some samples by 64 times as many points.
/// </remarks>
internal sealed class TrainedNetworkPromiseTests
{
    private const int Trials = 2000, Size = 30, Weights = 13, Points = 512;
    private const double PriorDeviation = 2;
    private const ulong Seed = 20_190_405;

    private static readonly double[] Levels = [0.03, 0.1];

    private static readonly LocalSmoothness Neighbourhood = new(0, 0.1, 0.5);

    private static readonly FiniteProblem Problem = new();

    /// <summary>Square roots of the first primes: irrational, and independent over the rationals.</summary>
    private static readonly double[] Steps =
        [.. new[] { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41 }.Select(prime => Math.Sqrt(prime))];

    /// <summary>Chosen by a stream that no sample uses.</summary>
    private static readonly double[] Start = Draw(new RandomStream(Seed, 1));

    private static readonly Dictionary<string, Func<double, double, double, double>> Bounds = new()
    {
        ["rigorous: Theorem 1 (1), η = 20"] = (loss, kl, delta) => PacBayesHoeffding.ForEta(loss, kl, Size, delta, 20).Value,
        ["rigorous: Theorem 1 (1), grid"] = (loss, kl, delta) => PacBayesHoeffding.OverGrid(loss, kl, Size, delta).Value,
        ["rigorous: McAllester"] = (loss, kl, delta) => McAllester.Bound(loss, kl, Size, delta).Value,
        ["rigorous: Maurer–Seeger"] = (loss, kl, delta) => MaurerSeeger.Bound(loss, kl, Size, delta).Value,
        ["rigorous: Catoni, grid"] = (loss, kl, delta) => Catoni.OverGrid(loss, kl, Size, delta).Value,
        ["rigorous: quadratic"] = (loss, kl, delta) => QuadraticBound.Bound(loss, kl, Size, delta).Value,
        ["published: 2√((KL + log 1/δ)/2n)"] = (loss, kl, delta) =>
            PacBayesHoeffding.Optimized(loss, kl, Size, delta, BoundForm.Published).Value,
        ["wrong: 𝔼L̂ alone"] = (loss, _, _) => loss,
        ["wrong: Maurer–Seeger without KL"] = (loss, _, delta) => MaurerSeeger.Bound(loss, 0, Size, delta).Value,
        ["wrong: kl⁻¹ with log 1/δ, without KL"] = (loss, _, delta) => BinaryKl.UpperInverse(loss, -Math.Log(delta) / Size),
        ["wrong: Theorem 1 (1) without KL, η = 20"] = (loss, _, delta) =>
            PacBayesHoeffding.ForEta(loss, 0, Size, delta, 20).Value,
    };

    [Test]
    public void RigorousBoundsFailInAtMostADeltaFraction()
    {
        double[] deltas = [0.5, 0.2, 0.05];
        string[] names = [.. Bounds.Keys];
        int[,] failures = new int[names.Length, deltas.Length];
        double error = 0, risk = 0, empirical = 0, divergence = 0;
        Lock gate = new();
        Parallel.For(0, Trials, trial =>
        {
            double[] shares = Problem.Sample(new RandomStream(Seed, 2, (uint)trial), Size);
            double[] w = Train(shares);
            bool[,] failed = new bool[names.Length, deltas.Length];
            double lastLoss = 0, lastRisk = 0, lastKl = 0, off = 0;
            foreach (double level in Levels)
            {
                double[] cells = Expected(w, level, Points);
                (lastLoss, lastRisk, lastKl) = (
                    FiniteProblem.Mean(shares, cells), FiniteProblem.Mean(Problem.Probability, cells), Kl(w, level));
                for (int row = 0; row < names.Length; row++)
                {
                    for (int d = 0; d < deltas.Length; d++)
                    {
                        failed[row, d] |= lastRisk > Bounds[names[row]](lastLoss, lastKl, deltas[d]) + 1e-12;
                    }
                }

                if (trial < 4)
                {
                    double[] finer = Expected(w, level, 64 * Points);
                    off = Math.Max(off, Math.Max(
                        Math.Abs(FiniteProblem.Mean(shares, finer) - lastLoss),
                        Math.Abs(FiniteProblem.Mean(Problem.Probability, finer) - lastRisk)));
                }
            }

            lock (gate)
            {
                (error, risk, empirical, divergence) = (
                    Math.Max(error, off), risk + (lastRisk / Trials), empirical + (lastLoss / Trials),
                    divergence + (lastKl / Trials));
                for (int row = 0; row < names.Length; row++)
                {
                    for (int d = 0; d < deltas.Length; d++)
                    {
                        failures[row, d] += failed[row, d] ? 1 : 0;
                    }
                }
            }
        });
        TestContext.Out.WriteLine(
            $"trained 2-3-1 network, n = {Size}, {Trials} samples (seed {Seed}), at σ = {Levels[^1]}: mean 𝔼L̂ {empirical:F3}, " +
                $"𝔼L {risk:F3}, KL {divergence:F1}; quadrature within {error:E1}; failures at δ = {string.Join(", ", deltas)}");
        for (int row = 0; row < names.Length; row++)
        {
            IEnumerable<string> shares = Enumerable.Range(0, deltas.Length).Select(
                d => $"{failures[row, d] / (double)Trials:P2}");
            TestContext.Out.WriteLine($"| {names[row]} | {string.Join(" | ", shares)} |");
        }

        Assert.That(error, Is.LessThan(1e-4), "the quadrature's error");
        for (int d = 0; d < deltas.Length; d++)
        {
            double allowed = FiniteProblem.Allowed(deltas[d], Trials);
            for (int row = 0; row < names.Length; row++)
            {
                if (names[row].StartsWith("rigorous", StringComparison.Ordinal))
                {
                    Assert.That(failures[row, d], Is.LessThanOrEqualTo(allowed), $"{names[row]}, δ = {deltas[d]}");
                }
            }

            Assert.That(
                failures[Array.IndexOf(names, "wrong: 𝔼L̂ alone"), d], Is.GreaterThan(allowed),
                "the test sees that the empirical loss is no bound");

            // For a posterior chosen before the sample, kl⁻¹ with log 1/δ would do.
            Assert.That(
                failures[Array.IndexOf(names, "wrong: kl⁻¹ with log 1/δ, without KL"), d], Is.GreaterThan(allowed),
                $"the test sees that KL is missing, δ = {deltas[d]}");
        }
    }

    private static double[] Draw(RandomStream random) => [.. Enumerable.Range(0, Weights).Select(_ => 2 * random.NextGaussian())];

    /// <summary>Gradient descent on the mean cross-entropy: 2,000 steps at rate 1.</summary>
    private static double[] Train(double[] shares)
    {
        double[] w = [.. Start], gradient = new double[Weights], hidden = new double[3];
        for (int step = 0; step < 2000; step++)
        {
            Array.Clear(gradient);
            for (int cell = 0; cell < shares.Length; cell++)
            {
                if (shares[cell] == 0)
                {
                    continue;
                }

                (double x1, double x2, int y) = FiniteProblem.Of(cell);
                double output = Output(w, x1, x2, hidden), slope = -y * shares[cell] / (1 + Math.Exp(y * output));
                gradient[12] += slope;
                for (int unit = 0; unit < 3; unit++)
                {
                    double back = slope * w[9 + unit] * (1 - (hidden[unit] * hidden[unit]));
                    gradient[9 + unit] += slope * hidden[unit];
                    gradient[3 * unit] += back * x1;
                    gradient[(3 * unit) + 1] += back * x2;
                    gradient[(3 * unit) + 2] += back;
                }
            }

            for (int i = 0; i < Weights; i++)
            {
                w[i] -= gradient[i];
            }
        }

        return w;
    }

    private static double Output(ReadOnlySpan<double> w, double x1, double x2, Span<double> hidden)
    {
        double sum = w[12];
        for (int unit = 0; unit < 3; unit++)
        {
            hidden[unit] = Math.Tanh((w[3 * unit] * x1) + (w[(3 * unit) + 1] * x2) + w[(3 * unit) + 2]);
            sum += w[9 + unit] * hidden[unit];
        }

        return sum;
    }

    private static double Kl(double[] w, double level)
    {
        double[] sigma = new double[Weights], kappa = [.. w.Select(Neighbourhood.Kappa)], deviation = new double[Weights];
        Array.Fill(sigma, level);
        Array.Fill(deviation, PriorDeviation);
        return TruncatedGaussian.Kl<double>(w, sigma, kappa, Start, deviation);
    }

    /// <summary>𝔼 of the loss in every cell.</summary>
    private static double[] Expected(double[] w, double level, int points)
    {
        double[] cells = new double[FiniteProblem.Cells], moved = new double[Weights], shift = new double[Weights];
        double[] inside = [.. w.Select(weight => SpecialFunctions.Erf(Neighbourhood.Kappa(weight) / (level * Math.Sqrt(2))))];
        Span<double> hidden = stackalloc double[3];
        for (int point = 0; point < points; point++)
        {
            // Kronecker's lattice; each point and its reflection, so that the odd part of the loss cancels.
            for (int i = 0; i < Weights; i++)
            {
                double place = (point + 0.5) * Steps[i];
                shift[i] = level * Math.Sqrt(2) * SpecialFunctions.ErfInv(inside[i] * ((2 * (place - Math.Floor(place))) - 1));
            }

            for (int sign = -1; sign <= 1; sign += 2)
            {
                for (int i = 0; i < Weights; i++)
                {
                    moved[i] = w[i] + (sign * shift[i]);
                }

                for (int input = 0; input < FiniteProblem.Cells / 2; input++)
                {
                    // The cells of an input are its labels −1 and 1.
                    (double x1, double x2, _) = FiniteProblem.Of(2 * input);
                    double miss = 1 / (1 + Math.Exp(Output(moved, x1, x2, hidden)));
                    cells[2 * input] += (1 - miss) / (2 * points);
                    cells[(2 * input) + 1] += miss / (2 * points);
                }
            }
        }

        return cells;
    }
}
