using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

/// <summary>The parts of a certificate's distance from its loss: by other ways, and their sum.</summary>
internal sealed class OracleComparisonTests
{
    [Test]
    public void OfAPosterior()
    {
        double limit = MonteCarloRisk.UpperLimit(0.02, 50_000, 0.01).Value;
        IReadOnlyList<OracleComparison> rows = OracleComparison.OfPosterior(0.02, limit, 6, 4, 1000, 3000, 0.025, 0.01);
        double xi = Math.Log(MaurerSeeger.Xi(1000) / 0.025);
        double[] expected =
        [
            0.02,
            BinomialTest.UpperLimit(60, 3000, 0.035).Value,
            BinomialTest.UpperLimit(20, 1000, 0.035).Value,
            BinomialTest.UpperLimit(20, 1000, 0.025).Value,
            BinaryKl.UpperInverse(0.02, Math.Log(40) / 1000),
            BinaryKl.UpperInverse(0.02, xi / 1000),
            BinaryKl.UpperInverse(0.02, (xi + Math.Log(4)) / 1000),
            BinaryKl.UpperInverse(0.02, (xi + Math.Log(4) + 6) / 1000),
            MaurerSeeger.Bound(limit, 6 + Math.Log(4), 1000, 0.025).Value,
        ];
        Assert.That(rows.Select(row => row.Value), Is.EqualTo(expected).Within(1e-12));
        Assert.That(rows.Sum(row => row.Cost), Is.EqualTo(rows[^1].Value).Within(1e-12));
        Assert.That(rows.Select(row => row.Cost), Is.All.Positive);
        Assert.That(rows[0].ToString(), Does.Contain("0.0200"));
    }

    [Test]
    public void OfASequence()
    {
        const double delta = 0.035;
        double eta = SequentialBound.EtaFor(0.03, 0, 1000, delta);
        IReadOnlyList<OracleComparison> rows = OracleComparison.OfSequence(0.0205, 0.3, 1000, 2000, delta, eta);
        Assert.That(rows[2].Value, Is.EqualTo(
            (BinomialTest.UpperLimit(20, 1000, delta).Value + BinomialTest.UpperLimit(21, 1000, delta).Value) / 2).Within(1e-9),
            "half an error");
        Assert.That(rows[3].Value, Is.EqualTo(SequentialBound.Bound(
            0.0205, 0, 1000, delta, SequentialBound.EtaFor(0.0205, 0, 1000, delta)).Value).Within(1e-9), "Chernoff's limit");
        Assert.That(rows[^1].Value, Is.EqualTo(SequentialBound.Bound(0.0205, 0.3, 1000, delta, eta).Value));
        Assert.That(rows.Select(row => row.Cost), Is.All.Positive);
        Assert.That(
            OracleComparison.OfSequence(0.0205, 0, 1000, 2000, delta, eta)[^1].Cost, Is.Zero, "without posteriors KL is free");
        Assert.That(
            () => OracleComparison.OfSequence(0.02, 0, 1000, 999, delta, eta), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    public void AtTheEnds(double loss)
    {
        IReadOnlyList<OracleComparison> rows = OracleComparison.OfPosterior(loss, loss, 0, 1, 20, 20, 0.05, 0.01);
        Assert.That(rows.Select(row => row.Value), Is.Ordered.And.All.InRange(0, 1));
    }
}
