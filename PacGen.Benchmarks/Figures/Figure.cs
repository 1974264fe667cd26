using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Figures;

/// <summary>A figure of the paper: <c>figure NUMBER</c> draws it and leaves its numbers beside it.</summary>
internal abstract class Figure : Verb
{
    private const int LargestSize = 8000;

    private readonly string[] files;
    private readonly Option<int> size = Options.Count(
        "--size", $"The picture's width in pixels, at most {LargestSize}", 400, 1600);
    private readonly Option<string?> output = Options.Path(
        "--output", "The folder for the picture and its numbers; without it the working folder", "folder");

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="number">The figure's number in the paper.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="files">The names of the files that it leaves.</param>
    protected Figure(Host host, int number, string description, params string[] files)
        : base(host, new Command($"{number}", $"{description} Leaves {string.Join(", ", files)}."))
    {
        this.files = files;
        Add(output, size);
    }

    /// <summary>Draws the figure.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="width">The picture's width in pixels.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="results">Writes the files.</param>
    /// <returns>The exit code.</returns>
    protected abstract int Draw(ParseResult parsed, int width, Terminal terminal, Results results);

    protected sealed override int Run(ParseResult parsed)
    {
        int width = parsed.GetValue(size);
        if (width > LargestSize)
        {
            throw new UsageException($"--size is {width}, but must be at most {LargestSize} pixels.");
        }

        Terminal terminal = TerminalOf(parsed);
        return Draw(parsed, width, terminal,
            new Results(parsed.GetValue(output), files) { Written = path => terminal.Line($"→ {path}") });
    }
}
