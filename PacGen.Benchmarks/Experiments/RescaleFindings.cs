using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using Spectre.Console;

namespace PacGen.Benchmarks.Experiments;

/// <summary>What the points of <see cref="RescaleExperiment"/> say of section 6's claim, in words.</summary>
/// <param name="points">The points by α, that at 1 among them.</param>
/// <param name="settings">What they were computed with.</param>
/// <param name="measures">What computed them.</param>
internal sealed class RescaleFindings(IReadOnlyList<RescalePoint> points, RescaleSettings settings, RescaleMeasures measures)
{
    private static readonly string[] Curvature = ["lambda_max", "trace", "frobenius"];
    private static readonly string[] Sharpness = ["sharpness2_full", "sharpness2_subspace", "sharpness3"];
    private static readonly string[] BoundsAndPsi = ["lemma6", "lemma8", "lemma6_own_tau", "psi"];

    private readonly RescalePoint unit = points.Single(point => point.Alpha == 1);

    /// <summary>The findings, a paragraph each.</summary>
    public IReadOnlyList<string> Paragraphs => points.Count < 2 ? ["Only α = 1 was measured: nothing to compare."] :
    [
        Function(),
        Prose.Line($"""
            {Far("Measures of the Hessian", Curvature)} (23) multiplies the Hessian's block of the first layer by α⁻² and that of
            the second by α².
            """),
        Far("Sharpness", Sharpness),
        Bounds(),
        Claim(),
        Origin(),
    ];

    private RescalePoint[] Shown => [.. new[] { points[0], unit, points[^1] }.Distinct()];

    /// <summary>All measures at the ends and at 1, and how far they move.</summary>
    public Table Table()
    {
        RescalePoint[] shown = [points[0], unit, points[^1]];
        Table table = Terminal.Table(["measure", .. shown.Select(point => $"α = {point.Alpha:G4}"), "largest ÷ smallest"]);
        foreach (RescaleQuantity quantity in RescaleQuantity.All)
        {
            table.AddRow(
                [quantity.Name, .. shown.Select(point => $"{quantity.Value(point):G4}"), $"{quantity.Spread(points):G4}"]);
        }

        return table;
    }

    /// <summary>A page with the setting, the picture, the table and the findings.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="setting">What was trained on what, and where.</param>
    /// <param name="command">The command that made it.</param>
    /// <param name="files">The picture and the numbers.</param>
    /// <param name="planned">How many α there are where the run isn't stopped.</param>
    public string Markdown(string title, string setting, string command, (string Picture, string Numbers) files, int planned) =>
        $"""
        # {title}

        - {setting}
        - machine: {Machine.Text}
        - date: {Machine.Date}
        - command: `{command}`
        {(points.Count < planned ? $"- stopped after {points.Count} of {planned} α\n" : "")}
        ![Each measure relative to α = 1]({files.Picture})

        The numbers at every α: [{files.Numbers}]({files.Numbers}).

        | measure | {string.Join(" | ", Shown.Select(point => $"{point.Alpha:'α = '0.####}"))} | largest ÷ smallest |
        | --- |{string.Concat(Enumerable.Repeat(" ---: |", Shown.Length + 1))}
        {string.Join('\n', RescaleQuantity.All.Select(Row))}

        {string.Join("\n\n", Paragraphs.Prepend(Setting()))}

        """;

    private string Row(RescaleQuantity quantity)
    {
        string name = quantity.Name.Replace("|", "\\|", StringComparison.Ordinal);
        return Prose.Line($"""
            | {name} | {string.Join(" | ", Shown.Select(point => Number(quantity.Value(point))))} |
            {Number(quantity.Spread(points))} |
            """);
    }

    private string Setting() => Prose.Line($"""
        Ψ, the Hessian's measures and sharpness are those of the cross-entropy; the lemmas and both ρ are those of the
        cross-entropy smoothly bounded to [0, 1] by p_min = {settings.SmallestProbability:G4}, with its Hessian's diagonal, negative
        entries (at most {100 * points.Max(point => point.NegativeShare):F0} % of the weights) counted as 0 (footnote 4).
        Neighbourhood: γ = {settings.Neighborhood.Gamma}, ε = {settings.Neighborhood.Epsilon}. Lemmas: n = {measures.Images:N0}, δ
        = {settings.Delta}, η = √(mn) = {measures.Eta:F0} at every α; the prior is the same at every α, τ =
        {measures.UniformTau:G4} for Lemma 6 and a variance τ = {measures.GaussianTau:G4} for Lemma 8, wide enough for the weights
        at all of them; τ = |w| + κ is another prior at each α. All these are right-hand sides of the lemmas, **scores here, not
        bounds**: their τ were read off the trained weights, ρ is an estimate, and a ReLU network has no ρ where a kink lies in
        the neighbourhood. (2): ε = {settings.BoxEpsilon:G4}, full space and a random subspace of {settings.Directions}
        dimensions, a lower bound of the maximum. (3): σ = {settings.Sigma:G4}, {settings.Draws} pairs u, −u. ρ: the score's
        median; and sampled, a lower estimate of Definition 4's.
        """);

    private string Function() => Prose.Line($"""
        The function stays (22): no output on the test images moved by more than {points.Max(point => point.OutputChange):G1} of
        the largest, which is rounding.
        """);

    private string Far(string what, string[] keys) =>
        $"{what}, largest over smallest: {string.Join("; ", keys.Select(key => $"{Spread(key)}{Slopes(key)}"))}.";

    private string Bounds()
    {
        bool vacuous = points.All(point => point.Lemma6.Value >= 1 && point.Lemma8.Value >= 1);
        return Prose.Line($"""
            The lemmas and Ψ, largest over smallest: {string.Join("; ", BoundsAndPsi.Select(Spread))}. In their own unit, where a
            loss is at most 1, Lemma 6 lies between {points.Min(point => point.Lemma6.Value):F2} and
            {points.Max(point => point.Lemma6.Value):F2} and Lemma 8 between {points.Min(point => point.Lemma8.Value):F2} and
            {points.Max(point => point.Lemma8.Value):F2}{(vacuous ? ": vacuous at every α" : "")}. Ψ, and the share of weights
            whose 1/κ branch of (24) makes it a function of |w| alone: {string.Join("; ", Shown.Select(Psi))}.
            """);

        static string Psi(RescalePoint point) =>
            $"at α = {point.Alpha:G4} {point.Score.PsiText}, {point.Score.KappaShare:P0}";
    }

    private string Claim()
    {
        double least = Curvature.Concat(Sharpness).Min(key => Find(key).Spread(points));
        double lemmas = Math.Max(Find("lemma6").Spread(points), Find("lemma8").Spread(points));
        double decades = Math.Log10(points[^1].Alpha / points[0].Alpha);
        string verdict = double.IsNaN(least) || decades < 1
            ? "These α don't decide it."
            : lemmas < Math.Sqrt(least)
                ? Prose.Line($"""
                    Next to the other measures that holds: a factor of {Number(lemmas)} at most, against {Number(least)} at least.
                    """)
                : $"Here they move by a factor of {Number(lemmas)}, the other measures by {Number(least)} at least.";
        return Prose.Line($"""
            The paper's claim (section 6): ∇²L̂, ρ and w stand behind logarithms, so the bound changes as a logarithm does, and
            little. {verdict} But the logarithms are summed over m = {measures.Parameters:N0} weights: Lemma 6's KL is
            {unit.Lemma6.Kl:N0} nats at α = 1 and lies between {points.Min(point => point.Lemma6.Kl):N0} and
            {points.Max(point => point.Lemma6.Kl):N0} over all α. What is a factor near 1 for the bound is so many nats, and Ψ,
            such a sum too, moves by a factor of {Number(Find("psi").Spread(points))}.
            """);
    }

    private string Origin()
    {
        return Prose.Line($"""
            ρ's part: {string.Join("; ", Shown.Where(point => point.Alpha != 1).Select(Of))}. One ρ serves all weights, though
            third derivatives along a layer go with the inverse cube of its factor, and ε of the neighbourhood stays while the
            weights shrink and grow; so σ* does not simply go with the weights, as section 6 has it.
            """);

        string Of(RescalePoint end)
        {
            double ratio = end.RhoMedian / unit.RhoMedian;
            return Prose.Line($"""
                at α = {end.Alpha:G4} the median ρ is {Number(ratio)} times that at 1, (m/2)·ln of which is
                {measures.Parameters / 2.0 * Math.Log(ratio):N0} nats; Lemma 6's KL changes by {end.Lemma6.Kl - unit.Lemma6.Kl:N0}
                """);
        }
    }

    /// <summary>
    /// How a measure goes with α at either end: the slope on logarithmic axes between the outermost α and the one a decade nearer
    /// 1.
    /// </summary>
    private string Slopes(string key)
    {
        double low = Slope(points[0], points.LastOrDefault(point => point.Alpha <= points[0].Alpha * 10.001));
        double high = Slope(points[^1], points.FirstOrDefault(point => point.Alpha >= points[^1].Alpha / 10.001));
        return double.IsNaN(low) || double.IsNaN(high) ? "" : $" (as α^{low:F1} at the small end, α^{high:F1} at the large)";

        double Slope(RescalePoint end, RescalePoint? inner) =>
            inner is null || inner == end || (inner.Alpha - 1) * (end.Alpha - 1) < 0
            ? double.NaN
            : Math.Log(Find(key).Value(end) / Find(key).Value(inner)) / Math.Log(end.Alpha / inner.Alpha);
    }

    private static RescaleQuantity Find(string key) => RescaleQuantity.All.Single(quantity => quantity.Key == key);

    private string Spread(string key) => $"{Find(key).Name} {Number(Find(key).Spread(points))}";

    private static string Number(double value) => Math.Abs(value) is >= 1000 and < 1e6 ? $"{value:N0}" : $"{value:G3}";
}
