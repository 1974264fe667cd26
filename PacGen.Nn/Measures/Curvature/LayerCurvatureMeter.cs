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
    /// <returns>The blocks, one a layer.</returns>
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
        int done = 0, all = layers.Count * (options.Draws + options.Products);
        ProductBlock block = new(subject, layers.Count * Math.Max(1, options.Draws));
        List<double>[] traces = [.. layers.Select(_ => new List<double>())];
        List<double>[] squares = [.. layers.Select(_ => new List<double>())];
        Multiply(
            [.. from index in Enumerable.Range(0, layers.Count)
                from draw in Enumerable.Range(0, options.Draws)
                select (index, draw)],
            one => one.index,
            (one, part) => RandomSigns.Fill(part, options.Seed, SignStream + (uint)one.index, (uint)one.draw),
            (one, signs, image) =>
            {
                (double trace, double square) = (0, 0);
                for (int i = 0; i < signs.Length; i++)
                {
                    trace += signs[i] * image[i];
                    square += image[i] * image[i];
                }

                traces[one.index].Add(trace);
                squares[one.index].Add(square);
            });

        // All layers' iterations side by side: the next products of those that go on share passes.
        Krylov[] ends = [.. layers.Select((layer, index) => new Krylov(
            layer.Count, options.Products, options.Tolerance, false, new RandomStream(options.Seed, StartStream, (uint)index),
            Lanczos.Confirmations))];
        while (ends.Any(one => !one.IsDone))
        {
            (int Index, double[] Vector, double[] Product)[] asked = [
                .. from index in Enumerable.Range(0, layers.Count)
                   where !ends[index].IsDone
                   let one = ends[index].Begin()
                   select (index, one.Vector, one.Product)];
            Multiply(
                asked, one => one.Index, (one, part) => one.Vector.CopyTo(part),
                (one, _, image) =>
                {
                    image.CopyTo(one.Product);
                    Krylov run = ends[one.Index];
                    run.End();
                    done += run.IsDone ? options.Products - run.Found.Steps : 0;
                });
        }

        CurvatureBlock[] blocks = [.. layers.Select((layer, index) => new CurvatureBlock(
            layer.Name, layer.Count, ends[index].Found.Largest, ends[index].Found.LargestConverged,
            MeanEstimate.Of(traces[index]), MeanEstimate.Of(squares[index])))];
        CurvatureBlock largest = blocks.MaxBy(one => one.LargestEigenvalue)!;
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
            Layers = [.. blocks.Select(one => new LayerValue(one.Name, one.LargestEigenvalue))],
        };

        // Products with vectors that are 0 outside a layer, as many in a pass as the block holds; of each its layer's part.
        void Multiply<T>(IReadOnlyList<T> items, Func<T, int> layerOf, Filling<T> fill, Taking<T> take)
        {
            for (int first = 0; first < items.Count; first += block.Count)
            {
                int start = first, count = Math.Min(block.Count, items.Count - first), next = first;
                block.Multiply(
                    options.Matrix, count,
                    (v, i) =>
                    {
                        Array.Clear(v);
                        fill(items[start + i], layers[layerOf(items[start + i])].Of(v));
                    },
                    cancellation);
                foreach ((double[] v, double[] product) in block.Results)
                {
                    T item = items[next++];
                    Layer layer = layers[layerOf(item)];
                    done++;
                    take(item, layer.Of(v), layer.Of(product));
                    progress?.Report(new MeasureProgress("curvature by layer", done, all));
                }
            }
        }
    }

    private delegate void Filling<T>(T item, Span<double> part);

    private delegate void Taking<T>(T item, Span<double> vector, Span<double> product);
}
