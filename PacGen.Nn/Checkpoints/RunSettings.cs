namespace PacGen.Nn;

/// <summary>Compares what decides the bits of two runs, each setting by its name and in words.</summary>
internal static class RunSettings
{
    /// <summary>The setting of how samples are normalised, of which files of before say nothing.</summary>
    public const string Normalization = "normalization";

    /// <summary>In what the settings of a run that is gone on with differ from those of now; empty where they don't.</summary>
    /// <param name="there">Those of the file.</param>
    /// <param name="here">Those of now.</param>
    public static string Differences(IReadOnlyDictionary<string, string> there, IReadOnlyDictionary<string, string> here) =>
        string.Join(", ", from name in here.Keys.Union(there.Keys)
                          let before = there.GetValueOrDefault(name, "none")
                          let now = here.GetValueOrDefault(name, "none")
                          where before != now && (name != Normalization || there.ContainsKey(name))
                          select $"{name} ({Short(before)} there, {Short(now)} here)");

    // A normalisation has two numbers for each column. A damaged file may have null for a value.
    private static string? Short(string? value)
    {
        const int Most = 120;
        return value is null || value.Length <= Most ? value : $"{value[..Most]}…";
    }
}
