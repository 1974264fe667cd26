using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

internal sealed class BinaryKlTests
{
    /// <summary>What binary-kl.py computed by arithmetic of 3,000 bits.</summary>
    private static double[][] Table { get; } =
        [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Core", "Bounds", "binary-kl.csv"))
        .Select(line => line.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];

    [Test]
    public void InversesAgreeWithArbitraryPrecision()
    {
        Assert.That(Table, Has.Length.EqualTo(270));
        double worst = 0;
        foreach (double[] row in Table)
        {
            (double q, double budget) = (row[0], row[1]);
            double upper = BinaryKl.UpperInverse(q, budget), lower = BinaryKl.LowerInverse(q, budget);
            worst = Math.Max(worst, Close(upper, row[2], $"upper inverse of {q}, {budget}"));
            worst = Math.Max(worst, Close(lower, row[4], $"lower inverse of {q}, {budget}"));

            // Seen from 1, a double knows its distance to within half a unit of the last place of 1.
            Assert.That(1 - upper, Is.EqualTo(row[3]).Within((1e-12 * row[3]) + 2.3e-16), $"1 − upper inverse of {q}, {budget}");
            Assert.That(1 - lower, Is.EqualTo(row[5]).Within((1e-12 * row[5]) + 2.3e-16), $"1 − lower inverse of {q}, {budget}");
        }

        TestContext.Out.WriteLine($"largest relative error of the inverses: {worst:G2}");
    }

    [Test]
    public void DivergenceAgreesWithArbitraryPrecision()
    {
        double worst = 0;
        foreach (double[] row in Table)
        {
            worst = Math.Max(worst, Close(BinaryKl.Divergence(row[0], row[6]), row[7], $"kl({row[0]}‖{row[6]})"));
        }

        TestContext.Out.WriteLine($"largest relative error of kl: {worst:G2}");
    }

    [Test]
    public void DivergenceNearTheDiagonalIsHalfTheSquareOverTheVariance()
    {
        // One unit of the last place apart: kl = d²/2p(1 − p)·(1 + O(d)), though the textbook form has no digit right.
        foreach (double q in new[] { 1e-200, 1e-9, 0.1, 0.3, 0.5, 0.7, 0.999 })
        {
            double p = Math.BitIncrement(q), d = p - q;
            Assert.That(BinaryKl.Divergence(q, p), Is.EqualTo(d / q / (1 - q) * d / 2).Within(1e-10).Percent, $"q = {q}");
            Assert.That(BinaryKl.Divergence(p, q), Is.EqualTo(d / q / (1 - q) * d / 2).Within(1e-10).Percent, $"q = {q}");
        }
    }

    [Test]
    public void ValuesByHand()
    {
        Assert.That(BinaryKl.Divergence(0.5, 0.25), Is.EqualTo(0.5 * Math.Log(4d / 3)).Within(1e-15));
        Assert.That(BinaryKl.Divergence(0, 0.5), Is.EqualTo(Math.Log(2)).Within(1e-15));
        Assert.That(BinaryKl.Divergence(1, 0.5), Is.EqualTo(Math.Log(2)).Within(1e-15));
        Assert.That(BinaryKl.Divergence(0, 1), Is.EqualTo(double.PositiveInfinity));
        Assert.That(BinaryKl.Divergence(0.5, 0), Is.EqualTo(double.PositiveInfinity));
        Assert.That(BinaryKl.Divergence(0.5, 1), Is.EqualTo(double.PositiveInfinity));
        Assert.That(BinaryKl.Divergence(0, 0), Is.Zero);
        Assert.That(BinaryKl.Divergence(1, 1), Is.Zero);
        Assert.That(BinaryKl.UpperInverse(0, Math.Log(2)), Is.EqualTo(0.5).Within(1e-15));
        Assert.That(BinaryKl.LowerInverse(1, Math.Log(2)), Is.EqualTo(0.5).Within(1e-15));
        Assert.That(BinaryKl.UpperInverse(0.3, 0), Is.EqualTo(0.3));
        Assert.That(BinaryKl.LowerInverse(0.3, 0), Is.EqualTo(0.3));
        Assert.That(BinaryKl.UpperInverse(0.3, double.PositiveInfinity), Is.EqualTo(1));
        Assert.That(BinaryKl.LowerInverse(0.3, double.PositiveInfinity), Is.Zero);
        Assert.That(BinaryKl.UpperInverse(1, 3), Is.EqualTo(1));
        Assert.That(BinaryKl.LowerInverse(0, 3), Is.Zero);
    }

    [Test]
    public void ArgumentsOutOfRangeAreErrorsThatNameThem()
    {
        foreach (double bad in new[] { -1e-300, 1 + 2.3e-16, double.NaN, double.PositiveInfinity })
        {
            Assert.That(
                () => BinaryKl.Divergence(bad, 0.5),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("q must lie in [0, 1]"));
            Assert.That(
                () => BinaryKl.Divergence(0.5, bad),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("p must lie in [0, 1]"));
            Assert.That(
                () => BinaryKl.UpperInverse(bad, 0.5),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("q must lie in [0, 1]"));
        }

        Assert.That(
            () => BinaryKl.UpperInverse(0.5, -1e-9),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("budget must be 0 or more"));
        Assert.That(
            () => BinaryKl.LowerInverse(0.5, double.NaN),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("budget must be 0 or more"));
    }

    /// <summary>
    /// The relative error, which must be below 1e-12; below the smallest normal number, where doubles lose digits, the absolute
    /// one.
    /// </summary>
    private static double Close(double value, double expected, string what)
    {
        if (value == expected)
        {
            return 0;
        }

        double error = Math.Abs(value - expected) / Math.Max(Math.Abs(expected), 1e-290);
        Assert.That(error, Is.LessThan(1e-12), $"{what}: {value:R}, expected {expected:R}");
        return error;
    }
}
