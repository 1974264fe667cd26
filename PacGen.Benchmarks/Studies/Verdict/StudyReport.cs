using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Studies.Verdict;

/// <summary>Writes the report of a study: a Markdown page, an HTML page, the plots, the numbers.</summary>
/// <param name="networks">The study's networks.</param>
/// <param name="options">How it is computed.</param>
internal sealed class StudyReport(StudyNetworks networks, VerdictOptions options)
{
    /// <summary>The Markdown page.</summary>
    public const string MarkdownFile = "study.md";

    /// <summary>The HTML page.</summary>
    public const string HtmlFile = "study.html";

    /// <summary>The numbers.</summary>
    public const string NumbersFile = "study-verdict.csv";

    /// <summary>The files that it writes.</summary>
    public string[] Files =>
        [MarkdownFile, HtmlFile, NumbersFile, .. StudyFindings.Standing(networks).Select(StudyPage.PictureOf)];

    /// <summary>Computes it and writes it.</summary>
    /// <param name="results">Where to.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="command">The command line, for the page's head.</param>
    /// <param name="stop">Stops the work, and nothing is written.</param>
    /// <returns>What the study says.</returns>
    public StudyFindings Write(Results results, Terminal terminal, string command, CancellationToken stop)
    {
        StudyFindings findings = new WorkReport(terminal).Show(
            "comparing", StudyFindings.Parts(networks), after => StudyFindings.Of(networks, options, after, stop));
        Dictionary<SliceFindings, IReadOnlyList<string>> plots = findings.Slices.ToDictionary(slice => slice, StudyPlots.Of);
        StudyPage page = new(findings, command);
        results.Write(NumbersFile, VerdictCsv.Of(findings));
        foreach ((SliceFindings slice, IReadOnlyList<string> drawn) in plots)
        {
            results.Write(StudyPage.PictureOf(slice.Slice), ScatterSvg.Sheet(drawn, 2, StudyPlots.Key(slice.Slice)));
        }

        results.Write(MarkdownFile, MarkdownPage.Of(page.Blocks(plots, NumbersFile, HtmlFile)));
        results.Write(HtmlFile, HtmlPage.Of(StudyPage.Title, page.Blocks(plots, NumbersFile, MarkdownFile)));
        return findings;
    }
}
