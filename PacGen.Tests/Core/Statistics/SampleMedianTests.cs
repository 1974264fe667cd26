using PacGen.Core.Statistics;

namespace PacGen.Tests.Core;

/// <summary>
/// The median and its interval: the ranks of the tables of the sign test, and the promise on a distribution without a mean.
/// </summary>
internal sealed class SampleMedianTests
{
    /// <summary>k of the k-th smallest and the k-th largest, as tables of the sign test have it for two sides at 5 %.</summary>
    [TestCase(5, 0)]
    [TestCase(6, 1)]
    [TestCase(8, 1)]
    [TestCase(9, 2)]
    [TestCase(12, 3)]
    [TestCase(20, 6)]
    [TestCase(50, 18)]
    [TestCase(100, 40)]
    public void TheRanksAreThoseOfTheSignTest(int n, int k)
    {
        ConfidenceInterval? interval = SampleMedian.Interval([.. Enumerable.Range(1, n).Reverse().Select(i => (double)i)]);
        Assert.That((interval?.Low, interval?.High), Is.EqualTo(k == 0 ? ((double?)null, (double?)null) : (k, n + 1 - k)));
        Assert.That(interval?.Confidence, Is.Null.Or.InRange(0.95, 0.993));
    }

    [Test]
    public void TheMedianIsTheMiddle()
    {
        Assert.That(SampleMedian.Of([3, 1, 1000]), Is.EqualTo(3));
        Assert.That(SampleMedian.Of([3, 1, 1000, 4]), Is.EqualTo(3.5));
        Assert.That(SampleMedian.Of([1, double.PositiveInfinity, 2]), Is.EqualTo(2));
        Assert.That(() => SampleMedian.Of([]), Throws.ArgumentException);
    }

    /// <summary>
    /// 1/(−ln U) has the law exp(−1/x), no mean, and the median 1/ln 2: the law that the published ρ has. Of 2,000 intervals 95.9
    /// % hold it with 20 draws and 96.1 % with 9; fewer than 94.2 % would come once in 1,000 times.
    /// </summary>
    [TestCase(9)]
    [TestCase(20)]
    public void HoldsTheMedianOfALawWithoutAMean(int n)
    {
        Random random = new(20);
        int held = 0;
        for (int trial = 0; trial < 2000; trial++)
        {
            ConfidenceInterval interval =
                SampleMedian.Interval([.. Enumerable.Range(0, n).Select(_ => -1 / Math.Log(1 - random.NextDouble()))])!;
            held += interval.Low <= 1 / Math.Log(2) && 1 / Math.Log(2) <= interval.High ? 1 : 0;
        }

        Assert.That(held, Is.InRange(1884, 1960));
    }
}
