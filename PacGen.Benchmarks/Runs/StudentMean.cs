using MathNet.Numerics.Distributions;

namespace PacGen.Benchmarks.Runs;

/// <summary>
/// The mean of a quantity over seeds, or of its differences between two ways of training that started from the same seeds.
/// </summary>
/// <param name="Values">The values, one a seed, at least one.</param>
internal sealed record StudentMean(IReadOnlyList<double> Values)
{
    /// <summary>Their mean.</summary>
    public double Mean => Values.Average();

    /// <summary>Their standard deviation, over n − 1; NaN for one.</summary>
    public double Deviation =>
        Values.Count < 2 ? double.NaN : Math.Sqrt(Values.Sum(value => (value - Mean) * (value - Mean)) / (Values.Count - 1));

    /// <summary>Half the width of Student's 95 % interval for the mean; NaN for one value.</summary>
    public double HalfWidth => Values.Count < 2
        ? double.NaN
        : StudentT.InvCDF(0, 1, Values.Count - 1, 0.975) * Deviation / Math.Sqrt(Values.Count);

    /// <summary>1 or −1 where the interval lies above or below 0; 0 where it doesn't, or where one value has none.</summary>
    public int Sign => Math.Abs(Mean) > HalfWidth ? Math.Sign(Mean) : 0;
}
