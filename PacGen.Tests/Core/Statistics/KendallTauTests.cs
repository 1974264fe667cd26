using PacGen.Core.Statistics;

namespace PacGen.Tests.Core;

internal sealed class KendallTauTests
{
    [Test]
    public void IsWhatHandsCount()
    {
        Assert.That(KendallTau.Of([1, 2, 3, 4], [1, 2, 3, 4]), Is.EqualTo(1));
        Assert.That(KendallTau.Of([1, 2, 3, 4], [4, 3, 2, 1]), Is.EqualTo(-1));

        // Of six pairs, (1, 2) and (3, 4) are in the wrong order.
        Assert.That(KendallTau.Of([1, 2, 3, 4], [2, 1, 4, 3]), Is.EqualTo(2 / 6.0).Within(1e-15));

        // C = 4, D = 0, one pair equal in x, one in y: 4/√(5·5).
        Assert.That(KendallTau.Of([1, 1, 2, 3], [1, 2, 3, 3]), Is.EqualTo(0.8).Within(1e-15));
        Assert.That(KendallTau.Of([1, 2], [double.NegativeInfinity, double.PositiveInfinity]), Is.EqualTo(1));
    }

    [Test]
    public void IsWhatAllPairsGive([Range(0, 40)] int size)
    {
        Random random = new(7 + size);
        double[] x = [.. Enumerable.Range(0, size).Select(_ => (double)random.Next(1 + (size / 2)))];
        double[] y = [.. x.Select(value => value + random.Next(1 + (size / 3)))];
        double agree = 0, equalX = 0, equalY = 0, pairs = size * (size - 1) / 2.0;
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < i; j++)
            {
                agree += Math.Sign(x[i] - x[j]) * Math.Sign(y[i] - y[j]);
                equalX += x[i] == x[j] ? 1 : 0;
                equalY += y[i] == y[j] ? 1 : 0;
            }
        }

        double product = (pairs - equalX) * (pairs - equalY);
        Assert.That(
            KendallTau.Of(x, y), Is.EqualTo(product == 0 ? double.NaN : agree / Math.Sqrt(product)).Within(1e-14),
            $"size {size}");
    }

    [Test]
    public void RefusesWhatHasNoOrder()
    {
        Assert.That(() => KendallTau.Of([1, double.NaN], [1, 2]), Throws.ArgumentException);
        Assert.That(() => KendallTau.Of([1, 2], [1]), Throws.ArgumentException);
        Assert.That(KendallTau.Of([1, 1], [1, 2]), Is.NaN);
        Assert.That(KendallTau.Of([], []), Is.NaN);
    }

    [Test]
    public void LeavesTheListsAlone()
    {
        double[] x = [3, 1, 2], y = [9, 8, 7];
        KendallTau.Of(x, y);
        Assert.That(x, Is.EqualTo(new double[] { 3, 1, 2 }));
        Assert.That(y, Is.EqualTo(new double[] { 9, 8, 7 }));
    }
}
