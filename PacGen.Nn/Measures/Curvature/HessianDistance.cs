namespace PacGen.Nn;

/// <summary>
/// Measures the Hessian distance from the first weights (Ju, Li and Zhang 2022): n^−½ Σ_l √max(v_lᵀ∇²_lL̂ v_l, 0), v_l = w_l −
/// w₀_l layer l's way from where training began, ∇²_lL̂ the Hessian's block of the layer, n the images trained on. The layers'
/// parts are the summands.
/// </summary>
/// <remarks>
/// A score. The paper's bound has the largest v_lᵀH v_l over all images that there may be, the part of the Hessian with
/// eigenvalues above 0, the loss's largest value as a factor, a (1 + ε) and a remainder of which the order alone is stated; here
/// are the mean over the images at hand and no factor. The theorem was read in the authors' code and summaries, not in its proof.
/// A bound with the same parts and every constant is <c>CurvatureBound.Gaussian</c> with the prior's mean at w₀.
/// </remarks>
public static class HessianDistance
{
    private const string Name = "hessian-distance";

    /// <summary>Measures it: a product a layer, exact but for rounding.</summary>
    /// <param name="subject">L̂ of the network, with the first weights and the number of images; left at its weights.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The distance.</returns>
    /// <exception cref="InvalidOperationException">The first weights or the number of images are not known.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        Obstacles.Require(Obstacle(subject));
        PassCost before = subject.Cost;
        float[] weights = subject.MoveToWeights();
        IReadOnlyList<float> first = subject.Training!.InitialWeights!;
        IReadOnlyList<Layer> layers = Layer.Of(subject.Arena);
        double[] way = new double[subject.Count], product = new double[subject.Count];
        List<LayerValue> parts = [];
        foreach (Layer layer in layers)
        {
            Array.Clear(way);
            for (int i = layer.Start; i < layer.Start + layer.Count; i++)
            {
                way[i] = (double)weights[i] - first[i];
            }

            subject.HessianProduct(way, product, cancellation);
            double form = 0;
            for (int i = layer.Start; i < layer.Start + layer.Count; i++)
            {
                form += way[i] * product[i];
            }

            parts.Add(new LayerValue(layer.Name, Math.Sqrt(Math.Max(form, 0) / subject.Training.Images!.Value)));
            progress?.Report(new MeasureProgress("Hessian distance", parts.Count, layers.Count));
        }

        double value = parts.Sum(part => part.Value);
        return new NamedMeasurement
        {
            Name = Name,
            Value = value,
            Uncertainty = Uncertainty.Rounding(value),
            Cost = subject.Cost - before,
            Layers = parts,
        };
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row() => new(
        Name, "n^−½ Σ √(vᵀ∇²L̂v) over layers, v the way from the first weights", true,
        "a loss that is twice differentiable at w; a score: the constants of its theorem are not computed",
        (subject, _, progress, cancellation) => Measure(subject, progress, cancellation), Obstacle);

    private static string? Obstacle(EmpiricalLoss subject) => Obstacles.InitialWeights(subject)
        ?? (subject.Training!.Images is null ? "It is not known on how many images the network was trained." : null);
}
