namespace PacGen.Nn;

/// <summary>
/// The row of Ψ with its layers alike, whatever their size: (1/L)Σ_l Ψ_l/m_l over the L parameters, Ψ_l being the part of
/// (24) that the m_l weights of one have. In Ψ itself a layer counts by its weights.
/// </summary>
internal static class LayerNormalizedPsi
{
    private const string Name = "psi-layer-normalized";

    /// <summary>The row.</summary>
    /// <param name="assumes">What Ψ assumes.</param>
    public static Measure Row(string assumes) => new(
        Name, "the mean over parameters of Ψ (24) a weight: (1/L)ΣΨ_l/m_l", true, assumes,
        (subject, seed, progress, cancellation) =>
        {
            PacGenScore score = PacGenScorer.Measure(
                subject,
                new ScoreOptions { Seed = seed, BatchSize = Math.Min(ScoreOptions.DefaultBatchSize, subject.Images.Count) },
                progress, cancellation);
            Uncertainty whole = score.Uncertainty;
            return new NamedMeasurement
            {
                Name = Name,
                Value = Mean(score.LayerScores),
                Uncertainty = new Uncertainty(Mean(score.LayersAt.Low), Mean(score.LayersAt.High), whole.Meaning),
                Cost = score.Cost,
                Layers = [.. score.LayerScores.Select(layer => new LayerValue(layer.Name, layer.Psi / layer.Count))],
            };
        });

    private static double Mean(IReadOnlyList<LayerScore> layers) =>
        layers.Count == 0 ? double.NaN : layers.Average(layer => layer.Psi / layer.Count);
}
