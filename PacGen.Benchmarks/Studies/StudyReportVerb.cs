using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Studies.Verdict;
using PacGen.Core.Statistics;
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
        "--test-images", "The test images behind a gap of accuracies, where a run has no test-limit", (1, int.MaxValue), 10_000);

    private readonly Option<ulong> seed = Options.Seed("the bootstrap's draws, random numbers and halvings");

    public StudyReportVerb(Host host)
        : base(host, new Command("report", Prose.Line(What))) =>
        Add(folders, output, replicates, splits, testImages, seed);

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        string[] given = parsed.GetValue(folders)!;
        StudyNetworks networks = new([.. Rows(given)]);
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
        StudyFindings findings = report.Write(results, terminal, CommandOf(parsed, given), Host.Stop.Token);
        foreach (string sentence in new VerdictSentences(findings).InShort)
        {
            terminal.Line(sentence.Replace("**", "", StringComparison.Ordinal).Replace("`", "", StringComparison.Ordinal));
        }

        return 0;
    }

    /// <summary>The command line for the report, with the studies' names alone of their paths.</summary>
    private string CommandOf(ParseResult parsed, string[] given) =>
        Line(parsed, word => given.Contains(word) ? NameOf(word) : word);

    private static string NameOf(string folder) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>The networks of all studies; runs are counted on, and each knows its study where there are several.</summary>
    private static List<StudyRow> Rows(string[] folders)
    {
        List<StudyRow> rows = [];
        int before = 0, failed = 0;
        foreach (string folder in folders)
        {
            using StudyStore store = StudyStore.Read(folder);
            StudyTable table = StudyTable.Of(store);
            rows.AddRange(table.Moments.Select(row => row with
            {
                Run = row.Run + before,
                Settings = folders.Length == 1 ? row.Settings
                    : new Dictionary<string, string>(row.Settings) { [StudySlice.StudySetting] = NameOf(folder) },
            }));
            failed += table.Runs.Count(run => run.Failure is not null);
            before += table.Runs.Count == 0 ? 0 : table.Runs.Max(run => run.Run);
        }

        return rows.Count > 0 || failed == 0 ? rows : throw new DataException(Prose.Line($"""
            No network came to a moment that is measured: {Prose.Count(failed, "run")} of {before} failed. pacgen study show
            --folder {ShellWord.OrPath(folders[0])} says why.
            """));
    }
}
