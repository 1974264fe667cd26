namespace PacGen.Benchmarks.Experiments;

/// <summary>A measure that the experiment follows over α.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Key">Its column in the CSV file.</param>
/// <param name="Panel">The panel of the picture that shows it, or null.</param>
/// <param name="Value">Its value.</param>
internal sealed record RescaleQuantity(string Name, string Key, string? Panel, Func<RescalePoint, double> Value)
{
    private const string Bounds = "Lemmas 6, 8 and Ψ (scores)", Hessian = "Measures of the Hessian";
    private const string Sharpness = "Sharpness", Inside = "Inside the lemmas";

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<RescaleQuantity> All { get; } =
    [
        new("Ψ (24)", "psi", Bounds, point => point.Score.Psi),
        new("Lemma 6 (13)", "lemma6", Bounds, point => point.Lemma6.Value),
        new("Lemma 6, sampled ρ", "lemma6_sampled_rho", null, point => point.Lemma6.Sampled),
        new("Lemma 6, τ = |w| + κ", "lemma6_own_tau", Bounds, point => point.Lemma6OwnTau.Value),
        new("Lemma 8 (20)", "lemma8", Bounds, point => point.Lemma8.Value),
        new("Lemma 8, sampled ρ", "lemma8_sampled_rho", null, point => point.Lemma8.Sampled),
        new("KL of Lemma 6", "lemma6_kl", Inside, point => point.Lemma6.Kl),
        new("KL of Lemma 6, τ = |w| + κ", "lemma6_own_tau_kl", Inside, point => point.Lemma6OwnTau.Kl),
        new("KL of Lemma 8", "lemma8_kl", Inside, point => point.Lemma8.Kl),
        new("ρ, median", "rho_median", Inside, point => point.RhoMedian),
        new("ρ, sampled", "rho_sampled", Inside, point => point.RhoSampled),
        new("λ_max of the Hessian", "lambda_max", Hessian, point => point.Eigenvalues.Largest),
        new("its trace", "trace", Hessian, point => point.Moments.Trace.Value),
        new("its Frobenius norm", "frobenius", Hessian, point => Math.Sqrt(point.Moments.SquaredFrobenius.Value)),
        new("sharpness (2), full space", "sharpness2_full", Sharpness, point => point.KeskarFull),
        new("sharpness (2), subspace", "sharpness2_subspace", Sharpness, point => point.KeskarSubspace),
        new("expected sharpness (3)", "sharpness3", Sharpness, point => point.Expected.Value),
    ];

    /// <summary>The values at all α, divided by that at α = 1; NaN where it is not positive.</summary>
    public double[] Relative(IReadOnlyList<RescalePoint> points)
    {
        double unit = Value(points.Single(point => point.Alpha == 1));
        return [.. points.Select(point => Value(point) / unit).Select(
            ratio => ratio > 0 && double.IsFinite(ratio) ? ratio : double.NaN)];
    }

    /// <summary>The largest value over the smallest one, over all α; NaN where one is not positive.</summary>
    public double Spread(IReadOnlyList<RescalePoint> points)
    {
        double[] relative = Relative(points);
        return relative.Any(double.IsNaN) ? double.NaN : relative.Max() / relative.Min();
    }

    /// <summary>All that is measured, as lines of comma-separated values.</summary>
    public static IEnumerable<string> Rows(IReadOnlyList<RescalePoint> points)
    {
        (string Key, Func<RescalePoint, double> Value)[] columns =
        [
            ("alpha", point => point.Alpha),
            ("output_change", point => point.OutputChange),
            .. All.Select(quantity => (quantity.Key, quantity.Value)),
            ("trace_standard_error", point => point.Moments.Trace.StandardError),
            ("sharpness3_standard_error", point => point.Expected.StandardError),
            ("negative_curvature_share", point => point.NegativeShare),
            ("lambda_max_converged", point => point.Eigenvalues.Converged ? 1 : 0),
        ];
        return
        [
            string.Join(',', columns.Select(column => column.Key)),
            .. points.Select(point => string.Join(',', columns.Select(column => $"{column.Value(point):R}"))),
        ];
    }
}
