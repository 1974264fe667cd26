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

    /// <summary>
    /// Writes a line as it is, whatever brackets are in it; what would act on a terminal is spelled out. Any thread may.
    /// </summary>
    public void Line(string text = "")
    {
        text = string.Join('\n', text.Split('\n').Select(line => Printable.Of(line, Printable.LongestMessage)));
        lock (gate)
        {
            if (IsInteractive)
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
}
