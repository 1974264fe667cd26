namespace PacGen.Nn;

/// <summary>
/// Computes the squared length of all weights, ‖w‖₂², or of their way from initialisation, ‖w − w₀‖₂² (Jiang and others 2020,
/// appendix C, (42) and (40), which leave biases out; Nagarajan and Kolter 2019). Each parameter has its part.
/// </summary>
public static class WeightNorm
{
    /// <summary>Computes it.</summary>
    /// <param name="subject">The network; no pass is taken.</param>
    /// <param name="options">From where; from the origin without it.</param>
    /// <param name="progress">Notified at the end.</param>
    /// <param name="cancellation">Looked at before.</param>
    /// <returns>The norm.</returns>
    /// <exception cref="InvalidOperationException">The first weights are asked for and not known.</exception>
    /// <exception cref="TrainingException">A weight is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, WeightNormOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new WeightNormOptions();
        cancellation.ThrowIfCancellationRequested();
        bool travel = options.Quantity == WeightNormQuantity.FromInit;
        Obstacles.Require(travel ? Obstacles.InitialWeights(subject) : null);
        float[] weights = subject.MoveToWeights();
        IReadOnlyList<float>? first = travel ? subject.Training!.InitialWeights : null;
        List<LayerValue> layers = [];
        int at = 0;
        foreach (Parameter parameter in subject.Arena.Parameters)
        {
            double sum = 0;
            for (long end = at + parameter.Shape.Count; at < end; at++)
            {
                double moved = (double)weights[at] - (first?[at] ?? 0);
                sum += moved * moved;
            }

            layers.Add(new LayerValue(parameter.Name, sum));
        }

        double value = layers.Sum(layer => layer.Value);
        progress?.Report(new MeasureProgress("norm", 1, 1));
        return new NamedMeasurement
        {
            Name = travel ? "distance-from-init" : "parameter-norm",
            Value = value,
            Uncertainty = Uncertainty.Rounding(value),
            Cost = default,
            Layers = layers,
        };
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(WeightNormQuantity quantity, string name, string description) => new(
        name, description, true, "networks of one architecture trained to one loss",
        (subject, _, progress, cancellation) =>
            Measure(subject, new WeightNormOptions { Quantity = quantity }, progress, cancellation),
        quantity == WeightNormQuantity.FromInit ? Obstacles.InitialWeights : null);
}
