using PacGen.Core.Randomness;

namespace PacGen.Core.Statistics;

/// <summary>Percentile intervals by the bootstrap (B. Efron, Annals of Statistics 7, 1979), for grouped data.</summary>
/// <remarks>
/// Each replicate draws indices with replacement, in the way of <see cref="Resampling"/>, and computes the statistic of them; the
/// interval lies between the quantiles (1 − c)/2 and (1 + c)/2 of the replicates that are defined. Draws are a function of the
/// seed (<see cref="RandomStream"/>, a step for each replicate). Groups of few members make it too narrow: of n members the
/// variance that it sees is (n − 1)/n of theirs, and groups of one member add nothing.
/// </remarks>
public static class Bootstrap
{
    /// <summary>The replicates that the project's intervals take.</summary>
    public const int UsualReplicates = 1000;

    private const uint Stream = 0xB0075;

    /// <summary>An interval for a statistic.</summary>
    /// <param name="groups">Indices of the data, by group.</param>
    /// <param name="resampling">What is drawn anew.</param>
    /// <param name="statistic">
    /// The statistic of some of the data, given by their indices, in which an index may be repeated; NaN where it isn't defined.
    /// </param>
    /// <param name="seed">Decides the draws.</param>
    /// <param name="replicates">The number of replicates.</param>
    /// <param name="confidence">The confidence, in (0, 1).</param>
    /// <returns>The interval, or null where nothing can be drawn anew or fewer than half of the replicates are defined.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The replicates or the confidence are out of range.</exception>
    public static ConfidenceInterval? Interval(
        IReadOnlyList<IReadOnlyList<int>> groups,
        Resampling resampling,
        Func<int[], double> statistic,
        ulong seed = 1,
        int replicates = UsualReplicates,
        double confidence = SampleMedian.UsualConfidence)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(replicates);
        if (confidence is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence must be in (0, 1).");
        }

        IReadOnlyList<int>[] filled = [.. groups.Where(group => group.Count > 0)];
        bool canVary = resampling == Resampling.Members ? filled.Any(group => group.Count > 1) : filled.Length > 1;
        if (!canVary)
        {
            return null;
        }

        double[] values = new double[replicates];
        Parallel.For(0, replicates, replicate =>
            values[replicate] = statistic(Draw(filled, resampling, new RandomStream(seed, Stream, (uint)replicate))));
        double[] defined = [.. values.Where(value => !double.IsNaN(value)).Order()];
        return 2 * defined.Length < replicates
            ? null
            : new ConfidenceInterval(
                Quantile(defined, (1 - confidence) / 2), Quantile(defined, (1 + confidence) / 2), confidence);
    }

    /// <summary>A quantile of sorted values, linear between two of them (type 7 of Hyndman and Fan, 1996).</summary>
    /// <param name="sorted">The values from the smallest up: at least one.</param>
    /// <param name="share">Which quantile, in [0, 1].</param>
    public static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        double place = share * (sorted.Count - 1);
        int below = Math.Min((int)place, sorted.Count - 1), above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] == sorted[above] ? sorted[below]
            : sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }

    private static int[] Draw(IReadOnlyList<int>[] groups, Resampling resampling, RandomStream random)
    {
        List<int> drawn = [];
        foreach (IReadOnlyList<int> group in groups)
        {
            if (resampling == Resampling.Groups)
            {
                drawn.AddRange(groups[random.NextBelow(groups.Length)]);
                continue;
            }

            for (int i = 0; i < group.Count; i++)
            {
                drawn.Add(group[random.NextBelow(group.Count)]);
            }
        }

        return [.. drawn];
    }
}
