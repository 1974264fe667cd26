using System.Globalization;

namespace PacGen.Core.Statistics;

/// <summary>
/// The conditional mutual information between a measure and the gap, normalised: what the order of two networks by a measure
/// tells of their order by gap when hyper-parameters of both are known.
/// </summary>
/// <remarks>
/// Over ordered pairs of networks of different settings, V_μ = sgn(Δμ) and V_g = sgn(Δg), and U_S are the values that both
/// networks have of the hyper-parameters in S. The number is the minimum over the sets S of at most two hyper-parameters of
/// I(V_μ; V_g | U_S) / H(V_g | U_S), with probabilities counted over the pairs: 0 where some S explains all that the measure
/// knows, 1 where the measure decides the order whatever is known (Y. Jiang et al., ICLR 2020, section 3.2, and the competition
/// <em>Predicting generalization in deep learning</em>, NeurIPS 2020, which multiplied it by 100 and took the sets of two). Pairs
/// with equal gaps are left out. It says nothing of direction: −μ has the same. Counting makes it too large where pairs are few:
/// compare with what random numbers have.
/// </remarks>
/// <param name="Value">The minimum, in [0, 1]; NaN where it isn't defined.</param>
/// <param name="Given">The numbers of the hyper-parameters at which it is reached.</param>
public sealed record ConditionalInformation(double Value, IReadOnlyList<int> Given)
{
    private const int Signs = 3;

    /// <summary>The conditional mutual information of a measure.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="measure">The measure μ of each network.</param>
    /// <param name="gap">The generalization gap g of each.</param>
    /// <exception cref="ArgumentException">The lists don't fit the design, or hold NaN.</exception>
    public static ConditionalInformation Of(
        ExperimentDesign design, IReadOnlyList<double> measure, IReadOnlyList<double> gap)
    {
        ArgumentNullException.ThrowIfNull(design);
        design.Require(measure, gap);
        int[] varied = [.. Enumerable.Range(0, design.Factors.Count).Where(design.Varies)];
        IEnumerable<int[]> sets = varied.SelectMany((first, i) => varied.Skip(i + 1).Select(second => new[] { first, second }))
            .Concat(varied.Select(factor => new[] { factor })).Append([]);
        ConditionalInformation least = new(double.NaN, []);
        foreach (int[] set in sets)
        {
            double value = Normalised(design, measure, gap, set);
            if (!double.IsNaN(value) && !(least.Value <= value))
            {
                least = new ConditionalInformation(value, set);
            }
        }

        return least;
    }

    /// <summary>I(V_μ; V_g | U_S) / H(V_g | U_S) for one set S; NaN where the gaps' order is known from U_S.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="measure">The measure μ of each network.</param>
    /// <param name="gap">The generalization gap g of each.</param>
    /// <param name="given">The numbers of the hyper-parameters in S: at most two.</param>
    /// <exception cref="ArgumentException">The lists don't fit the design or hold NaN, or S is too large.</exception>
    public static double Normalised(
        ExperimentDesign design, IReadOnlyList<double> measure, IReadOnlyList<double> gap, params IReadOnlyList<int> given)
    {
        ArgumentNullException.ThrowIfNull(design);
        ArgumentNullException.ThrowIfNull(given);
        design.Require(measure, gap);
        if (given.Count > 2)
        {
            throw new ArgumentException($"S has {given.Count} hyper-parameters; it may have two at most.", nameof(given));
        }

        int cells = given.Aggregate(1, (size, factor) => size * design.LevelCount(factor));
        int[] cell = [.. Enumerable.Range(0, design.Count).Select(network => given.Aggregate(
            0, (number, factor) => (number * design.LevelCount(factor)) + design.Level(network, factor)))];
        long[] counts = new long[cells * cells * Signs * 2];
        for (int i = 0; i < design.Count; i++)
        {
            for (int j = 0; j < design.Count; j++)
            {
                int sign = gap[i].CompareTo(gap[j]);
                if (sign != 0 && design.SettingOf(i) != design.SettingOf(j))
                {
                    int place = (cell[i] * cells) + cell[j];
                    counts[(((place * Signs) + 1 + measure[i].CompareTo(measure[j])) * 2) + (sign > 0 ? 1 : 0)]++;
                }
            }
        }

        // Sums of n·log(n) make I and H, each times the number of pairs.
        double information = 0, entropy = 0;
        for (int place = 0; place < cells * cells; place++)
        {
            ReadOnlySpan<long> table = counts.AsSpan(place * Signs * 2, Signs * 2);
            long smaller = table[0] + table[2] + table[4], larger = table[1] + table[3] + table[5], all = smaller + larger;
            double gaps = Term(all) - Term(smaller) - Term(larger);
            entropy += gaps;
            information += gaps;
            for (int sign = 0; sign < Signs; sign++)
            {
                long low = table[2 * sign], high = table[(2 * sign) + 1];
                information -= Term(low + high) - Term(low) - Term(high);
            }
        }

        return entropy > 0 ? Math.Clamp(information / entropy, 0, 1) : double.NaN;
    }

    /// <summary>The value and the hyper-parameters' numbers.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Value:F3} given {(Given.Count == 0 ? "nothing" : string.Join(" and ", Given))}");

    private static double Term(long count) => count == 0 ? 0 : count * Math.Log(count);
}
