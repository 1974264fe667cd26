namespace PacGen.Benchmarks.Studies;

/// <summary>Runs that a study has, found by their settings however these are written.</summary>
/// <param name="runs">The runs.</param>
internal sealed class StoredRuns(IReadOnlyList<StoredRun> runs)
{
    private readonly StudyDefaults defaults = new();
    private readonly Dictionary<(string, ulong), StoredRun> byText =
        runs.ToDictionary(run => (StudyDescription.Text(run.Settings), run.Seed));

    private Dictionary<(string, ulong), StoredRun>? byIdentity;

    /// <summary>
    /// The run with these settings; else the first that differs in nothing but which defaults are written out; null for none.
    /// </summary>
    /// <param name="settings">Settings.</param>
    /// <param name="seed">The seed.</param>
    public StoredRun? Find(IReadOnlyDictionary<string, string> settings, ulong seed)
    {
        if (runs.Count == 0)
        {
            return null;
        }

        if (byText.TryGetValue((StudyDescription.Text(settings), seed), out StoredRun? written))
        {
            return written;
        }

        byIdentity ??= runs.DistinctBy(Identity).ToDictionary(Identity);
        return byIdentity.GetValueOrDefault((defaults.Identity(settings), seed));
    }

    private (string, ulong) Identity(StoredRun run) => (defaults.Identity(run.Settings), run.Seed);
}
