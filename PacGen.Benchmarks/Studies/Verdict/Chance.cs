using PacGen.Core.Randomness;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>
/// What random numbers have in place of a measure, one for each setting, the same for all its seeds: what a measure must exceed.
/// </summary>
/// <param name="Tau">|τ| is smaller 95 times of 100.</param>
/// <param name="BestTau">The largest τ among as many random measures as there are measures is smaller 95 times of 100.</param>
/// <param name="Granulated">The granulated |τ| is smaller 95 times of 100.</param>
/// <param name="SignError">The mean sign error is larger 95 times of 100.</param>
/// <param name="Information">The conditional mutual information is smaller 95 times of 100.</param>
internal sealed record Chance(double Tau, double BestTau, double Granulated, double SignError, double Information)
{
    private const uint Stream = 0xC4A2CE;
    private const double Often = 0.95;

    /// <summary>What chance gives in a slice.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="gaps">Their gaps.</param>
    /// <param name="measures">How many measures there are.</param>
    /// <param name="noise">Which pairs of settings count.</param>
    /// <param name="options">Seed and number of random measures.</param>
    public static Chance Of(
        ExperimentDesign design, double[] gaps, int measures, SignErrorOptions noise, VerdictOptions options)
    {
        int few = options.FewRandomMeasures;
        double[] taus = new double[options.RandomMeasures];
        double[] granulated = new double[few], errors = new double[few], information = new double[few];
        Parallel.For(0, options.RandomMeasures, number =>
        {
            RandomStream random = new(options.Seed, Stream, (uint)number);
            double[] bySetting = [.. design.Members.Select(_ => random.NextUniform())];
            double[] values = [.. Enumerable.Range(0, design.Count).Select(network => bySetting[design.SettingOf(network)])];
            taus[number] = KendallTau.Of(values, gaps);
            if (number < few)
            {
                granulated[number] = Math.Abs(GranulatedTau.Mean(GranulatedTau.ByFactor(design, values, gaps)));
                errors[number] = SignErrorRate.Of(design, values, gaps, noise).Mean;
                information[number] = ConditionalInformation.Of(design, values, gaps).Value;
            }
        });
        return new Chance(
            Quantile(taus.Select(Math.Abs), Often), Quantile(taus, Math.Pow(Often, 1.0 / Math.Max(1, measures))),
            Quantile(granulated, Often), Quantile(errors, 1 - Often), Quantile(information, Often));
    }

    private static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Where(value => !double.IsNaN(value)).Order()];
        return sorted.Length == 0 ? double.NaN : Bootstrap.Quantile(sorted, share);
    }
}
