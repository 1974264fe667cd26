using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
#if PEERS
using PacGen.Benchmarks.Peers;
using PacGen.Benchmarks.Reporting;
#endif

namespace PacGen.Benchmarks.Comparison;

/// <summary><c>compare</c>: the same work by PacGen and by libtorch, in one run.</summary>
internal sealed class CompareVerb : Verb
{
    private const string What = "Times the same work by PacGen and by libtorch; only in a build with -p:Peers=true.";

    private readonly Option<int?> threads = Options.Count("--threads", "Threads of both; without it one a core");
    private readonly Option<string?> output = Options.Path(
        "--output", "A Markdown file for the table, such as docs/results/compare.md");
    private readonly Option<double> seconds = Options.Number(
        "--seconds", "How long each measurement is repeated in each of three turns, in seconds", Interval.Positive, 0.5);

    private readonly Option<string?> filter = Options.Path(
        "--filter", "Which rows, such as *encoder*; without it all", "pattern");

    // What a process that is started to measure memory does.
    private readonly Option<string?> peakOf = Options.Path("--peak-of", "Whose memory, pacgen's or libtorch's", "name");

    public CompareVerb(Host host)
        : base(host, new Command("compare", What))
    {
        peakOf.Hidden = true;
        Add(threads, seconds, filter, output, peakOf);
    }

    protected override int Run(ParseResult parsed)
    {
#if PEERS
        string? path = parsed.GetValue(output);
        if (path is not null)
        {
            OutputFile.Check(path, "--output", "the table", OutputKind.Any, ".md", ".txt");
        }

        int count = parsed.GetValue(threads) ?? Environment.ProcessorCount;
        if (parsed.GetValue(peakOf) is { } who)
        {
            Host.Output.WriteLine(LibtorchComparison.PeakOf(parsed.GetValue(filter)!, who == "libtorch", count));
            return 0;
        }

        LibtorchComparison.Run(
            TerminalOf(parsed), count, parsed.GetValue(seconds), parsed.GetValue(filter) ?? "*", path, Host.Stop.Token);
        return 0;
#else
        throw new UsageException(
            Prose.Line("""
                this build has no peers to compare with; run: dotnet run -c Release --project PacGen.Benchmarks -p:Peers=true --
                compare
                """));
#endif
    }
}
