using System.Globalization;
using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

/// <summary>
/// From (error, draws, KL, n, δ) to a bound: against arithmetic of 50 digits, and against figures that were published.
/// </summary>
internal sealed class PublishedCertificateTests
{
    /// <summary>certificate-values.py beside this file makes the table.</summary>
    [Test]
    public void TenDigitsOfEachBound()
    {
        string path = Path.Combine(HouseTests.Root, "PacGen.Tests", "Core", "Bounds", "certificate-values.csv");
        string[] lines = File.ReadAllLines(path);
        Assert.That(lines, Has.Length.EqualTo(13));
        foreach (string line in lines[1..])
        {
            double[] row = [.. line.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
            (double error, double prime, double kl, double delta) = (row[0], row[2], row[3], row[5]);
            (long draws, long n) = ((long)row[1], (long)row[4]);
            double limit = MonteCarloRisk.UpperLimit(error, draws, prime).Value;
            double[] found =
            [
                limit, MaurerSeeger.Xi(n), MaurerSeeger.Bound(limit, kl, n, delta).Value,
                MaurerSeeger.WithTwoRootN(limit, kl, n, delta).Value, McAllester.Bound(limit, kl, n, delta).Value,
                QuadraticBound.Bound(limit, kl, n, delta).Value, Catoni.ForEta(limit, kl, n, delta, 0.2 * n).Value,
                BinomialTest.UpperLimit((long)((decimal)error * n), n, delta).Value,
            ];
            for (int i = 0; i < found.Length; i++)
            {
                Assert.That(found[i], Is.EqualTo(row[6 + i]).Within(1e-10 * row[6 + i]), $"{line}, column {7 + i}");
            }
        }
    }

    /// <summary>
    /// Dziugaite and Roy (2017), table 1: of the network's mean error over draws, KL and n = 55,000 the bound, three digits each,
    /// δ = 0.025. kl⁻¹ of the mean error itself, with (KL + 2 log(b log(c/λ)) + log(π²n/6δ))/(n − 1), b = 100, c = 0.1 and
    /// log(c/λ) about 4, is within what rounding of the error explains in four rows of six; in the other two KL and bound don't
    /// fit.
    /// </summary>
    [TestCase("T-600", 0.028, 5144, 0.161, 0.0015)]
    [TestCase("T-1200", 0.027, 5977, 0.179, 0.006)]
    [TestCase("T-300²", 0.027, 5791, 0.170, 0.0015)]
    [TestCase("T-600²", 0.028, 6534, 0.186, 0.0015)]
    [TestCase("T-1200²", 0.029, 8558, 0.223, 0.0015)]
    [TestCase("T-600³", 0.027, 7861, 0.201, 0.006)]
    public void TheTableOfDziugaiteAndRoy(string name, double error, double kl, double published, double within)
    {
        const int n = 55_000;
        double grid = (2 * Math.Log(100 * 4)) + Math.Log(Math.PI * Math.PI * n / (6 * 0.025));
        double bound = BinaryKl.UpperInverse(error, (kl + grid) / (n - 1));
        Assert.That(bound, Is.EqualTo(published).Within(within), name);
        double limit = MonteCarloRisk.UpperLimit(error, 150_000, 0.01 / 2).Value;
        double whole = BinaryKl.UpperInverse(limit, (kl + grid) / (n - 1));
        TestContext.Out.WriteLine($"{name}: published {published}, {bound:F4}, with the draws' limit {whole:F4}");
        Assert.That(whole, Is.GreaterThan(bound).And.LessThan(bound + 0.004));
    }
}
