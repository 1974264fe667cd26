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
    private readonly Option<string?> csv = Options.Path(
        CsvText.Option, "A file to write the scores and layers into, as comma-separated values");

    private readonly ReportFile report = new();

    public ScoreVerb(Host host)
        : base(host, new Command(
            "score", "Scores saved weights: Ψ with its interval, its parts, ρ by three estimators, and a table by layer."))
    {
        Add([saved, scoring, seed, csv, report, .. saved.Places]);
        Add(JsonOption("One JSON object on standard output, all else on standard error"));
    }

    public override string[] Main =>
    [
        "--weights", "--dataset", "--psi-images", "--psi-draws", "--seed", "--csv", "--report", "--device", "--json",
    ];

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        CsvText.Check(parsed.GetValue(csv), "row,name,weights,psi");
        report.Check(parsed);
        OutputFile.RequireDistinct(new[] { csv, report.File }.Select(option => (option.Name, parsed.GetValue(option))));
        using SavedNetwork network = saved.Open(parsed, terminal, Host);
        ScoreOptions options = scoring.Create(
            parsed, network.Images.Train.Count, network.Arena.Count, parsed.GetValue(seed));
        using EmpiricalLoss subject = new(network.Network, network.Arena, network.Images.Train);
        ScoreReport scores = new(
            network.Choice.Describe(network.Images), network.Images.Name,
            new ProgressReport<MeasureProgress>(terminal, "score", at => ($"draw {at.Done} of {at.Total}", at.Done, at.Total))
            {
                EstimatesTime = true,
            }.Show(progress => PacGenScorer.MeasureAll(subject, options, progress, Host.Stop.Token)));
        if (WantsJson(parsed))
        {
            Write(scores.Json(network.Path));
        }
        else
        {
            terminal.Line(network.Line);
            scores.Show(terminal);
        }

        if (parsed.GetValue(csv) is { } file)
        {
            CsvText.Write(file, scores.Csv());
            terminal.Line($"numbers → {file}");
        }

        if (report.Write(
            parsed, $"Score of {network.Choice.Title(network.Images)} on {network.Images.Name}", network.Opened.Device.Name,
            () => [new PageBlock.Plain(network.Line), .. scores.Page()]) is { } written)
        {
            terminal.Line(written);
        }

        return 0;
    }
}
