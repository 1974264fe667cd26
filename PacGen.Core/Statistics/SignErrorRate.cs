using System.Globalization;

namespace PacGen.Core.Statistics;

/// <summary>
/// The sign-error rate of a measure: how often, of two networks whose settings differ in one hyper-parameter, it gives the one
/// with the smaller gap the larger value.
/// </summary>
/// <remarks>
/// An environment is a pair of such settings; its error is the weighted mean of ½(1 − sgn(Δμ)·sgn(Δg)) over its pairs of
/// networks, one of each setting; a tie counts ½. The mean over the environments says how a measure does on average, the largest
/// (the robust sign error) whether it can be trusted in each (G. K. Dziugaite et al., <em>In search of robust measures of
/// generalization</em>, NeurIPS 2020). There the best mean is 0.097 and the worst environment of every measure 1.
/// </remarks>
/// <param name="Environments">The environments that count.</param>
/// <param name="LeftOut">How many were left out because their difference in gap is within the noise.</param>
public sealed record SignErrorRate(IReadOnlyList<SignErrorEnvironment> Environments, int LeftOut)
{
    /// <summary>The mean over the environments; NaN where there is none.</summary>
    public double Mean => Environments.Select(one => one.Error).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The error of the worst environment; NaN where there is none.</summary>
    public double Worst => Environments.Select(one => one.Error).DefaultIfEmpty(double.NaN).Max();

    /// <summary>The rate of a measure.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="measure">The measure μ of each network.</param>
    /// <param name="gap">The generalization gap g of each.</param>
    /// <param name="options">Which pairs count.</param>
    /// <exception cref="ArgumentException">The lists don't fit the design, or hold NaN.</exception>
    public static SignErrorRate Of(
        ExperimentDesign design, IReadOnlyList<double> measure, IReadOnlyList<double> gap, SignErrorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(design);
        options ??= new SignErrorOptions();
        design.Require(measure, gap);
        List<SignErrorEnvironment> environments = [];
        int leftOut = 0;
        foreach (SettingCouple couple in design.Couples)
        {
            IReadOnlyList<int> first = design.Members[couple.First], second = design.Members[couple.Second];
            double sum = 0, sumOfSquares = 0, errors = 0;
            foreach (int i in first)
            {
                foreach (int j in second)
                {
                    double weight = options.TestImages is { } images
                        ? Math.Max(0, Hoeffding(gap[i] - gap[j], images) - 0.5) : 1;
                    sum += weight;
                    sumOfSquares += weight * weight;
                    errors += weight * (1 - (measure[i].CompareTo(measure[j]) * gap[i].CompareTo(gap[j]))) / 2.0;
                }
            }

            double effective = sum > 0 ? sum * sum / sumOfSquares : 0;
            if (effective < options.LeastPairs - 1e-9 || effective == 0
                || Separation(first, second, gap) < options.LeastSeparation)
            {
                leftOut += first.Count > 0 && second.Count > 0 ? 1 : 0;
                continue;
            }

            environments.Add(new SignErrorEnvironment(couple, errors / sum, effective));
        }

        return new SignErrorRate(environments, leftOut);
    }

    /// <summary>
    /// A lower bound of the probability that two gaps of accuracies differ in the direction that they were measured in: ((1 −
    /// 2·exp(−2n(Δ/2)²))₊)² for n test images, by Hoeffding's inequality for each of the two. As published it takes their errors
    /// as independent, which those on one set of test images are not.
    /// </summary>
    /// <param name="difference">Δ, the difference of the two gaps.</param>
    /// <param name="images">n.</param>
    public static double Hoeffding(double difference, int images)
    {
        double holds = Math.Max(0, 1 - (2 * Math.Exp(-2.0 * images * difference * difference / 4)));
        return holds * holds;
    }

    /// <summary>The mean over the environments of one hyper-parameter; NaN where there is none.</summary>
    /// <param name="factor">The hyper-parameter, from 0.</param>
    public double MeanOf(int factor) => Environments.Where(one => one.Couple.Factor == factor).Select(
        one => one.Error).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Mean and worst.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"mean {Mean:F3}, worst {Worst:F3} of {Environments.Count} pairs of settings");

    private static double Separation(IReadOnlyList<int> first, IReadOnlyList<int> second, IReadOnlyList<double> gap)
    {
        if (first.Count < 2 || second.Count < 2)
        {
            return double.PositiveInfinity;
        }

        (double mean, double error) = Moments(first, gap);
        (double otherMean, double otherError) = Moments(second, gap);
        double standardError = Math.Sqrt(error + otherError), apart = Math.Abs(mean - otherMean);
        return standardError == 0 ? (apart > 0 ? double.PositiveInfinity : 0) : apart / standardError;
    }

    /// <summary>The mean, and the square of its standard error.</summary>
    private static (double Mean, double Error) Moments(IReadOnlyList<int> networks, IReadOnlyList<double> gap)
    {
        double mean = networks.Average(network => gap[network]);
        double squares = networks.Sum(network => (gap[network] - mean) * (gap[network] - mean));
        return (mean, squares / (networks.Count - 1) / networks.Count);
    }
}
