using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise of the bounds by the excess over a reference and for one draw: over 2,000 samples of a distribution with known
/// risks each fails in at most a δ fraction, and a version with a part left out on purpose in more.
/// </summary>
internal sealed class ExcessAndDrawPromiseTests
{
    private const int Trials = 2000, Size = 30;
    private static readonly FiniteProblem Problem = new();

    /// <summary>The 0-1 losses of 300 random 2-3-1 networks, by network and cell; the prior is uniform over them.</summary>
    private static readonly double[][] Losses = [.. Enumerable.Range(0, 300).Select(h =>
    {
        RandomStream random = new(20_260_101, 1, (uint)h);
        double[] w = [.. Enumerable.Range(0, 13).Select(_ => 1.5 * random.NextGaussian())];
        return Enumerable.Range(0, FiniteProblem.Cells).Select(cell =>
        {
            (double x1, double x2, int y) = FiniteProblem.Of(cell);
            double sum = w[12];
            for (int unit = 0; unit < 3; unit++)
            {
                sum += w[9 + unit] * Math.Tanh((w[3 * unit] * x1) + (w[(3 * unit) + 1] * x2) + w[(3 * unit) + 2]);
            }

            return y * sum > 0 ? 0d : 1;
        }).ToArray();
    })];

    private static readonly double[] Risks = [.. Losses.Select(loss => FiniteProblem.Mean(Problem.Probability, loss))];

    /// <summary>The reference was chosen before any sample: the tenth best of the predictors.</summary>
    private static readonly int Reference = Array.IndexOf(Risks, Risks.Order().ElementAt(9));

    [Test]
    public void Hold([Values(0.5, 0.2, 0.05)] double delta)
    {
        int described = 0, withoutBits = 0, excess = 0, withoutKl = 0, alone = 0, draw = 0, drawWithoutRatio = 0;
        double slack = 0, plainSlack = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            RandomStream random = new(99, 1, (uint)trial);
            double[] shares = Problem.Sample(random, Size);
            double[] empirical = [.. Losses.Select(loss => FiniteProblem.Mean(shares, loss))];
            double[] weights = [.. empirical.Select(loss => Math.Exp(300 * (empirical.Min() - loss)))];
            double total = weights.Sum(), kl = 0, risk = 0, loss = 0, notBetter = 0, worse = 0;
            double[] q = [.. weights.Select(weight => weight / total)];
            for (int h = 0; h < q.Length; h++)
            {
                kl += q[h] > 0 ? q[h] * Math.Log(q[h] * q.Length) : 0;
                risk += q[h] * Risks[h];
                loss += q[h] * empirical[h];
                for (int cell = 0; cell < FiniteProblem.Cells; cell++)
                {
                    double difference = Losses[h][cell] - Losses[Reference][cell];
                    notBetter += difference >= 0 ? q[h] * shares[cell] : 0;
                    worse += difference >= 1 ? q[h] * shares[cell] : 0;
                }
            }

            (notBetter, worse, loss, kl) = (Math.Min(notBetter, 1), Math.Min(worse, 1), Math.Min(loss, 1), Math.Max(kl, 0));
            long errors = (long)Math.Round(empirical[Reference] * Size);
            BoundResult reference = BinomialTest.UpperLimit(errors, Size, delta / 2);
            BoundResult whole = SplitKl.Recursive(
                reference, 1, SplitKl.Bound([-1, 0, 1], [notBetter, worse], kl, Size, delta / 2));
            excess += risk > whole.Value ? 1 : 0;
            slack += (whole.Value - risk) / Trials;
            plainSlack += (MaurerSeeger.Bound(loss, kl, Size, delta).Value - risk) / Trials;

            // Without KL and log ξ(n), and the excess as it is on the sample.
            double budget = Math.Log(4 / delta) / Size;
            withoutKl += risk > empirical[Reference] - 1 + BinaryKl.UpperInverse(notBetter, budget / 4)
                + BinaryKl.UpperInverse(worse, budget / 4) ? 1 : 0;
            alone += risk > empirical[Reference] - 1 + notBetter + worse ? 1 : 0;

            // The best of all on the sample, described by its number among 300.
            int least = Array.IndexOf(empirical, empirical.Min());
            described += Risks[least] > CompressionBound.Bound(
                Math.Min(empirical[least], 1), Math.Log2(300), Size, delta).Value ? 1 : 0;
            withoutBits += Risks[least] > CompressionBound.Bound(Math.Min(empirical[least], 1), 0, Size, delta).Value ? 1 : 0;

            int drawn = Draw(q, random.NextUniform());
            double ratio = Math.Log(q[drawn] * q.Length);
            draw += Risks[drawn] > DisintegratedBound.Bound(Math.Min(empirical[drawn], 1), ratio, Size, delta).Value ? 1 : 0;
            drawWithoutRatio += Risks[drawn] > BinaryKl.UpperInverse(
                Math.Min(empirical[drawn], 1), -Math.Log(delta) / Size) ? 1 : 0;
        }

        TestContext.Out.WriteLine(
            $"δ {delta}: excess {Share(excess)} (mean of bound − risk {slack:F3}, Maurer–Seeger's {plainSlack:F3}), without KL " +
            $"{Share(withoutKl)}, the sample's {Share(alone)}; one draw {Share(draw)}, without log dQ/dπ " +
                $"{Share(drawWithoutRatio)}");
        double allowed = FiniteProblem.Allowed(delta, Trials);
        TestContext.Out.WriteLine($"described {Share(described)}, without the description's bits {Share(withoutBits)}");
        Assert.That(described, Is.LessThanOrEqualTo(allowed));
        Assert.That(withoutBits, Is.GreaterThan(delta < 0.5 ? allowed : described), "the test sees that the bits are missing");
        Assert.That(excess, Is.LessThanOrEqualTo(allowed));
        Assert.That(draw, Is.LessThanOrEqualTo(allowed));
        Assert.That(alone, Is.GreaterThan(allowed), "the test sees that the sample's loss is no bound");
        Assert.That(drawWithoutRatio, Is.GreaterThan(delta < 0.5 ? allowed : draw), "the test sees that log dQ/dπ is missing");
        Assert.That(withoutKl, Is.GreaterThan(excess));

        static string Share(int count) => $"{count / (double)Trials:P2}";
    }

    /// <summary>The mean of log dQ/dπ over draws is KL; for one coordinate, by quadrature.</summary>
    [TestCase(0.3, 0.2, 0.5, 0.1, 0.4)]
    [TestCase(-1.2, 3, 0.4, -1, 0.7)]
    public void TheMeanOfTheLogRatioIsKl(double weight, double sigma, double kappa, double mean, double deviation)
    {
        double sum = 0, mass = 0;
        const int Steps = 20_000;
        for (int i = 0; i < Steps; i++)
        {
            double u = kappa * ((2 * (i + 0.5) / Steps) - 1), density = Math.Exp(-u * u / (2 * sigma * sigma));
            mass += density;
            sum += density * TruncatedGaussian.LogRatio([weight + u], [weight], [sigma], [kappa], [mean], [deviation]);
        }

        double kl = TruncatedGaussian.Kl(weight, sigma, kappa, mean, deviation);
        Assert.That(sum / mass, Is.EqualTo(kl).Within(1e-6));
    }

    /// <summary>
    /// Of 6 weights with levels 3, 2, 1 there are 60 orders and 28 ways to share them out: 6 + 5 bits, and 3 for K = 3, 96 for
    /// the levels.
    /// </summary>
    [Test]
    public void TheLengthOfADescription()
    {
        Assert.That(CompressionBound.DescriptionLength([3, 2, 1]), Is.EqualTo(6 + 5 + 3 + 96));
        Assert.That(CompressionBound.DescriptionLength([1000], 16), Is.EqualTo(17), "all the same: the level alone");
        Assert.That(() => CompressionBound.DescriptionLength([]), Throws.ArgumentException);
        Assert.That(() => CompressionBound.Bound(0.1, -1, 10, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(CompressionBound.Bound(0.1, 0, 100, 0.1).Value, Is.EqualTo(
            BinaryKl.UpperInverse(0.1, Math.Log(10) / 100)).Within(1e-12));
    }

    [Test]
    public void SplitKlAddsUp()
    {
        BoundResult bound = SplitKl.Bound([-0.5, 0, 0.5, 1], [0.99, 0.02, 0.01], 3, 1000, 0.05);
        double budget = (3 + Math.Log(3 * MaurerSeeger.Xi(1000) / 0.05)) / 1000;
        double expected = -0.5 + ((BinaryKl.UpperInverse(0.99, budget) + BinaryKl.UpperInverse(0.02, budget)
            + BinaryKl.UpperInverse(0.01, budget)) / 2);
        Assert.That(bound.Value, Is.EqualTo(expected).Within(1e-12));
        BoundResult whole = SplitKl.Recursive(BinomialTest.UpperLimit(20, 1000, 0.02), 0.5, bound);
        Assert.That(whole.Value, Is.EqualTo((BinomialTest.UpperLimit(20, 1000, 0.02).Value / 2) + expected).Within(1e-12));
        Assert.That(whole.FailureProbability, Is.EqualTo(0.07).Within(1e-12));
        Assert.That(() => SplitKl.Bound([0, 1, 1], [0.5, 0.5], 1, 10, 0.1), Throws.ArgumentException);
        Assert.That(() => SplitKl.Bound([0, 1], [0.5, 0.5], 1, 10, 0.1), Throws.ArgumentException);
        Assert.That(() => SplitKl.Recursive(whole, 2, bound), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => DisintegratedBound.Bound(0.1, double.NaN, 10, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(DisintegratedBound.Bound(0.1, -1000, 10, 0.1).Value, Is.EqualTo(0.1).Within(1e-12));
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
