using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using Spectre.Console;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 2: the sharpness metric ℳ (9) in one dimension; at a fixed perturbation level it grows with the curvature.
/// </summary>
internal sealed class Figure2 : Figure
{
    private const string PictureFile = "figure-2.png", NumbersFile = "figure-2.csv";
    private static readonly double[] Shown = [0.5, 2, 8];

    private readonly Option<double> sigma = Options.Number(
        "--sigma", "σ of the perturbation u ~ U(−σ, σ)", new Interval(0, SharpnessPicture.Reach, true, false), 0.5);

    public Figure2(Host host)
        : base(host, 2, "The sharpness metric M (9) in one dimension: at a fixed perturbation, more curvature makes it larger.",
            PictureFile, NumbersFile) =>
        Add(sigma);

    protected override int Draw(ParseResult parsed, Terminal terminal, Results results)
    {
        double level = parsed.GetValue(sigma);

        // 0.05 to 50, 20 a decade.
        GaussianWell[] wells = [.. Enumerable.Range(0, 61).Select(k => new GaussianWell(0.05 * Math.Pow(10, k / 20.0)))];
        GaussianWell[] shown = [.. Shown.Select(curvature => new GaussianWell(curvature))];
        Table table = Terminal.Table("curvature", "loss at w", "E loss at w + u", "increase", "ρ", "M (9)");
        foreach (GaussianWell well in shown)
        {
            double[] row =
            [
                well.Curvature, well.Loss(0), well.Expected(level), well.Expected(level) - well.Loss(0), well.Rho(level),
                well.Sharpness(level),
            ];
            table.AddRow([.. row.Select(value => $"{value:0.0000}")]);
        }

        terminal.Line($"u ~ U(−{level}, {level}) around the minimum w = 0");
        terminal.Write(table);
        results.Write(PictureFile, SharpnessPicture.Draw(shown, wells, level));
        results.Write(NumbersFile,
        [
            "curvature,sigma,loss,expected_loss,increase,rho,sharpness",
            .. wells.Select(well =>
            {
                string expected = $"{well.Expected(level):G12},{well.Expected(level) - well.Loss(0):G12}";
                return Prose.Line($"""
                    {well.Curvature:G6},{level:G6},{well.Loss(0):G6},{expected},{well.Rho(level):G12},{well.Sharpness(level):G12}
                    """);
            }),
        ]);
        return 0;
    }
}
