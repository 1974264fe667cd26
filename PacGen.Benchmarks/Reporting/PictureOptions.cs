using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;

namespace PacGen.Benchmarks.Reporting;

/// <summary>How large a picture is drawn, and how large what is written in it.</summary>
/// <param name="usual">The width in pixels without the option; null where the picture itself says.</param>
internal sealed class PictureOptions(int? usual = null) : OptionGroup
{
    private const int Least = 200, Most = 8000;

    /// <summary>The width.</summary>
    public Option<int?> Size { get; } = Options.Make<int?>(
        "--size", "count", $"The picture's width in pixels, of a PDF in points; {Least} to {Most}",
        word => int.TryParse(word, out int value) && value is >= Least and <= Most ? (value, null)
            : (null, $"--size is '{word}', but must be a whole number, at least {Least} and at most {Most}."),
        usual is null ? null : () => usual);

    /// <summary>How much larger than usual text is.</summary>
    public Option<double> TextScale { get; } = Options.Number(
        "--text-scale", "How much larger than usual the picture's text, marks and lines are", new(0.5, 3, false, false), 1);

    public override string Title => "Files";

    public override IReadOnlyList<Option> All => [Size, TextScale];

    /// <summary>The size that a command line asks for.</summary>
    public PageSize Of(ParseResult parsed) => new(parsed.GetValue(Size), (float)parsed.GetValue(TextScale));
}
