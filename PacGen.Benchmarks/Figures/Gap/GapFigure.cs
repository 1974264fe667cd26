using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Studies;
using PacGen.Nn;

namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>
/// Figures 3 to 6: the generalization gap and Ψ by epoch for networks that differ in one setting, and Ψ against the gap. The
/// networks are a study of their own, whose description is the figure's JSON file.
/// </summary>
internal sealed class GapFigure : Figure
{
    private const string What = """
        The gap and Ψ by epoch, and Ψ against the gap with Kendall's τ (section 7). The networks are a study; interrupted, the same
        command goes on.
        """;

    private readonly int number;
    private readonly string varied;
    private readonly StudyOptions how = new();
    private readonly Option<string?> file;
    private readonly Option<string?> folder;
    private readonly Option<ulong[]> seeds = Options.Seeds("A network of each setting for each", 3);
    private readonly Option<string> measure = Options.Choice(
        "--measure", "The measure that is drawn in the place of Ψ", Measures.All[0].Name,
        [.. Measures.All.Select(one => one.Name)]);

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="number">The figure's number.</param>
    /// <param name="data">What it trains on, for the help.</param>
    /// <param name="varied">The setting in which its networks differ.</param>
    public GapFigure(Host host, int number, string data, string varied)
        : base(
            host, number, $"{data}, {Words(varied)}s: {Prose.Line(What)}", Name(number, "png"), Name(number, "csv"),
            Epochs(number), Name(number, "md"))
    {
        (this.number, this.varied) = (number, varied);
        folder = StudyOptions.Folder(
            $"The folder of the study; without it {StudyName} in the folder of the results. Figures may share one");
        file = Options.Path(
            "--study",
            Prose.Line($"""
                A JSON file that describes the networks in place of the figure's own, which has the paper's settings; they differ
                in {varied}
                """));
        Add(folder, file, seeds, measure, how);
    }

    private string StudyName => $"figure-{number}-study";

    protected override int Draw(ParseResult parsed, Terminal terminal, Results results)
    {
        StudyDescription description = parsed.GetValue(file) is { } path
            ? StudyDescription.Read(path)
            : StudyDescription.Parse(Own(number), $"Figure {number}");
        string drawn = parsed.GetValue(measure)!;
        description = description with
        {
            Seeds = parsed.IsGiven(seeds) ? parsed.GetValue(seeds)! : description.Seeds,
            Measures = [.. description.Measures.Union([drawn])],
            MeasuresByEpoch = [.. description.MeasuresByEpoch.Union([drawn])],
        };
        using StudyStore store = StudyStore.Open(parsed.GetValue(folder) ?? results.PathOf(StudyName));
        if (how.Do(parsed, Host, terminal, description, store) is not { } runs)
        {
            return Stopped($"stopped; the same command goes on from {store.Folder}.");
        }

        StudyTable table = StudyTable.Of(store).Only([.. runs.Select(run => run.Number)]);
        GapFindings findings = new(table, varied, drawn, runs[0].Images!.Train.Classes);
        results.Write(Name(number, "png"), GapPicture.Draw(
            $"Figure {number}: {findings.Title(runs[0])}", findings));
        results.Write(Name(number, "csv"), table.Rows());
        results.Write(Epochs(number), table.Epochs(times: false));
        results.Write(Name(number, "md"), GapPage.Markdown(
            number, findings, runs[0], Line(parsed), (results.NameOf(Name(number, "png")), Name(number, "csv"), Epochs(number))));
        foreach (string line in findings.Sentences)
        {
            terminal.Line(line);
        }

        return 0;
    }

    /// <summary>A setting's name as words.</summary>
    public static string Words(string setting) => setting.Replace('-', ' ');

    private static string Name(int number, string extension) => $"figure-{number}.{extension}";

    private static string Epochs(int number) => $"figure-{number}-epochs.csv";

    /// <summary>The figure's own description, as it is published.</summary>
    private static string Own(int number)
    {
        using Stream stream = typeof(GapFigure).Assembly.GetManifestResourceStream($"figure-{number}.json")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
