using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

internal sealed class CompensatedSumTests
{
    /// <summary>log m! by Stirling's series; what it leaves out is below 10⁻¹⁶ of it for m from 10⁴ on.</summary>
    public static double LogFactorial(double m) => (m * (Math.Log(m) - 1)) + (0.5 * Math.Log(2 * Math.PI * m)) + (1 / (12 * m));

    /// <summary>10⁸ logarithms from 0 to 18.4, as KL (11) adds them up; a plain sum is off by 4·10⁻¹⁵.</summary>
    [Test]
    public void AHundredMillionLogarithmsKeepTheirDigits()
    {
        const int m = 100_000_000;
        CompensatedSum sum = default;
        for (int j = 1; j <= m; j++)
        {
            sum.Add(Math.Log(j));
        }

        double expected = LogFactorial(m);
        Assert.That(sum.Value, Is.EqualTo(expected).Within(1e-15 * expected));
    }

    /// <summary>Terms whose sizes differ by 32 powers of ten, and whose largest cancel.</summary>
    [Test]
    public void SmallTermsSurviveLargeOnesThatCancel()
    {
        CompensatedSum sum = default;
        double[] terms = [1, 1e16, 3e-16, -1e16, 2e-16, 0.25];
        foreach (double term in terms)
        {
            sum.Add(term);
        }

        Assert.That(sum.Value, Is.EqualTo(1.25 + 5e-16).Within(2.3e-16));
    }
}
