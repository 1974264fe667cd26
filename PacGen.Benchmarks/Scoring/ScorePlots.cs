using PacGen.Nn;
using PacGen.Plots;

namespace PacGen.Benchmarks.Scoring;

/// <summary>The plots of a score's report: Ψ by each estimator of ρ, and what each parameter has to do with it.</summary>
internal static class ScorePlots
{
    /// <summary>The panels with their heights.</summary>
    /// <param name="scores">The scores, at least one; the layers are those of the first.</param>
    public static IReadOnlyList<(Panel Panel, int Height)> Of(IReadOnlyList<PacGenScore> scores)
    {
        PacGenScore[] fromBelow = [.. scores.Reverse()];
        Panel psi = new(
            "Ψ by the estimator of ρ, with 95 % intervals", new Axis("Ψ"),
            new Axis("") { Places = [.. fromBelow.Select(score => $"{score.Estimator}".ToLowerInvariant())] });
        psi.Marks(
            [.. fromBelow.Select(score => score.Psi)],
            [.. fromBelow.Select(score => (score.PsiInterval?.Low ?? double.NaN, score.PsiInterval?.High ?? double.NaN))]);
        LayerScore[] layers = [.. scores[0].LayerScores.Reverse()];
        int height = 110 + (22 * layers.Length);
        return
        [
            (psi, 220),
            (Bars("Ψ a weight, by parameter", "Ψ / weights", layer => layer.Psi / layer.Count), height),
            (Bars("Weights in the 1/κ branch, by parameter", "share, %", layer => 100 * layer.KappaShare, (0, 100)), height),
        ];

        Panel Bars(string title, string axis, Func<LayerScore, double> value, (double, double)? ends = null)
        {
            Panel panel = new(
                title, new Axis(axis) { Ends = ends }, new Axis("") { Places = [.. layers.Select(layer => layer.Name)] });
            panel.Bars("", [.. layers.Select(value)], horizontal: true);
            return panel;
        }
    }
}
