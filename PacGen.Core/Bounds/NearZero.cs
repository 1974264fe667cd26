namespace PacGen.Core.Bounds;

/// <summary>
/// Functions whose textbook form loses all digits for small arguments; each is right to a few units of the last place.
/// </summary>
/// <remarks><c>double.LogP1</c> and <c>double.ExpM1</c> are Log(1 + x) and Exp(x) − 1 as they stand, hence these.</remarks>
internal static class NearZero
{
    /// <summary>ln(1 + x) for x ≥ −1, by Kahan's correction: the error of 1 + x divides out.</summary>
    public static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 || double.IsInfinity(sum) || sum == 0 ? (sum == 1 ? x : Math.Log(sum)) : Math.Log(sum) * (x / (sum - 1));
    }

    /// <summary>eˣ − 1, by Kahan's correction.</summary>
    public static double ExpMinusOne(double x)
    {
        double power = Math.Exp(x);
        if (power == 1)
        {
            return x;
        }

        double difference = power - 1;
        return difference == -1 || double.IsInfinity(power) ? difference : difference * (x / Math.Log(power));
    }

    /// <summary>x − ln(1 + x) ≥ 0 for |x| ≤ ½, of which x²/2 is the first term.</summary>
    /// <remarks>
    /// With s = x/(2 + x), ln(1 + x) = 2(s + s³/3 + s⁵/5 + …) and x = 2s/(1 − s), so the difference is xs − 2s³(⅓ + s²/5 + …).
    /// </remarks>
    public static double LogOnePlusDeficit(double x)
    {
        double s = x / (2 + x), square = s * s, sum = 0, power = 1;
        for (int k = 3; power > 1e-18; k += 2)
        {
            sum += power / k;
            power *= square;
        }

        return (x * s) - (2 * s * square * sum);
    }

    /// <summary>e⁻ᵗ − 1 + t ≥ 0 for t ≥ 0, of which t²/2 is the first term.</summary>
    public static double ExpDeficit(double t)
    {
        if (t > 0.5)
        {
            return t + ExpMinusOne(-t);
        }

        double term = t * t / 2, sum = term;
        for (int k = 3; Math.Abs(term) > 1e-18 * sum; k++)
        {
            term *= -t / k;
            sum += term;
        }

        return sum;
    }
}
