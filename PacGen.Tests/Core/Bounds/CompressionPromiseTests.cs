using PacGen.Core.Bounds;
using PacGen.Core.Compression;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise of the bounds by a message's length: small networks moved from first weights by quantised numbers, each with the
/// length of its own message; of a sample the one of the least bound is taken. Over 2,000 samples of a distribution with known
/// risks the bounds fail in at most a δ fraction, and without the message's bits in more.
/// </summary>
internal sealed class CompressionPromiseTests
{
    private const int Trials = 2000, Size = 100, Weights = 13;
    private static readonly FiniteProblem Problem = new();
    private static readonly (double[] Losses, double Risk, long Bits)[] Networks = [.. Describe()];

    [Test]
    public void Holds([Values(0.5, 0.2, 0.05)] double delta)
    {
        int exact = 0, inverse = 0, withoutMessage = 0, moved = 0;
        double slack = 0, inverseSlack = 0;
        double[,] tails = Table((errors, bits) => CompressionBound.Exact(errors, bits, Size, delta));
        double[,] inverses = Table((errors, bits) => CompressionBound.Bound(errors / (double)Size, bits, Size, delta));
        for (int trial = 0; trial < Trials; trial++)
        {
            double[] shares = Problem.Sample(new RandomStream(99, 2, (uint)trial), Size);
            int[] errors = [.. Networks.Select(one => (int)Math.Round(FiniteProblem.Mean(shares, one.Losses) * Size))];
            (int best, double value) = Least(tails, errors, network => network.Bits);
            exact += Networks[best].Risk > value ? 1 : 0;
            moved += best > 0 ? 1 : 0;
            slack += (value - Networks[best].Risk) / Trials;
            (best, value) = Least(inverses, errors, network => network.Bits);
            inverse += Networks[best].Risk > value ? 1 : 0;
            inverseSlack += (value - Networks[best].Risk) / Trials;
            (best, value) = Least(tails, errors, _ => 0);
            withoutMessage += Networks[best].Risk > value ? 1 : 0;
        }

        TestContext.Out.WriteLine(
            $"δ {delta}: exact {Share(exact)} (mean of bound − risk {slack:F3}), kl⁻¹ {Share(inverse)} ({inverseSlack:F3}); " +
                $"without the message {Share(withoutMessage)}; {Share(moved)} not " +
                $"the first weights; {Networks.Length} networks of {Networks.Min(one => one.Bits)} to " +
                $"{Networks.Max(one => one.Bits)} bits");
        double allowed = FiniteProblem.Allowed(delta, Trials);
        Assert.That(exact, Is.LessThanOrEqualTo(allowed));
        Assert.That(inverse, Is.LessThanOrEqualTo(allowed));
        Assert.That(slack, Is.LessThan(inverseSlack), "the exact tail is below kl⁻¹");
        Assert.That(moved, Is.GreaterThan(Trials / 10), "the sample does choose");
        Assert.That(withoutMessage, Is.GreaterThan(allowed), "the test sees that the message is not paid for");

        static string Share(int count) => $"{count / (double)Trials:P2}";
    }

    [Test]
    public void TheExactBoundIsABinomialTestWithItsShareOfDelta()
    {
        BoundResult bound = CompressionBound.Exact(20, 7, 1000, 0.05);
        Assert.That(bound.Value, Is.EqualTo(BinomialTest.UpperLimit(20, 1000, 0.05 / 128).Value).Within(1e-12));
        Assert.That(bound.FailureProbability, Is.EqualTo(0.05));
        Assert.That(CompressionBound.Exact(20, 0, 1000, 0.05).Value, Is.EqualTo(BinomialTest.UpperLimit(20, 1000, 0.05).Value));

        // Where δ·2^−bits is no double: the tail by its logarithm, which goes on where the other ends. Without errors, (1 − p)ⁿ.
        double at860 = CompressionBound.Exact(300, 860, 30_000, 0.05).Value;
        double at862 = CompressionBound.Exact(300, 862, 30_000, 0.05).Value, at864 = CompressionBound.Exact(
            300, 864, 30_000, 0.05).Value;
        Assert.That(at862 - at860, Is.EqualTo(at864 - at862).Within(1).Percent);
        double far = CompressionBound.Exact(300, 20_000, 30_000, 0.05).Value;
        Assert.That(far, Is.LessThan(CompressionBound.Bound(0.01, 20_000, 30_000, 0.05).Value).And.GreaterThan(
            BinaryKl.UpperInverse(0.01, 19_900 * Math.Log(2) / 30_000)));
        Assert.That(
            CompressionBound.Exact(0, 1000, 500, 0.5).Value, Is.EqualTo(1 - Math.Pow(2, -1001d / 500)).Within(1e-12));
        Assert.That(CompressionBound.Exact(500, 1000, 500, 0.5).Value, Is.EqualTo(1));
        Assert.That(() => CompressionBound.Exact(1, double.NaN, 10, 0.5), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    /// <summary>A bound of each number of errors and bits.</summary>
    private static double[,] Table(Func<int, int, BoundResult> bound)
    {
        double[,] table = new double[Size + 1, (int)Networks.Max(one => one.Bits) + 1];
        for (int errors = 0; errors <= Size; errors++)
        {
            for (int bits = 0; bits < table.GetLength(1); bits++)
            {
                table[errors, bits] = bound(errors, bits).Value;
            }
        }

        return table;
    }

    /// <summary>The network of the least bound, if so many bits are paid for.</summary>
    private static (int Best, double Value) Least(
        double[,] table, int[] errors, Func<(double[] Losses, double Risk, long Bits), long> paid)
    {
        (int best, double value) = (0, double.PositiveInfinity);
        for (int h = 0; h < Networks.Length; h++)
        {
            double own = table[errors[h], paid(Networks[h])];
            (best, value) = own < value ? (h, own) : (best, value);
        }

        return (best, value);
    }

    /// <summary>
    /// First weights that are wrong as often as right, and these moved along weights i mod d: by one number on a level of a
    /// codebook, or by 1 to 4 on 3 even levels.
    /// </summary>
    private static IEnumerable<(double[] Losses, double Risk, long Bits)> Describe()
    {
        RandomStream random = new(20_260_101, 3);
        double[] first = [.. Enumerable.Range(0, Weights).Select(_ => 0.5 * random.NextGaussian())];
        yield return Of(first, QuantizedVector.Empty);
        for (int number = 0; number < 400; number++)
        {
            bool codebook = number % 2 == 0;
            int d = codebook ? 1 : 1 + (number / 2 % 4);
            float[] z = [.. Enumerable.Range(0, d).Select(_ => (float)(1.5 * random.NextGaussian()))];
            QuantizedVector coarse = codebook ? QuantizedVector.Codebook(z, 1) : QuantizedVector.Even(z, 3);
            float[] moves = coarse.ToArray();
            yield return Of([.. first.Select((w, i) => w + (Sign(i) * moves[i % d]))], coarse);
        }

        static double Sign(int i) => i % 3 == 0 ? 1 : -1;
    }

    private static (double[] Losses, double Risk, long Bits) Of(double[] w, QuantizedVector numbers)
    {
        double[] losses = [.. Enumerable.Range(0, FiniteProblem.Cells).Select(cell =>
        {
            (double x1, double x2, int y) = FiniteProblem.Of(cell);
            double sum = w[12];
            for (int unit = 0; unit < 3; unit++)
            {
                sum += w[9 + unit] * Math.Tanh((w[3 * unit] * x1) + (w[(3 * unit) + 1] * x2) + w[(3 * unit) + 2]);
            }

            return y * sum > 0 ? 0d : 1;
        })];
        return (losses, FiniteProblem.Mean(Problem.Probability, losses), numbers.ToMessage().Length);
    }
}
