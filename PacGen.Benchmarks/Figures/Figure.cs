using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;

namespace PacGen.Benchmarks.Figures;

/// <summary>A figure of the paper: <c>figure NUMBER</c> draws it and leaves its numbers beside it.</summary>
internal abstract class Figure : Verb
{
    private readonly ResultOptions files;

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="number">The figure's number in the paper.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="files">The names of the files that it leaves, that of the picture as a PNG file.</param>
    protected Figure(Host host, int number, string description, params string[] files)
        : base(host, new Command($"{number}", $"{description} Leaves {string.Join(", ", files)}."))
    {
        this.files = new ResultOptions(files);
        Add(this.files);
    }

    /// <summary>Draws the figure.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="results">Writes the files.</param>
    /// <returns>The exit code.</returns>
    protected abstract int Draw(ParseResult parsed, Terminal terminal, Results results);

    protected sealed override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        return Draw(parsed, terminal, files.Open(parsed, path => terminal.Line($"→ {path}")));
    }
}
