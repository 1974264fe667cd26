using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Studies;
using PacGen.Core.Statistics;

namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>A measure against the gap of networks at one moment.</summary>
/// <param name="Moment">The moment, such as <c>loss:0.01</c>.</param>
/// <param name="Rows">The networks.</param>
/// <param name="Tau">Kendall's τ-b of the measure and the gap.</param>
/// <param name="Interval">Its interval by the bootstrap over seeds; null where there is none.</param>
/// <param name="Missing">How many networks have no such moment, or none that is finite.</param>
internal sealed record GapComparison(
    string Moment, IReadOnlyList<StudyRow> Rows, double Tau, ConfidenceInterval? Interval, int Missing)
{
    /// <summary>The moment in words.</summary>
    public string When => Moment.Split(':') switch
    {
        ["loss", var loss] => $"at equal training loss, {loss}",
        ["epoch", var epoch] => $"at equal epoch, {epoch}",
        _ => "at each one's end",
    };

    /// <summary>τ with its interval.</summary>
    public string TauText =>
        $"τ = {Tau:F2}{(Interval is { } interval ? $" ({interval.Low:F2} to {interval.High:F2})" : "")}".Replace('-', '−');

    /// <summary>What it says, in a sentence.</summary>
    public string Sentence(string measure) => Prose.Line($"""
        {char.ToUpperInvariant(When[0])}{When[1..]}: {measure} and gap have Kendall's {TauText} over {Rows.Count}
        networks{(Missing > 0 ? $"; {Missing} are not among them" : "")}.
        """);
}
