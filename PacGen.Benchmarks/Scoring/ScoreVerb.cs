using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Scoring;

/// <summary>
/// <c>score</c>: Ψ of weights that <c>train --save</c> wrote, by every estimator of ρ, with its parts and layers.
/// </summary>
internal sealed class ScoreVerb : Verb
{
    private readonly SavedNetworkOptions saved = new("score on");
    private readonly PsiOptions scoring = new(each: false);
    private readonly Option<ulong> seed = Options.Seed();

    public ScoreVerb(Host host)
        : base(host, new Command(
            "score", "Scores saved weights: Ψ with its interval, its parts, ρ by three estimators, and a table by layer."))
    {
        Add([saved, scoring, seed, .. saved.Places]);
        Add(JsonOption("One JSON object on standard output, all else on standard error"));
    }

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        using SavedNetwork network = saved.Open(parsed, terminal, Host);
        ScoreOptions options = scoring.Create(
            parsed, network.Images.Train.Count, network.Arena.Count, parsed.GetValue(seed));
        using EmpiricalLoss subject = new(network.Network, network.Arena, network.Images.Train);
        ScoreReport report = new(
            network.Choice.Describe(network.Images), network.Images.Name,
            PacGenScorer.MeasureAll(subject, options, null, Host.Stop.Token));
        if (WantsJson(parsed))
        {
            Write(report.Json(network.Path));
            return 0;
        }

        terminal.Line(network.Line);
        report.Show(terminal);
        return 0;
    }
}
