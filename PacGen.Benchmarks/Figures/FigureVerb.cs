using System.CommandLine;

namespace PacGen.Benchmarks.Figures;

/// <summary><c>figure</c>: draws the paper's figures, one class a figure.</summary>
internal sealed class FigureVerb
{
    public FigureVerb(Host host)
    {
        Figure[] figures =
        [
            new Figure1(host),
            new Figure2(host),
            new Figure7(host),
        ];
        Command = new Command("figure", "Draws a figure of the paper: a PNG, and its numbers as CSV.");
        foreach (Figure figure in figures)
        {
            Command.Add(figure.Command);
        }

        Command.SetAction(int (ParseResult _) =>
            throw new UsageException($"say which figure: {string.Join(" or ", figures.Select(figure => $"pacgen figure {figure.Command.Name}"))}. See pacgen figure --help."));
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }
}
