using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

internal sealed class RandomStreamTests
{
    private const ulong Seed = 20260101;

    [Test]
    public void DrawsAreTheElementsOfTheConvention()
    {
        RandomStream stream = new(Seed, 3, 9);
        for (int i = 0; i < 11; i++)
        {
            Assert.That(stream.Next(), Is.EqualTo(Philox.Word(Seed, 3, 9, i)));
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(7)]
    [TestCase(1000)]
    public void NextBelowIsUniform(int n)
    {
        const int draws = 200_000;
        RandomStream stream = new(Seed, 1);
        int[] counts = new int[n];
        for (int i = 0; i < draws; i++)
        {
            counts[stream.NextBelow(n)]++;
        }

        // Pearson's statistic has mean n − 1 and standard deviation √(2(n − 1)); six of them never happen by chance.
        double expected = (double)draws / n, chi = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.That(chi, Is.LessThanOrEqualTo(n - 1 + (6 * Math.Sqrt(2.0 * (n - 1)))), $"seed {Seed}");
    }

    [Test]
    public void NextBelowRejectsTheSurplus()
    {
        // 2³²/n is 8/3 here: without rejection the residues modulo 3 would come up in the ratio 3 : 3 : 2.
        const int n = 0x6000_0000, draws = 400_000;
        RandomStream stream = new(Seed, 2);
        int[] residues = new int[3];
        for (int i = 0; i < draws; i++)
        {
            int value = stream.NextBelow(n);
            Assert.That(value, Is.InRange(0, n - 1));
            residues[value % 3]++;
        }

        foreach (int count in residues)
        {
            Assert.That(
                (double)count / draws, Is.EqualTo(1 / 3.0).Within(6 * Math.Sqrt(2) / 3 / Math.Sqrt(draws)), $"seed {Seed}");
        }

        Assert.That(() => stream.NextBelow(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void GaussianHasItsMoments()
    {
        const int draws = 400_000;
        RandomStream stream = new(Seed, 4);
        double sum = 0, squares = 0, cubes = 0, fourths = 0, pairs = 0, last = 0;
        for (int i = 0; i < draws; i++)
        {
            double x = stream.NextGaussian();
            sum += x;
            squares += x * x;
            cubes += x * x * x;
            fourths += x * x * x * x;
            pairs += x * last;
            last = x;
        }

        double error = 6 / Math.Sqrt(draws);
        Assert.That(sum / draws, Is.EqualTo(0).Within(error), $"seed {Seed}");
        Assert.That(squares / draws, Is.EqualTo(1).Within(error * Math.Sqrt(2)), $"seed {Seed}");
        Assert.That(cubes / draws, Is.EqualTo(0).Within(error * Math.Sqrt(15)), $"seed {Seed}");
        Assert.That(fourths / draws, Is.EqualTo(3).Within(error * Math.Sqrt(96)), $"seed {Seed}");
        Assert.That(pairs / draws, Is.EqualTo(0).Within(error), $"seed {Seed}");
    }

    [Test]
    public void UniformIsIn01WithMeanOneHalf()
    {
        const int draws = 200_000;
        RandomStream stream = new(Seed, 5);
        double sum = 0;
        for (int i = 0; i < draws; i++)
        {
            double x = stream.NextUniform();
            Assert.That(x, Is.GreaterThanOrEqualTo(0).And.LessThan(1));
            sum += x;
        }

        Assert.That(sum / draws, Is.EqualTo(0.5).Within(6 * Math.Sqrt(1.0 / 12 / draws)), $"seed {Seed}");
    }

    [Test]
    public void ShuffleGivesEveryOrderEquallyOften()
    {
        const int draws = 60_000;
        Dictionary<string, int> counts = [];
        RandomStream stream = new(Seed, 6);
        int[] values = new int[4];
        for (int i = 0; i < draws; i++)
        {
            (values[0], values[1], values[2], values[3]) = (0, 1, 2, 3);
            stream.Shuffle(values);
            string order = string.Join("", values);
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        double expected = draws / 24.0, chi = counts.Values.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.That(counts, Has.Count.EqualTo(24));
        Assert.That(chi, Is.LessThan(23 + (6 * Math.Sqrt(46))), $"seed {Seed}");
    }

    [Test]
    public void ShuffleDependsOnTheStepAlone()
    {
        int[] a = [.. Enumerable.Range(0, 1000)], b = [.. a], c = [.. a];
        new RandomStream(Seed, 1, 5).Shuffle(a);
        new RandomStream(Seed, 1, 5).Shuffle(b);
        new RandomStream(Seed, 1, 6).Shuffle(c);
        Assert.That(b, Is.EqualTo(a));
        Assert.That(c, Is.Not.EqualTo(a).And.EquivalentTo(a));
    }
}
