using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Devices;

/// <summary>In how many parts sums over images are taken, which the processes of <c>mpirun</c> share.</summary>
/// <param name="besides">What else is in parts, as a sentence's beginning; empty for nothing.</param>
internal sealed class PartsOption(string besides = "") : OptionGroup
{
    private readonly Option<int> parts = Options.Count(
        "--parts",
        Prose.Line($"""
            {besides}Sums over images are taken in so many parts, which the processes of mpirun share: a power of two, their
            number or more. The parts decide the last bits, not the processes
            """),
        1,
        1);

    public override string Title => "Device";

    public override IReadOnlyList<Option> All => [parts];

    /// <summary>Takes part in the work of all processes.</summary>
    /// <exception cref="ArgumentException">They can't share so many parts.</exception>
    public DataParallel Join(ParseResult parsed) => new(parsed.GetValue(parts), LaunchedRank.Join());
}
