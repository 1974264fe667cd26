using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// What settings are where a run leaves them out: a run with a default and one with the same value written out are one run, and
/// networks of both are of one setting.
/// </summary>
internal sealed class StudyDefaults
{
    private readonly StudySettings settings = new();
    private readonly Dictionary<string, string?> identities = new(StringComparer.Ordinal);

    /// <summary>A text that two runs' settings share if they train the same network, seeds apart.</summary>
    /// <param name="of">A run's settings.</param>
    public string Identity(IReadOnlyDictionary<string, string> of) => Known(of) ?? StudyDescription.Text(of);

    /// <summary>
    /// Settings of several runs, each with the values of those that others name and it leaves out. Where a value can't be said
    /// of all, such as γ where there is no noise, those that have it get it; what the same runs then name is left as it is:
    /// a noise and its γ are one hyper-parameter, and plain runs have neither.
    /// </summary>
    /// <param name="runs">The settings of each run.</param>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Complete(IReadOnlyList<IReadOnlyDictionary<string, string>> runs)
    {
        Dictionary<string, Dictionary<string, string>> whole = new(StringComparer.Ordinal);
        foreach (IReadOnlyDictionary<string, string> run in runs)
        {
            whole.TryAdd(StudyDescription.Text(run), new Dictionary<string, string>(run));
        }

        Dictionary<string, string>[] distinct = [.. whole.Values];
        Fill(distinct, (had, all) => had < all);
        Fill(distinct, (had, all) => had == all);
        return [.. runs.Select(run => whole[StudyDescription.Text(run)])];
    }

    /// <summary>Gives runs the settings that some of them name, all those together that the same runs name.</summary>
    /// <param name="runs">Settings, which are added to.</param>
    /// <param name="wanted">Whether it is done, by how many of those that lack them can have them, and how many lack
    /// them.</param>
    private void Fill(Dictionary<string, string>[] runs, Func<int, int, bool> wanted)
    {
        foreach (string[] names in runs.SelectMany(run => run.Keys).Distinct()
            .GroupBy(name => string.Concat(runs.Select(run => run.ContainsKey(name) ? '1' : '0')))
            .Where(together => together.Key.Contains('0')).Select(together => together.ToArray()).ToArray())
        {
            Dictionary<string, string>[] lacking = [.. runs.Where(run => !run.ContainsKey(names[0]))];
            Dictionary<string, string>?[] completed = Array.ConvertAll(lacking, run => With(run, names, runs));
            if (wanted(completed.Count(one => one is not null), lacking.Length))
            {
                foreach ((Dictionary<string, string> run, Dictionary<string, string>? more) in lacking.Zip(completed))
                {
                    names.Where(_ => more is not null).ToList().ForEach(name => run[name] = more![name]);
                }
            }
        }
    }

    /// <summary>Settings with others that change nothing; null where there are none such.</summary>
    private Dictionary<string, string>? With(
        Dictionary<string, string> run, string[] names, Dictionary<string, string>[] others)
    {
        if (Known(run) is not { } identity)
        {
            return null;
        }

        Dictionary<string, string> more = new(run);
        foreach (string name in names)
        {
            IEnumerable<string> values = settings.Usual(name)
                .Concat(others.Select(other => other.GetValueOrDefault(name)).OfType<string>()).Distinct();
            if (values.FirstOrDefault(value => Known(new Dictionary<string, string>(more) { [name] = value }) == identity)
                is not { } value)
            {
                return null;
            }

            more[name] = value;
        }

        return more;
    }

    /// <summary>Null for settings that this version refuses, such as those of another.</summary>
    private string? Known(IReadOnlyDictionary<string, string> of)
    {
        string text = StudyDescription.Text(of);
        if (!identities.TryGetValue(text, out string? identity))
        {
            try
            {
                identity = settings.Identity(of);
            }
            catch (Exception error) when (
                error is UsageException or DataException or CheckpointException or IOException or UnauthorizedAccessException)
            {
                identity = null;
            }

            identities.Add(text, identity);
        }

        return identity;
    }
}
