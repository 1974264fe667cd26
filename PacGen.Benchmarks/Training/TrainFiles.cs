using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Training;

/// <summary>The options that name what a run of <c>train</c> leaves beside its checkpoints.</summary>
internal sealed class TrainFiles : OptionGroup
{
    /// <summary>A log of JSON lines.</summary>
    public Option<string?> Log { get; } = Options.Path(
        "--log",
        Prose.Line("""
            A file to append JSON lines to: the settings, then each epoch as it ends. Runs can share one: each line begins with
            its run's id
            """));

    /// <summary>A folder of events.</summary>
    public Option<string?> TensorBoard { get; } = Options.Path(
        "--tensorboard",
        "A folder of this run's own for a TensorBoard event file: losses, accuracies, gap, Ψ, learning rate, samples a second",
        "folder");

    /// <summary>A picture of the curves.</summary>
    public Option<string?> Plot { get; } = Options.Path(
        "--plot", $"A picture of the curves, drawn at the end: {PictureFile.Help}; one that is there is replaced");

    /// <summary>How large that picture is.</summary>
    public PictureOptions Picture { get; } = new();

    /// <summary>How many of its panels stand in a row.</summary>
    public Option<int> Columns { get; } = Options.Count(
        "--columns", "How many panels of --plot stand in a row: one for a column of a paper", (1, 4), 2);

    /// <summary>The numbers of the epochs.</summary>
    public Option<string?> Csv { get; } = Options.Path(
        CsvText.Option, "A file to write the numbers of all epochs into at the end, as comma-separated values");

    /// <summary>A page of what was found.</summary>
    public ReportFile Report { get; } = new();

    /// <summary>The weights.</summary>
    public Option<string?> Save { get; } = Options.Path(
        "--save", Prose.Line("""
        A file to write the weights into at the end; weights that are there are replaced. pacgen score reads it. With --seeds one
        for each seed, -seed-1, -seed-2, … before the extension
        """));

    /// <summary>The options that name a file or folder.</summary>
    public IReadOnlyList<Option<string?>> Paths => [Log, TensorBoard, Plot, Csv, Report.File, Save];

    public override string Title => "Files";

    public override IReadOnlyList<Option> All => [Log, TensorBoard, Plot, .. Picture.All, Columns, Csv, Report.File, Save];

    /// <summary>Checks, before the work begins, that the files can be written.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="checkpoints">What else is written.</param>
    /// <param name="seeds">The seeds, where there is a run for each; else none.</param>
    /// <exception cref="UsageException">Two options name one file, or a name promises another format.</exception>
    /// <exception cref="IOException">A file can't be written.</exception>
    public void Check(ParseResult parsed, CheckpointSettings checkpoints, ulong[] seeds)
    {
        parsed.Needs(parsed.GetValue(Plot) is not null, "--plot", [.. Picture.All, Columns]);
        OutputFile.RequireDistinct(Paths.Select(option => (option.Name, parsed.GetValue(option))));
        checkpoints.RequireApart(parsed);
        if (parsed.GetValue(Log) is { } log)
        {
            OutputFile.Check(log, Log.Name, "a log of JSON lines", OutputKind.Json, ".jsonl", ".ndjson", ".json", ".log", ".txt");
        }

        if (parsed.GetValue(Plot) is { } plot)
        {
            OutputFile.CheckPicture(plot, Plot.Name);
        }

        CsvText.Check(parsed.GetValue(Csv), "seed,epoch,");
        Report.Check(parsed);
        string[] weights = parsed.GetValue(Save) is not { } one ? []
            : seeds.Length == 0 ? [one] : [.. seeds.Select(seed => Of(one, seed))];
        foreach (string save in weights)
        {
            OutputFile.Check(save, Save.Name, "a file of weights", OutputKind.Weights, ".safetensors");
        }
    }

    /// <summary>The name that a file of one of several seeds has.</summary>
    public static string Of(string path, ulong seed) => Path.Combine(
        Path.GetDirectoryName(path) ?? "",
        $"{Path.GetFileNameWithoutExtension(path)}-seed-{seed}{Path.GetExtension(path)}");
}
