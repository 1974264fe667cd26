namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>A measure, or a combination a·z₁ + b·z₂ of two, where z is the logarithm of a measure, or the measure where some
/// value is not positive, less its mean and divided by its standard deviation.</summary>
/// <param name="First">The first measure's number.</param>
/// <param name="Second">The second's; the first's again where there is one alone.</param>
/// <param name="A">The first's weight.</param>
/// <param name="B">The second's.</param>
internal readonly record struct Combination(int First, int Second, double A, double B)
{
    private const int Angles = 16;

    /// <summary>The weights that are tried: on the unit circle, without those of one measure alone.</summary>
    public static IReadOnlyList<(double A, double B)> Weights { get; } =
    [
        .. Enumerable.Range(0, Angles).Where(k => k % (Angles / 4) != 0).Select(k => (
            Math.Cos(2 * Math.PI * k / Angles), Math.Sin(2 * Math.PI * k / Angles))),
    ];

    /// <summary>Its values.</summary>
    /// <param name="z">The measures.</param>
    /// <param name="networks">Of which networks.</param>
    public double[] Of(double[][] z, int[] networks)
    {
        double[] values = new double[networks.Length], first = z[First], second = z[Second];
        for (int i = 0; i < networks.Length; i++)
        {
            values[i] = (A * first[networks[i]]) + (B * second[networks[i]]);
        }

        return values;
    }

    /// <summary>z of a measure's values.</summary>
    public static double[] Standard(double[] values)
    {
        double[] logarithms = values.All(value => value > 0) ? [.. values.Select(value => Math.Log(value))] : values;
        double mean = logarithms.Average();
        double deviation = Math.Sqrt(logarithms.Average(value => (value - mean) * (value - mean)));
        return [.. logarithms.Select(value => deviation > 0 ? (value - mean) / deviation : 0)];
    }
}
