using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Studies;

/// <summary><c>study export</c>: a study's numbers as CSV.</summary>
internal sealed class StudyExportVerb : Verb
{
    private const string RowsFile = "study.csv", EpochsFile = "study-epochs.csv", MeasuresFile = "study-measures.csv";

    private const string What = $"""
        Writes a study's numbers as CSV, also while it runs: {RowsFile}, a row for each moment of a run with its measures;
        {EpochsFile}, a row for each epoch; {MeasuresFile}, a row for each measure with its uncertainty, its passes and its layers.
        """;

    private readonly Option<string?> folder = StudyOptions.Folder("The study's folder");
    private readonly Option<string?> output = Options.Path(
        "--output", $"The folder for {RowsFile}, {EpochsFile} and {MeasuresFile}; without it the study's folder", "folder");

    private readonly Option<bool> times = Options.Flag(
        "--times", "Adds the times that epochs and measures took, the only numbers that differ between two studies of one seed");

    public StudyExportVerb(Host host)
        : base(host, new Command("export", Prose.Line(What)))
    {
        folder.Required = true;
        Add(folder, output, times);
    }

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        using StudyStore store = StudyStore.Read(parsed.GetValue(folder)!);
        Results results = new(
            parsed.GetValue(output) ?? store.Folder, "png", default, RowsFile, EpochsFile, MeasuresFile)
        {
            Written = path => terminal.Line($"→ {path}"),
        };
        bool timed = parsed.GetValue(times);
        StudyTable table = StudyTable.Of(store);
        results.Write(RowsFile, table.Rows());
        results.Write(EpochsFile, table.Epochs(timed));
        results.Write(MeasuresFile, table.Measures(store.Measures(layers: true), timed));
        return 0;
    }
}
