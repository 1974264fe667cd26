using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Statistics;
using PacGen.Nn;
using Spectre.Console;

namespace PacGen.Benchmarks.Scoring;

/// <summary>The scores of a network by each estimator of ρ, as tables and as JSON.</summary>
/// <param name="model">The network.</param>
/// <param name="dataset">The images' name.</param>
/// <param name="all">The scores that could be had.</param>
internal sealed class ScoreReport(string model, string dataset, IReadOnlyDictionary<RhoEstimator, PacGenScore> all)
{
    private static readonly RhoEstimator[] Estimators = [RhoEstimator.Median, RhoEstimator.Published, RhoEstimator.Definition3];

    private readonly PacGenScore[] scores = [.. Estimators.Where(all.ContainsKey).Select(estimator => all[estimator])];

    /// <summary>Shows the scores, their parts and layers, and what they are worth.</summary>
    public void Show(Terminal terminal)
    {
        PacGenScore first = scores[0];
        string interval = first.PsiInterval is null ? ", too few for an interval (6 or more give one)"
            : " and a 95 % interval for that of all draws";
        terminal.Line(Prose.Line($"""
            Ψ with {first.Neighborhood}; h from {first.Images:N0} training samples of {dataset} in batches of
            {first.BatchSize}{(first.CertificateScale > 1 ? $" (certificates take {first.CertificateScale} times it)" : "")}; median of {first.Draws} draws{interval}
            """));
        Table table = Terminal.Table(
            "ρ(w*) estimated", "Ψ", "ρ", "Σ log(|w| + κ)", "Σ log max(…)", "weights with 1/κ the larger");
        foreach (PacGenScore score in scores)
        {
            table.AddRow(
                Name(score.Estimator),
                $"{Number(score.Psi)}{Interval(score.PsiInterval)}",
                $"{Number(score.Rho)}{Interval(score.RhoInterval)}",
                Number(score.LogScale),
                Number(score.LogCurvature),
                $"{score.KappaShare:P1}");
        }

        terminal.Write(table);
        table = Terminal.Table(
            "parameter", "weights", $"Ψ's part (ρ {Name(first.Estimator)})", "Ψ a weight", "mean h", "with 1/κ the larger");
        foreach (LayerScore layer in first.LayerScores)
        {
            table.AddRow(
                Markup.Escape(layer.Name),
                $"{layer.Count:N0}",
                Number(layer.Psi),
                Number(layer.Psi / layer.Count),
                Number(layer.MeanCurvature),
                $"{layer.KappaShare:P1}");
        }

        terminal.Write(table);
        foreach (string remark in Remarks())
        {
            terminal.Line(remark);
        }
    }

    /// <summary>All of it as one object.</summary>
    /// <param name="weights">The file of the weights.</param>
    public JsonObject Json(string weights) => new()
    {
        ["weights"] = weights,
        ["model"] = model,
        ["dataset"] = dataset,
        ["gamma"] = scores[0].Neighborhood.Gamma,
        ["epsilon"] = scores[0].Neighborhood.Epsilon,
        ["images"] = scores[0].Images,
        ["batchSize"] = scores[0].BatchSize,
        ["draws"] = scores[0].Draws,
        ["psi"] = scores[0].Psi,
        ["scores"] = new JsonArray([.. scores.Select(score => new JsonObject
        {
            ["rhoEstimator"] = Name(score.Estimator),
            ["psi"] = score.Psi,
            ["psiLow"] = score.PsiInterval?.Low,
            ["psiHigh"] = score.PsiInterval?.High,
            ["rho"] = score.Rho,
            ["rhoLow"] = Finite(score.RhoInterval?.Low),
            ["rhoHigh"] = Finite(score.RhoInterval?.High),
            ["logScale"] = score.LogScale,
            ["logCurvature"] = score.LogCurvature,
            ["kappaShare"] = score.KappaShare,
        })]),
        ["layers"] = new JsonArray([.. scores[0].LayerScores.Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["count"] = layer.Count,
            ["psi"] = layer.Psi,
            ["meanCurvature"] = layer.MeanCurvature,
            ["kappaShare"] = layer.KappaShare,
        })]),
    };

    /// <summary>All of it as lines of comma-separated values: a row for each estimator of ρ, then one for each layer.</summary>
    public IEnumerable<string> Csv()
    {
        yield return CsvText.Line(
            "row", "name", "weights", "psi", "psi_low", "psi_high", "rho", "rho_low", "rho_high", "log_scale", "log_curvature",
            "mean_curvature", "kappa_share");
        foreach (PacGenScore score in scores)
        {
            yield return CsvText.Line(
            [
                "estimator", Name(score.Estimator), "",
                .. new double?[]
                {
                    score.Psi, score.PsiInterval?.Low, score.PsiInterval?.High, score.Rho, score.RhoInterval?.Low,
                    score.RhoInterval?.High, score.LogScale, score.LogCurvature, null, score.KappaShare,
                }.Select(CsvText.Exact),
            ]);
        }

        foreach (LayerScore layer in scores[0].LayerScores)
        {
            yield return CsvText.Line(
                "layer", layer.Name, $"{layer.Count}", CsvText.Exact(layer.Psi), "", "", "", "", "", "", "",
                CsvText.Exact(layer.MeanCurvature), CsvText.Exact(layer.KappaShare));
        }
    }

    /// <summary>All of it as parts of a page, with plots.</summary>
    public IReadOnlyList<PageBlock> Page() =>
        [ReportFile.Pictures("The score and its parts", ScorePlots.Of(scores)), .. Terminal.Record(Show)];

    private IEnumerable<string> Remarks()
    {
        yield return Prose.Line("""
            Smaller Ψ promises a smaller gap between two networks of one size; it certifies nothing. The published ρ takes one
            draw's smallest |u[i]|: it has no mean, and can move by orders of magnitude from one draw to the next. Compare
            networks by the median.
            """);
        foreach (RhoEstimator estimator in Estimators.Where(estimator => !all.ContainsKey(estimator)))
        {
            yield return Prose.Line($"""
                ρ {Name(estimator)} is left out: it exceeds single precision, κ being tiny. A larger --psi-epsilon gives it.
                """);
        }

        foreach (PacGenScore score in scores.Where(score => score.KappaShare > 0.9))
        {
            yield return Prose.Line($"""
                With ρ {Name(score.Estimator)}, 1/κ wins for {score.KappaShare:P1} of the weights: that Ψ says little about
                curvature, and nearly all of it about |w|.
                """);
        }
    }

    private static string Interval(ConfidenceInterval? interval) =>
        interval is null ? "" : $" ({Number(interval.Low)} to {Number(interval.High)})";

    // JSON has no infinity.
    private static double? Finite(double? value) => value is { } one && double.IsFinite(one) ? one : null;

    private static string Name(RhoEstimator estimator) => estimator.ToString().ToLowerInvariant();

    private static string Number(double value) => Math.Abs(value) is >= 100 and < 1e9 ? $"{value:N0}" : $"{value:G3}";
}
