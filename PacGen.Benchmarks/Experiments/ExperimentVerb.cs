using System.CommandLine;

namespace PacGen.Benchmarks.Experiments;

/// <summary><c>experiment</c>: tries a claim of the paper, one subcommand a claim.</summary>
internal sealed class ExperimentVerb
{
    public ExperimentVerb(Host host)
    {
        Command = new Command("experiment", "Tries a claim of the paper: a table, a PNG, and the numbers as CSV.")
        {
            new RescaleExperiment(host).Command,
            new HyperExperiment(host).Command,
        };
        Command.SetAction(int (ParseResult _) => throw new UsageException(
            $"say which experiment: {string.Join(" or ", Command.Subcommands.Select(one => $"pacgen experiment {one.Name}"))}. See pacgen experiment --help."));
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }
}
