namespace PacGen.Benchmarks.Runs;

/// <summary>
/// The mean of a quantity over seeds, or of its differences between two ways of training that started from the same seeds.
/// </summary>
/// <param name="Values">The values, one a seed, at least one.</param>
internal sealed record StudentMean(IReadOnlyList<double> Values)
{
    /// <summary>
    /// The 0.975 quantiles of Student's t with 1 to 30 degrees of freedom; the last serves for more, on the safe side.
    /// </summary>
    private static readonly double[] Quantiles =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>Their mean.</summary>
    public double Mean => Values.Average();

    /// <summary>Their standard deviation, over n − 1; NaN for one.</summary>
    public double Deviation =>
        Values.Count < 2 ? double.NaN : Math.Sqrt(Values.Sum(value => (value - Mean) * (value - Mean)) / (Values.Count - 1));

    /// <summary>Half the width of Student's 95 % interval for the mean; NaN for one value.</summary>
    public double HalfWidth => Values.Count < 2
        ? double.NaN
        : Quantiles[Math.Min(Values.Count - 2, Quantiles.Length - 1)] * Deviation / Math.Sqrt(Values.Count);

    /// <summary>1 or −1 where the interval lies above or below 0; 0 where it doesn't, or where one value has none.</summary>
    public int Sign => Math.Abs(Mean) > HalfWidth ? Math.Sign(Mean) : 0;
}
