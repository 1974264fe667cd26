namespace PacGen.Nn;

/// <summary>
/// Measures trace, Frobenius norm and diagonal of ∇²L̂, or of another curvature matrix, at a network's weights by exact products
/// with random vectors of ±1 (Hutchinson 1990, <see href="https://doi.org/10.1080/03610919008812866">doi
/// 10.1080/03610919008812866</see>; the diagonal: Bekas and others 2007,
/// <see href="https://doi.org/10.1016/j.apnum.2007.01.003">doi 10.1016/j.apnum.2007.01.003</see>).
/// </summary>
public static class Hutchinson
{
    private const uint Stream = 0x6875_7463;

    /// <summary>Measures all three from the same products.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How to draw; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The trace and ‖H‖_F², each with its standard error, and the diagonal.</returns>
    /// <exception cref="ArgumentException">There is no draw.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static HessianMoments Measure(
        EmpiricalLoss subject, HutchinsonOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HutchinsonOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        double[] diagonal = new double[subject.Count];
        List<double> traces = [], squares = [];
        ProductBlock block = new(subject, options.Draws);
        for (int first = 0; first < options.Draws; first += block.Count)
        {
            block.Multiply(
                options.Matrix, Math.Min(block.Count, options.Draws - first),
                (v, i) => RandomSigns.Fill(v, options.Seed, Stream, (uint)(first + i)), cancellation);
            foreach ((double[] v, double[] product) in block.Results)
            {
                double trace = 0, square = 0;
                for (int i = 0; i < v.Length; i++)
                {
                    trace += v[i] * product[i];
                    square += product[i] * product[i];
                    diagonal[i] += v[i] * product[i] / options.Draws;
                }

                traces.Add(trace);
                squares.Add(square);
                progress?.Report(new MeasureProgress("trace", traces.Count, options.Draws));
            }
        }

        MeanEstimate mean = MeanEstimate.Of(traces);
        return new HessianMoments
        {
            Value = mean.Value,
            Uncertainty = Uncertainty.Of(mean),
            Cost = subject.Cost - before,
            Trace = mean,
            SquaredFrobenius = MeanEstimate.Of(squares),
            Diagonal = diagonal,
            Matrix = options.Matrix,
            Layers = Layer.Values(subject.Arena, layer => layer.Sum(diagonal)),
        };
    }
}
