using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
#if PEERS
using PacGen.Benchmarks.Peers;
using PacGen.Benchmarks.Reporting;
#endif

namespace PacGen.Benchmarks.Comparison;

/// <summary><c>compare</c>: the same work by PacGen and by libtorch, in one run.</summary>
internal sealed class CompareVerb
{
    private readonly Option<int?> threads = Options.Count("--threads", "Threads of both; without it one a core");
    private readonly Option<double?> seconds = Options.Number("--seconds", "How long each measurement is repeated in each of three turns, in seconds", Interval.Positive, 0.5);
    private readonly Option<string?> output = Options.Path("--output", "A Markdown file for the table, such as docs/results/compare.md");

    public CompareVerb(Host host)
    {
        Command = new Command("compare", "Times the same work by PacGen and by libtorch; only in a build with -p:Peers=true.") { threads, seconds, output };
#if PEERS
        Command.SetAction(parsed =>
        {
            string? path = parsed.GetValue(output);
            if (path is not null)
            {
                OutputFile.Check(path, "--output", "the table", OutputKind.Any, ".md", ".txt");
            }

            LibtorchComparison.Run(
                new Terminal(host), parsed.GetValue(threads) ?? Environment.ProcessorCount, parsed.GetValue(seconds)!.Value, path, host.Stop.Token);
        });
#else
        Command.SetAction(int (ParseResult _) => throw new UsageException(
            "this build has no peers to compare with; run: dotnet run -c Release --project PacGen.Benchmarks -p:Peers=true -- compare"));
#endif
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }
}
