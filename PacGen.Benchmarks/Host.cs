using PacGen.Core.Text;

namespace PacGen.Benchmarks;

/// <summary>What the program runs in: where it writes and who may stop it.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Stop">Ctrl-C and SIGTERM.</param>
internal sealed record Host(TextWriter Output, TextWriter Error, StopRequest Stop)
{
    /// <summary>Whether a person watches standard output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether a person watches standard error.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>
    /// Tells a problem: one line on standard error, in which nothing acts on a terminal, whoever chose the names in it.
    /// </summary>
    public void Problem(string sentence) => Error.WriteLine(Printable.Message($"pacgen: {sentence}"));
}
