using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Measures λ_max, trace and Frobenius norm of the blocks of ∇²L̂, or of another curvature matrix, that single layers' weights
/// make: by products with vectors that are 0 elsewhere, of which the layer's part is looked at.
/// </summary>
public static class LayerCurvatureMeter
{
    private const uint StartStream = 0x6C61_7962, SignStream = 0x6C61_7974;

    /// <summary>Measures the blocks.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How many products; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LayerCurvature Measure(
        EmpiricalLoss subject, LayerCurvatureOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new LayerCurvatureOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        IReadOnlyList<Layer> layers = Layer.Of(subject.Arena);
        double[] v = new double[subject.Count], product = new double[subject.Count];
        List<CurvatureBlock> blocks = [];
        int each = options.Draws + options.Products, done = 0;
        for (int index = 0; index < layers.Count; index++)
        {
            Layer layer = layers[index];
            List<double> traces = [], squares = [];
            double[] signs = new double[layer.Count], image = new double[layer.Count];
            for (int draw = 0; draw < options.Draws; draw++)
            {
                RandomSigns.Fill(signs, options.Seed, SignStream + (uint)index, (uint)draw);
                Apply(signs, image);
                traces.Add(signs.Zip(image, (a, b) => a * b).Sum());
                squares.Add(image.Sum(value => value * value));
            }

            Krylov.Ends ends = Krylov.Run(
                layer.Count, Apply, options.Products, options.Tolerance, false,
                new RandomStream(options.Seed, StartStream, (uint)index), Lanczos.Confirmations);
            done = (index + 1) * each;
            blocks.Add(new CurvatureBlock(
                layer.Name, layer.Count, ends.Largest, ends.LargestConverged, MeanEstimate.Of(traces), MeanEstimate.Of(squares)));

            void Apply(double[] along, double[] result)
            {
                Array.Clear(v);
                along.CopyTo(layer.Of(v));
                subject.Product(options.Matrix, v, product, cancellation);
                layer.Of(product).CopyTo(result);
                progress?.Report(new MeasureProgress("curvature by layer", ++done, layers.Count * each));
            }
        }

        CurvatureBlock largest = blocks.MaxBy(block => block.LargestEigenvalue)!;
        return new LayerCurvature
        {
            Value = largest.LargestEigenvalue,
            Uncertainty = largest.Converged
                ? Uncertainty.Within(
                    largest.LargestEigenvalue, options.Tolerance * Math.Abs(largest.LargestEigenvalue),
                    "an eigenvalue's residual")
                : Uncertainty.LowerBound(largest.LargestEigenvalue),
            Cost = subject.Cost - before,
            Matrix = options.Matrix,
            Blocks = blocks,
            Layers = [.. blocks.Select(block => new LayerValue(block.Name, block.LargestEigenvalue))],
        };
    }
}
