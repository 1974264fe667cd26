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
        "A folder of this run's own for a TensorBoard event file: losses, accuracies, gap, Ψ, learning rate, images a second",
        "folder");

    /// <summary>A picture of the curves.</summary>
    public Option<string?> Plot { get; } = Options.Path(
        "--plot", $"A picture of the curves, drawn at the end: {PictureFile.Help}; one that is there is replaced");

    /// <summary>The weights.</summary>
    public Option<string?> Save { get; } = Options.Path(
        "--save", "A file to write the weights into at the end; weights that are there are replaced. pacgen score reads it");

    public override IReadOnlyList<Option<string?>> All => [Log, TensorBoard, Plot, Save];

    /// <summary>Checks, before the work begins, that the files can be written.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="checkpoints">What else is written.</param>
    /// <exception cref="UsageException">Two options name one file, or a name promises another format.</exception>
    /// <exception cref="IOException">A file can't be written.</exception>
    public void Check(ParseResult parsed, CheckpointSettings checkpoints)
    {
        OutputFile.RequireDistinct(All.Select(option => (option.Name, parsed.GetValue(option))));
        checkpoints.RequireApart(parsed);
        if (parsed.GetValue(Log) is { } log)
        {
            OutputFile.Check(log, Log.Name, "a log of JSON lines", OutputKind.Json, ".jsonl", ".ndjson", ".json", ".log", ".txt");
        }

        if (parsed.GetValue(Plot) is { } plot)
        {
            OutputFile.CheckPicture(plot, Plot.Name);
        }

        if (parsed.GetValue(Save) is { } save)
        {
            OutputFile.Check(save, Save.Name, "a file of weights", OutputKind.Weights, ".safetensors");
        }
    }
}
