using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Products with curvature matrices.</content>
public sealed partial class EmpiricalLoss
{
    /// <summary>How many products of <see cref="Products"/> share a pass.</summary>
    public const int ProductsAtOnce = 8;

    private readonly List<(DeviceBuffer Along, DeviceBuffer Product)> directions = [];
    private readonly Dictionary<(CurvatureMatrix Matrix, int Count), BatchGraph> products = [];

    /// <summary>∇²L̂·v at the point.</summary>
    /// <inheritdoc cref="Product"/>
    public void HessianProduct(ReadOnlySpan<double> along, Span<double> product, CancellationToken cancellation = default) =>
        Product(CurvatureMatrix.Hessian, along, product, cancellation);

    /// <summary>A curvature matrix at the point times v.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="along">v, m numbers; rounded to single precision.</param>
    /// <param name="product">Gets the m numbers of the product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">A span does not have m numbers.</exception>
    /// <exception cref="TrainingException">The product is not finite there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Product(
        CurvatureMatrix matrix, ReadOnlySpan<double> along, Span<double> product, CancellationToken cancellation = default)
    {
        Require(product.Length, nameof(product));
        BatchGraph graph = ProductGraph(matrix, 1);
        Send(along, 0);
        Means(graph, [directions[0].Product], withLoss: false, product, cancellation);
        Finite(product);
        Cost += new PassCost(0, 0, 1);
    }

    /// <summary>
    /// A curvature matrix at the point times several vectors. Up to <see cref="ProductsAtOnce"/> of them share the pass to ∇L̂,
    /// so that each takes less time than a product alone.
    /// </summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="along">The vectors, m numbers each; rounded to single precision.</param>
    /// <param name="results">Gets the products, m numbers each.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">There are not as many results as vectors, or one does not have m numbers.</exception>
    /// <exception cref="TrainingException">A product is not finite there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Products(
        CurvatureMatrix matrix, IReadOnlyList<double[]> along, IReadOnlyList<double[]> results,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(along);
        ArgumentNullException.ThrowIfNull(results);
        if (along.Count != results.Count)
        {
            throw new ArgumentException($"{results.Count} results are given for {along.Count} vectors.", nameof(results));
        }

        for (int first = 0; first < along.Count;)
        {
            // Whole groups, then what is left in powers of two: few graphs are compiled.
            int count = ProductsAtOnce;
            while (count > along.Count - first)
            {
                count /= 2;
            }

            BatchGraph graph = ProductGraph(matrix, count);
            for (int i = 0; i < count; i++)
            {
                Require(results[first + i].Length, nameof(results));
                Send(along[first + i], i);
            }

            Means(graph, [.. results.Skip(first).Take(count)], cancellation);
            for (int i = 0; i < count; i++)
            {
                Finite(results[first + i]);
            }

            Cost += new PassCost(0, 0, count);
            first += count;
        }
    }

    /// <summary>The means over the set of a graph's products of each batch.</summary>
    private void Means(BatchGraph graph, double[][] results, CancellationToken cancellation)
    {
        DeviceBuffer[] made = [.. directions.Take(results.Length).Select(one => one.Product)];
        if (arena.Parallel.Own > 1)
        {
            Span<double> means = Means(graph, made, withLoss: false, default, cancellation);
            for (int i = 0; i < results.Length; i++)
            {
                means.Slice(i * Count, Count).CopyTo(results[i]);
            }

            return;
        }

        // One part's sums go where they are wanted.
        batches.Begin(takesTurns: false);
        Array.ForEach(results, Array.Clear);
        new TreeSum<double>(0).Run(
            arena.Parallel,
            batches.Count,
            (index, place, _) =>
            {
                Batch batch = batches.Next(index, begins: place == 0);
                graph.Run(batch.Samples, batch.Targets);
                for (int i = 0; i < results.Length; i++)
                {
                    Add(made[i], results[i], (double)batch.Count / Images.Count);
                }
            },
            null,
            cancellation);
        Array.ForEach(results, result => arena.Parallel.Ranks.Sum(result));
    }

    private BatchGraph ProductGraph(CurvatureMatrix matrix, int count)
    {
        if (products.TryGetValue((matrix, count), out BatchGraph? graph))
        {
            return graph;
        }

        while (directions.Count < count)
        {
            DeviceBuffer vector = arena.Device.Allocate(arena.Count);
            try
            {
                directions.Add((vector, arena.Device.Allocate(arena.Count)));
            }
            catch
            {
                vector.Dispose();
                throw;
            }
        }

        Tensor[] weights = [.. arena.Parameters.Select(parameter => parameter.Tensor)];
        Tensor[][] along = [.. Enumerable.Range(0, count).Select(
            _ => (Tensor[])[.. arena.Parameters.Select(
                parameter => Tensor.Input(parameter.Shape, $"direction of {parameter.Name}"))])];
        Dictionary<Tensor, Region> bound = [];
        for (int v = 0; v < count; v++)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                bound[along[v][i]] = arena.Segment(directions[v].Along, i);
            }
        }

        graph = Graph(null, bound, new((output, labels) => CurvatureGraphs.Products(
            matrix, Loss, output, labels, weights, along).Select((scalar, i) => (scalar, directions[i].Product))));
        products[(matrix, count)] = graph;
        return graph;
    }
}
