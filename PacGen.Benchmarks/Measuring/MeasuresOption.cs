using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Measuring;

/// <summary>The option that chooses measures by their names.</summary>
internal static class MeasuresOption
{
    private const string Everything = "all";

    /// <summary>The option.</summary>
    public static Option<Measure[]?> Create() => Options.Make<Measure[]?>(
        "--measures",
        "names",
        Prose.Line("""
            The measures, with commas between them; a name that ends with * stands for all that begin so, such as pacbayes-*;
            --list shows them; without it all
            """),
        Read);

    /// <summary>The measures that some words name, in the order of <see cref="Measures.All"/>.</summary>
    private static (Measure[] Value, string? Wrong) Read(string word)
    {
        HashSet<Measure> chosen = [];
        foreach (string name in word.Split(',', StringSplitOptions.TrimEntries))
        {
            Measure[] meant = [.. Measures.All.Where(measure => name == Everything || (name.EndsWith('*')
                ? measure.Name.StartsWith(name[..^1], StringComparison.OrdinalIgnoreCase)
                : measure.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))];
            if (meant.Length == 0)
            {
                string near = Nearest.To(name, [.. Measures.All.Select(measure => measure.Name)]) is { } one
                    ? $"did you mean {one}? " : "";
                return ([], $"--measures: there is no measure '{name}'; {near}pacgen measure --list shows all.");
            }

            chosen.UnionWith(meant);
        }

        return ([.. Measures.All.Where(chosen.Contains)], null);
    }
}
