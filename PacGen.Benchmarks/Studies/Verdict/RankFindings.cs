using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>How a measure orders the networks of a slice beside one of the gaps.</summary>
/// <param name="Tau">Kendall's τ-b over all networks; positive where it does what is said of it.</param>
/// <param name="OverSeeds">What other seeds of the same settings might have given.</param>
/// <param name="OverSettings">What other settings might have given.</param>
/// <param name="ByFactor">The granulated τ of each hyper-parameter.</param>
/// <param name="SignErrors">The sign errors between settings that differ in one hyper-parameter.</param>
/// <param name="Information">The conditional mutual information.</param>
internal sealed record RankFindings(
    double Tau,
    ConfidenceInterval? OverSeeds,
    ConfidenceInterval? OverSettings,
    IReadOnlyList<double> ByFactor,
    SignErrorRate SignErrors,
    ConditionalInformation Information)
{
    /// <summary>The mean of the granulated τ.</summary>
    public double Granulated => GranulatedTau.Mean(ByFactor);

    /// <summary>Puts values beside gaps.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="values">The measure, turned so that smaller is better.</param>
    /// <param name="gaps">The gaps.</param>
    /// <param name="noise">Which pairs of settings count.</param>
    /// <param name="options">Replicates and seed.</param>
    public static RankFindings Of(
        ExperimentDesign design, double[] values, double[] gaps, SignErrorOptions noise, VerdictOptions options)
    {
        return new RankFindings(
            KendallTau.Of(values, gaps), Interval(Resampling.Members), Interval(Resampling.Groups),
            GranulatedTau.ByFactor(design, values, gaps), SignErrorRate.Of(design, values, gaps, noise),
            ConditionalInformation.Of(design, values, gaps));

        ConfidenceInterval? Interval(Resampling resampling) => Bootstrap.Interval(
            design.Members, resampling,
            drawn => KendallTau.Of([.. drawn.Select(i => values[i])], [.. drawn.Select(i => gaps[i])]),
            options.Seed, options.Replicates);
    }
}
