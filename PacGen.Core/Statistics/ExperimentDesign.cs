namespace PacGen.Core.Statistics;

/// <summary>
/// The settings of an experiment's networks: hyper-parameters (factors), the values that each takes (levels), and which networks
/// share a setting, differing in their seed alone.
/// </summary>
public sealed class ExperimentDesign
{
    private readonly int[] settingOf;
    private readonly int[][] levels;
    private readonly int[] levelCounts;
    private readonly IReadOnlyList<int>[] members;

    /// <param name="factors">The hyper-parameters' names.</param>
    /// <param name="networks">Each network's values of them, in their order.</param>
    /// <exception cref="ArgumentException">A network has too many values or too few.</exception>
    public ExperimentDesign(IReadOnlyList<string> factors, IReadOnlyList<IReadOnlyList<string>> networks)
    {
        ArgumentNullException.ThrowIfNull(factors);
        ArgumentNullException.ThrowIfNull(networks);
        Factors = factors;
        settingOf = new int[networks.Count];
        Dictionary<string, int> settings = new(StringComparer.Ordinal);
        Dictionary<string, int>[] values = [.. factors.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
        List<int[]> coded = [];
        List<List<int>> networksOf = [];
        for (int i = 0; i < networks.Count; i++)
        {
            if (networks[i].Count != factors.Count)
            {
                throw new ArgumentException(
                    $"Network {i} has {networks[i].Count} values for {factors.Count} hyper-parameters.", nameof(networks));
            }

            int[] code = [.. networks[i].Select((value, f) => Number(values[f], value))];
            settingOf[i] = Number(settings, string.Join(' ', code));
            if (settingOf[i] == coded.Count)
            {
                coded.Add(code);
                networksOf.Add([]);
            }

            networksOf[settingOf[i]].Add(i);
        }

        levels = [.. coded];
        levelCounts = [.. values.Select(level => level.Count)];
        members = [.. networksOf];
        Couples = FindCouples();
    }

    private ExperimentDesign(ExperimentDesign whole, int[] networks)
    {
        Factors = whole.Factors;
        levels = whole.levels;
        levelCounts = whole.levelCounts;
        Couples = whole.Couples;
        settingOf = [.. networks.Select(network => whole.settingOf[network])];
        List<int>[] lists = [.. levels.Select(_ => new List<int>())];
        for (int i = 0; i < networks.Length; i++)
        {
            lists[settingOf[i]].Add(i);
        }

        members = [.. lists];
    }

    /// <summary>The hyper-parameters' names.</summary>
    public IReadOnlyList<string> Factors { get; }

    /// <summary>The number of networks.</summary>
    public int Count => settingOf.Length;

    /// <summary>The networks' numbers, from 0, by setting; a setting may be without any after <see cref="Take"/>.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Members => members;

    /// <summary>All pairs of settings that differ in exactly one hyper-parameter.</summary>
    public IReadOnlyList<SettingCouple> Couples { get; }

    /// <summary>A network's setting, from 0.</summary>
    /// <param name="network">The network, from 0.</param>
    public int SettingOf(int network) => settingOf[network];

    /// <summary>Whether the networks have more than one value of a hyper-parameter.</summary>
    /// <param name="factor">The hyper-parameter, from 0.</param>
    public bool Varies(int factor) => levelCounts[factor] > 1;

    /// <summary>The number of values of a hyper-parameter.</summary>
    /// <param name="factor">The hyper-parameter, from 0.</param>
    public int LevelCount(int factor) => levelCounts[factor];

    /// <summary>The number of a network's value of a hyper-parameter, from 0 in the order in which values are met.</summary>
    /// <param name="network">The network, from 0.</param>
    /// <param name="factor">The hyper-parameter, from 0.</param>
    public int Level(int network, int factor) => levels[settingOf[network]][factor];

    /// <summary>The design of some of the networks, of which one may be taken twice: of a bootstrap's draw.</summary>
    /// <param name="networks">Their numbers.</param>
    public ExperimentDesign Take(int[] networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        return new ExperimentDesign(this, networks);
    }

    /// <summary>Refuses lists that have not one number for each network, or NaN.</summary>
    internal void Require(IReadOnlyList<double> measure, IReadOnlyList<double> gap)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(gap);
        if (measure.Count != Count || gap.Count != Count)
        {
            throw new ArgumentException(
                $"There are {Count} networks, but {measure.Count} values of the measure and {gap.Count} gaps.", nameof(measure));
        }

        if (measure.Concat(gap).Any(double.IsNaN))
        {
            throw new ArgumentException("A measure or a gap is NaN; leave such networks out of the design.", nameof(measure));
        }
    }

    private static int Number(Dictionary<string, int> numbers, string value)
    {
        if (!numbers.TryGetValue(value, out int number))
        {
            number = numbers.Count;
            numbers.Add(value, number);
        }

        return number;
    }

    private List<SettingCouple> FindCouples()
    {
        List<SettingCouple> couples = [];
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        for (int first = 0; first < levels.Length; first++)
        {
            for (int second = first + 1; second < levels.Length; second++)
            {
                int factor = -1, different = 0;
                for (int f = 0; f < Factors.Count && different < 2; f++)
                {
                    if (levels[first][f] != levels[second][f])
                    {
                        (factor, different) = (f, different + 1);
                    }
                }

                if (different == 1)
                {
                    string others = string.Join(' ', levels[first].Select((level, f) => f == factor ? -1 : level));
                    couples.Add(new SettingCouple(first, second, factor, Number(lines, others)));
                }
            }
        }

        return couples;
    }
}
