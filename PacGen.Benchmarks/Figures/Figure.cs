using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Figures;

/// <summary>A figure of the paper: <c>figure NUMBER</c> draws it and leaves its numbers beside it.</summary>
internal abstract class Figure
{
    private const int LargestSize = 8000;

    private readonly string[] files;
    private readonly Option<string?> output = Options.Path("--output", "The folder for the picture and its numbers; without it the working folder", "folder");
    private readonly Option<int?> size = Options.Count("--size", $"The picture's width in pixels, at most {LargestSize}", 400, 1600);

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="number">The figure's number in the paper.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="files">The names of the files that it leaves.</param>
    protected Figure(Host host, int number, string description, params string[] files)
    {
        this.files = files;
        Host = host;
        Command = new Command($"{number}", $"{description} Leaves {string.Join(", ", files)}.") { output, size };
        Command.SetAction(Run);
    }

    /// <summary>The verb's subcommand.</summary>
    public Command Command { get; }

    /// <summary>Where to write and when to stop.</summary>
    protected Host Host { get; }

    /// <summary>The folder for the files.</summary>
    protected Option<string?> OutputOption => output;

    /// <summary>Draws the figure.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="width">The picture's width in pixels.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="write">Writes the file of that name.</param>
    /// <returns>The exit code.</returns>
    protected abstract int Draw(ParseResult parsed, int width, Terminal terminal, Action<string, Action<Stream>> write);

    /// <summary>Writes lines of text.</summary>
    protected static void Csv(Stream stream, IEnumerable<string> lines)
    {
        using StreamWriter writer = new(stream, leaveOpen: true) { NewLine = "\n" };
        foreach (string line in lines)
        {
            writer.WriteLine(line);
        }
    }

    private int Run(ParseResult parsed)
    {
        string folder = parsed.GetValue(output) ?? ".";
        int width = parsed.GetValue(size)!.Value;
        if (width > LargestSize)
        {
            throw new UsageException($"--size is {width}, but must be at most {LargestSize} pixels.");
        }

        foreach (string file in files)
        {
            OutputFile.Check(Path.Combine(folder, file), "--output");
        }

        Terminal terminal = new(Host);
        return Draw(parsed, width, terminal, (file, content) =>
        {
            string path = Path.Combine(folder, file);
            OutputFile.Write(path, "--output", content);
            terminal.Line($"→ {path}");
        });
    }
}
