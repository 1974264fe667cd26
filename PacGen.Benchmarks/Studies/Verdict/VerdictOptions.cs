using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>How a verdict is computed.</summary>
internal sealed record VerdictOptions
{
    /// <summary>Decides the draws of the bootstrap, the random numbers and the splits.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Replicates of each bootstrap.</summary>
    public int Replicates { get; init; } = Bootstrap.UsualReplicates;

    /// <summary>The same for how gaps and Ψ move with a hyper-parameter, at each of many moments.</summary>
    public int TrendReplicates => Math.Min(Replicates, 400);

    /// <summary>Random measures that say what chance gives.</summary>
    public int RandomMeasures { get; init; } = 1000;

    /// <summary>Those for which more than τ is computed: conditional information is a hundred times the work of τ.</summary>
    public int FewRandomMeasures => Math.Max(1, RandomMeasures / 10);

    /// <summary>Splits of the settings into a half to choose on and a half to try on.</summary>
    public int Splits { get; init; } = 40;

    /// <summary>The test images behind a gap of accuracies, where a run has no limit of its own.</summary>
    public int TestImages { get; init; } = 10_000;

    /// <summary>How many standard errors over seeds two settings' mean gaps of losses must lie apart for a sign error.</summary>
    public double Separation { get; init; } = 2;

    /// <summary>Which pairs of settings count for a sign error.</summary>
    /// <param name="kind">The gap.</param>
    /// <param name="design">The networks' settings.</param>
    /// <param name="testImages">The test images.</param>
    public SignErrorOptions Noise(GapKind kind, ExperimentDesign design, int testImages)
    {
        // 12 effective pairs of Dziugaite et al. are out of 100; where there are fewer than 24, half of them.
        int[] pairs = [.. design.Couples.Select(
            couple => design.Members[couple.First].Count * design.Members[couple.Second].Count).Order()];
        double least = pairs.Length == 0 ? 1 : Math.Clamp(pairs[pairs.Length / 2] / 2.0, 1, 12);
        return kind == GapKind.Loss
            ? new SignErrorOptions { LeastSeparation = Separation }
            : new SignErrorOptions { TestImages = testImages, LeastPairs = least };
    }
}
