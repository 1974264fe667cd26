namespace PacGen.Nn;

/// <summary>Vectors whose products with a curvature matrix are taken together, and room for as many as share a pass.</summary>
/// <param name="subject">L̂ of the network.</param>
/// <param name="most">How many vectors there are in all.</param>
internal sealed class ProductBlock(EmpiricalLoss subject, int most)
{
    /// <summary>What vectors, products and the graph's gradients of a block may take, in numbers.</summary>
    private const long MostNumbers = 1L << 26;

    private readonly List<(double[] Along, double[] Product)> all = [];
    private int used;

    /// <summary>How many share a pass: fewer where the network is large.</summary>
    public int Count { get; } =
        (int)Math.Clamp(MostNumbers / (4L * subject.Count), 1, Math.Min(EmpiricalLoss.ProductsAtOnce, most));

    /// <summary>The vectors of the last call with their products.</summary>
    public IEnumerable<(double[] Along, double[] Product)> Results => all.Take(used);

    /// <summary>Takes the products of some vectors.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="count">How many, at most <see cref="Count"/>.</param>
    /// <param name="fill">Writes a vector, the i-th from 0.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public void Multiply(CurvatureMatrix matrix, int count, Action<double[], int> fill, CancellationToken cancellation)
    {
        while (all.Count < count)
        {
            all.Add((new double[subject.Count], new double[subject.Count]));
        }

        used = count;
        for (int i = 0; i < count; i++)
        {
            fill(all[i].Along, i);
        }

        subject.Products(
            matrix, [.. Results.Select(one => one.Along)], [.. Results.Select(one => one.Product)], cancellation);
    }
}
