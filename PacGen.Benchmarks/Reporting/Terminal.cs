using System.Text;
using PacGen.Core.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// Where a person reads: standard output, or standard error where standard output carries JSON. Bars and colours on a terminal,
/// plain lines elsewhere.
/// </summary>
internal sealed class Terminal
{
    private const int PlainWidth = 140;
    private readonly TextWriter writer;
    private readonly Lock gate = new();

    private readonly List<PageBlock>? recorded;

    /// <summary>A terminal that nobody sees.</summary>
    /// <param name="recorded">What is written there.</param>
    private Terminal(List<PageBlock> recorded)
    {
        this.recorded = recorded;
        writer = TextWriter.Null;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
    }

    /// <param name="host">The program's streams.</param>
    /// <param name="json">Whether standard output carries JSON.</param>
    public Terminal(Host host, bool json = false)
    {
        writer = json ? host.Error : host.Output;
        IsInteractive = json ? host.ErrorIsTerminal : host.OutputIsTerminal;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = IsInteractive ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!IsInteractive)
        {
            Console.Profile.Width = PlainWidth;
        }
    }

    /// <summary>Spectre's view of the same stream.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Whether a person watches: progress bars make sense.</summary>
    public bool IsInteractive { get; }

    /// <summary>A table whose first column is flush left and whose others are flush right.</summary>
    public static Table Table(params IEnumerable<string> headings)
    {
        Table table = new() { Border = TableBorder.Rounded };
        foreach (string heading in headings)
        {
            TableColumn column = new(Markup.Escape(heading));
            table.AddColumn(table.Columns.Count == 0 ? column : column.RightAligned());
        }

        return table;
    }

    /// <summary>What something shows on a terminal, as parts of a page: its tables, and its lines as paragraphs.</summary>
    public static IReadOnlyList<PageBlock> Record(Action<Terminal> show)
    {
        List<PageBlock> blocks = [];
        show(new Terminal(blocks));
        return blocks;
    }

    /// <summary>
    /// Writes a line as it is, whatever brackets are in it; what would act on a terminal is spelled out. Any thread may.
    /// </summary>
    public void Line(string text = "")
    {
        text = string.Join('\n', text.Split('\n').Select(line => Printable.Of(line, Printable.LongestMessage)));
        lock (gate)
        {
            if (recorded is not null)
            {
                recorded.Add(new PageBlock.Plain(text.Trim()));
            }
            else if (IsInteractive)
            {
                Console.WriteLine(text);
            }
            else
            {
                writer.WriteLine(text);
                writer.Flush();
            }
        }
    }

    /// <summary>Writes a table; where nobody watches, without the blanks that would fill each line.</summary>
    public void Write(IRenderable content)
    {
        if (recorded is not null && content is Table table)
        {
            recorded.Add(new PageBlock.Grid(
                [.. table.Columns.Select(column => Words(column.Header))],
                [.. table.Rows.Select(row => row.Select(cell => PageCell.Plain(Words(cell))).ToArray())]));
            return;
        }

        if (IsInteractive)
        {
            Console.Write(content);
            return;
        }

        StringBuilder line = new();
        foreach (Segment segment in content.Render(RenderOptions.Create(Console, Console.Profile.Capabilities), PlainWidth))
        {
            if (segment.IsLineBreak)
            {
                writer.WriteLine(line.ToString().TrimEnd());
                line.Clear();
            }
            else if (!segment.IsControlCode)
            {
                line.Append(Printable.Of(segment.Text, int.MaxValue));
            }
        }

        writer.Write(line);
        writer.Flush();
    }

    private string Words(IRenderable cell) => string.Concat(
        cell.Render(RenderOptions.Create(Console, Console.Profile.Capabilities), int.MaxValue)
            .Select(segment => segment.IsLineBreak ? "" : Printable.Of(segment.Text, int.MaxValue)));
}
