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
}
