using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Where a verb that leaves a picture and its numbers puts them, and how the picture is drawn.</summary>
/// <param name="names">The names of the files that it leaves, that of the picture as a PNG file.</param>
internal sealed class ResultOptions(params string[] names) : OptionGroup
{
    private readonly Option<string?> output = Options.Path(
        "--output", $"The folder for {string.Join(", ", names)}; without it the working folder", "folder");

    private readonly Option<string> format = Options.Choice("--format", "The picture's format", "png", PictureFile.Formats);
    private readonly PictureOptions picture = new(1600);

    public override string Title => "Files";

    public override IReadOnlyList<Option> All => [output, picture.Size, format, picture.TextScale];

    /// <summary>Checks that the files can be written.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="written">Called with the path of each file that is written.</param>
    /// <exception cref="IOException">One of them can't be written.</exception>
    public Results Open(ParseResult parsed, Action<string>? written = null) => new(
        parsed.GetValue(output), parsed.GetValue(format)!, picture.Of(parsed), names) { Written = written };
}
