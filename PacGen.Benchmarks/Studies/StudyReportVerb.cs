using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Studies.Verdict;
using PacGen.Core.Statistics;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary><c>study report</c>: what studies say of measures of generalization.</summary>
internal sealed class StudyReportVerb : Verb
{
    private const string What = $"""
        Says which measure follows the generalization gap in one study or several, also while they run: Kendall's τ with its
        interval, granulated by hyper-parameter, sign errors, conditional mutual information, at equal epoch and at equal training
        loss; the paper's claims; whether combinations of measures do better. {StudyReport.MarkdownFile}, {StudyReport.HtmlFile} with
        its plots inside, {StudyReport.NumbersFile}, and the plots as SVG.
        """;

    private readonly Option<string[]> folders = new("--folder")
    {
        Description = "The study's folder; several with blanks between them, which are compared each by itself",
        HelpName = "folder",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> output = Options.Path(
        "--output", "The folder for the report; without it the first study's folder", "folder");

    private readonly Option<int> replicates =
        Options.Count("--replicates", "Replicates of each bootstrap", (10, 100_000), Bootstrap.UsualReplicates);
    private readonly Option<int> splits = Options.Count(
        "--splits", "Halvings of the settings on which combinations are chosen and tried", (2, 10_000), 40);

    private readonly Option<int> testImages = Options.Count(
        "--test-images", "The test images behind a gap of accuracies, where an older study does not say it", (1, int.MaxValue),
        10_000);

    private readonly Option<ulong> seed = Options.Seed("the bootstrap's draws, random numbers and halvings");

    public StudyReportVerb(Host host)
        : base(host, new Command("report", Prose.Line(What))) =>
        Add(folders, output, replicates, splits, testImages, seed);

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        string[] given = parsed.GetValue(folders)!;
        IReadOnlyDictionary<string, string> names = Names(given);
        (List<StudyRow> rows, int failed) = Rows(given, names);
        StudyNetworks networks = new(rows) { Failed = failed };
        StudyReport report = new(networks, new VerdictOptions
        {
            Seed = parsed.GetValue(seed),
            Replicates = parsed.GetValue(replicates),
            Splits = parsed.GetValue(splits),
            TestImages = parsed.GetValue(testImages),
        });
        Results results = new(parsed.GetValue(output) ?? given[0], "png", default, report.Files)
        {
            Written = path => terminal.Line($"→ {path}"),
        };
        StudyFindings findings = report.Write(results, terminal, CommandOf(parsed, names), Host.Stop.Token);
        foreach (string sentence in new VerdictSentences(findings).InShort)
        {
            terminal.Line(sentence.Replace("**", "", StringComparison.Ordinal).Replace("`", "", StringComparison.Ordinal));
        }

        return 0;
    }

    /// <summary>The command line for the report, with the studies' names alone of their paths.</summary>
    private string CommandOf(ParseResult parsed, IReadOnlyDictionary<string, string> names) =>
        Line(parsed, word => names.GetValueOrDefault(word, word));

    /// <summary>What each study is called: its folder's name; its path where another has the same name.</summary>
    /// <exception cref="UsageException">A folder is given twice.</exception>
    private static Dictionary<string, string> Names(string[] folders)
    {
        (string Folder, string Path, string Name)[] all =
        [
            .. folders.Select(folder => (folder, Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
                .Select(one => (one.folder, one.Item2, Path.GetFileName(one.Item2))),
        ];
        if (all.GroupBy(one => one.Path).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new UsageException(
                $"--folder has {Printable.Name(twice.First().Folder)} twice: its networks would count twice.");
        }

        ILookup<string, string> byName = all.ToLookup(one => one.Name, one => one.Path);
        return all.ToDictionary(
            one => one.Folder, one => byName[one.Name].Count() == 1 ? one.Name : Path.TrimEndingDirectorySeparator(one.Folder));
    }

    /// <summary>
    /// The networks of all studies, and how many runs failed; runs are counted on, and each knows its study where there are
    /// several.
    /// </summary>
    private static (List<StudyRow> Rows, int Failed) Rows(string[] folders, IReadOnlyDictionary<string, string> names)
    {
        StudyDefaults defaults = new();
        List<StudyRow> rows = [];
        int before = 0, failed = 0;
        foreach (string folder in folders)
        {
            using StudyStore store = StudyStore.Read(folder);
            StudyTable table = StudyTable.Of(store);
            IReadOnlyList<IReadOnlyDictionary<string, string>> whole =
                defaults.Complete([.. table.Moments.Select(row => row.Settings)]);
            rows.AddRange(table.Moments.Select((row, i) => row with
            {
                Run = row.Run + before,
                Settings = folders.Length == 1 ? whole[i]
                    : new Dictionary<string, string>(whole[i]) { [StudySlice.StudySetting] = names[folder] },
            }));
            failed += table.Runs.Count(run => run.Failure is not null);
            before += table.Runs.Count == 0 ? 0 : table.Runs.Max(run => run.Run);
        }

        return rows.Count > 0 || failed == 0 ? (rows, failed) : throw new DataException(Prose.Line($"""
            No network came to a moment that is measured: {Prose.Count(failed, "run")} of {before} failed. pacgen study show
            --folder {ShellWord.OrPath(folders[0])} says why.
            """));
    }
}
