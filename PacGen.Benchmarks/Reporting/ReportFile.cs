using System.CommandLine;
using System.Net;
using System.Reflection;
using System.Text;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;
using SkiaSharp;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// The option <c>--report</c>: what a verb found as one HTML file that asks for nothing else, with the settings, the machine and
/// the command that made it.
/// </summary>
internal sealed class ReportFile : OptionGroup
{
    private const string Name = "--report";
    private const int Width = 520;

    private readonly Option<string?> file = Options.Path(
        Name,
        Prose.Line("""
        An HTML file to write the results into: plots, tables, settings, machine and the command; one file that asks for nothing
        else
        """));

    public override string Title => "Files";

    public override IReadOnlyList<Option> All => [file];

    /// <summary>The option that names the file.</summary>
    public Option<string?> File => file;

    /// <summary>Whether a report is asked for.</summary>
    public bool IsWanted(ParseResult parsed) => parsed.GetValue(file) is not null;

    /// <summary>Checks, before the work begins, that the file can be written.</summary>
    /// <exception cref="UsageException">Its extension promises another format.</exception>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Check(ParseResult parsed)
    {
        if (parsed.GetValue(file) is { } path)
        {
            OutputFile.Check(path, Name, "a report", OutputKind.Any, ".html", ".htm");
        }
    }

    /// <summary>Writes the report where one is asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="title">What was done to what.</param>
    /// <param name="device">Where it was done.</param>
    /// <param name="found">What was found.</param>
    /// <returns>A sentence on where it is; null where none is asked for.</returns>
    /// <exception cref="IOException">It can't be written.</exception>
    public string? Write(ParseResult parsed, string title, string device, Func<IReadOnlyList<PageBlock>> found)
    {
        if (parsed.GetValue(file) is not { } path)
        {
            return null;
        }

        PageBlock[] blocks =
        [
            new PageBlock.Heading(1, title) { IsPlain = true },
            .. found(),
            new PageBlock.Heading(2, "Command"),
            new PageBlock.Code(Line(parsed)),
            new PageBlock.Heading(2, "Machine"),
            Grid(["what", "value"], Environment(device)),
            new PageBlock.Heading(2, "Settings"),
            Grid(["option", "given"], Settings(parsed, given: true)),
            new PageBlock.Fold(
                "Options that were not given", [Grid(["option", "without it (– is none)"], Settings(parsed, given: false))]),
        ];
        byte[] page = Encoding.UTF8.GetBytes(HtmlPage.Of(title, blocks));
        OutputFile.Write(path, Name, stream => stream.Write(page));
        return $"report → {path}";
    }

    /// <summary>Panels as pictures of a page, each of its own; they are disposed of.</summary>
    /// <param name="alternative">What they show, for who can't see them.</param>
    /// <param name="panels">The panels, each with its height in units of which its width has 520.</param>
    public static PageBlock Pictures(string alternative, params IReadOnlyList<(Panel Panel, int Height)> panels) =>
        new PageBlock.Pictures(
            "", alternative, [.. panels.Select((one, number) => Picture(one.Panel, one.Height, alternative, number + 1))], []);

    /// <summary>The same with panels of the usual height.</summary>
    public static PageBlock Pictures(string alternative, IReadOnlyList<Panel> panels) =>
        Pictures(alternative, [.. panels.Select(panel => (panel, 360))]);

    private static string Picture(Panel panel, int height, string alternative, int number)
    {
        using Page page = new("", Width, height);
        page.Add(panel, new SKRect(0, 0, Width, height));
        string prefix = string.Concat(alternative.Where(char.IsAsciiLetter));
        return SvgText.Inline(
            page.Encode(".svg"), $"{prefix}{number}", $"{WebUtility.HtmlEncode(alternative)}, {number}");
    }

    private static string Line(ParseResult parsed) => string.Join(
        ' ',
        parsed.CommandResult.Command.Options.Where(parsed.IsGiven)
            .SelectMany(option => parsed.Words(option).Select(word => ShellWord.Of(word) ?? "…").Prepend(option.Name))
            .Prepend(Verb.Spelled(parsed.CommandResult.Command)));

    private static string Version => Assembly.GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private static IEnumerable<string[]> Environment(string device) =>
    [
        ["PacGen", Version],
        ["device", device],
        ["processor", $"{Machine.Processor}, {Machine.Cores}"],
        ["system", System.Runtime.InteropServices.RuntimeInformation.OSDescription],
        ["runtime", System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription],
        ["date", $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC"],
    ];

    private static IEnumerable<string[]> Settings(ParseResult parsed, bool given) => parsed.CommandResult.Command.Options
        .Where(option => !option.Hidden && option is not System.CommandLine.Help.HelpOption and not VersionOption)
        .Where(option => parsed.IsGiven(option) == given)
        .Select(option => (string[])[option.Name, given ? Given(parsed, option) : Fallback(option)]);

    private static string Given(ParseResult parsed, Option option) =>
        parsed.Words(option).ToArray() is { Length: > 0 } words ? string.Join(' ', words) : "yes";

    private static string Fallback(Option option) => Fallback(option.HasDefaultValue ? option.GetDefaultValue() : null);

    private static string Fallback(object? value) => value switch
    {
        null => "–",
        bool wanted => wanted ? "yes" : "no",
        System.Collections.IEnumerable list and not string =>
            list.Cast<object>().ToArray() is { Length: > 0 } all ? string.Join(", ", all) : "–",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "–",
    };

    private static PageBlock.Grid Grid(IReadOnlyList<string> headings, IEnumerable<string[]> rows) =>
        new(headings, [.. rows.Select(row => row.Select(PageCell.Plain).ToArray())]);
}
