using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>The median of max|Δh|/|u| against a bisection in double, and against draws of u.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class RhoMedianTests(string id) : DeviceFixture(id)
{
    private static readonly Neighborhood Small = new(0.1, 0.05);

    /// <summary>Many terms of one size; one that rules; terms over 12 decades, and of sizes near both ends of a float.</summary>
    [TestCase(1, 0, 1)]
    [TestCase(2, 0, 1)]
    [TestCase(1000, 0, 1)]
    [TestCase(517, 6, 1)]
    [TestCase(517, 2, 1e-33)]
    [TestCase(517, 2, 1e30)]
    public void SolvesTheEquation(int count, double decades, double size)
    {
        float[] w = Numbers(count, 1, i => i - 0.5), before = Numbers(count, 2, i => i * size);
        float[] after = Numbers(count, 3, i => i * size * Math.Pow(10, decades * (i - 0.5)));
        double[] x = [.. w.Select((weight, i) => Math.Abs((double)after[i] - before[i]) / Small.Kappa(weight))];
        double found = Solve(w, before, after, x.Sum());
        Assert.That(found, Is.EqualTo(Bisect(x)).Within(2e-6 * found));
        Assert.That(found, Is.GreaterThanOrEqualTo(x.Sum() / Math.Log(2) * (1 - 1e-6)), "S/ln 2 is never above it");
        Assert.That(Solve(w, before, after, x.Sum()), Is.EqualTo(found));
    }

    [Test]
    public void OneTermIsTwiceItself() => Assert.That(
        Solve([0], [1], [1.5f], 10), Is.EqualTo(20).Within(1e-5), "|u| is above κ/2 half the time");

    [Test]
    public void NoChangeIsZero() => Assert.That(Solve([1, 2], [3, 4], [3, 4], 0), Is.Zero);

    /// <summary>Of 4,000 draws of u, half have a ratio below the median: 2,000 ± 4·√1,000.</summary>
    [Test]
    public void HalfOfAllDrawsAreBelow()
    {
        double[] x = [0.1, 3, 0.7, 0.7, 1e-3];
        float[] change = [.. x.Select(value => (float)(value * Small.Kappa(0)))];
        double median = Solve(new float[x.Length], new float[x.Length], change, x.Sum());
        RandomStream random = new(7, 1, 0);
        int below = Enumerable.Range(0, 4000).Count(_ => x.Max(value => value / random.NextUniform()) <= median);
        Assert.That(below, Is.InRange(2000 - 127, 2000 + 127));
    }

    private static float[] Numbers(int count, uint stream, Func<double, double> of)
    {
        RandomStream random = new(11, stream, 0);
        return [.. Enumerable.Range(0, count).Select(_ => (float)of(random.NextUniform()))];
    }

    private static double Bisect(double[] x)
    {
        double low = x.Max(), high = (x.Sum() / Math.Log(2)) + x.Max();
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2;
            bool isLow = x.Sum(value => -Math.Log(1 - (value / middle))) > Math.Log(2);
            (low, high) = isLow ? (middle, high) : (low, middle);
        }

        return low;
    }

    private double Solve(float[] w, float[] before, float[] after, double sum)
    {
        using DeviceBuffer a = Buffer(w), b = Buffer(before), c = Buffer(after);
        using RhoMedian median = new(new Region(a), new Region(b), new Region(c), Small);
        return median.Solve(sum);

        DeviceBuffer Buffer(float[] values)
        {
            DeviceBuffer buffer = Device.Allocate(values.Length);
            buffer.Write(0, values);
            return buffer;
        }
    }
}
