namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>The local minima of a landscape, and which two of them Figure 1 marks.</summary>
/// <remarks>
/// The sharp global optimum and the flat one both exist where the lowest local minimum in the square is its lowest point (no
/// point of the grid is lower, so the loss doesn't fall on towards the border), and another local minimum whose loss is at most
/// <see cref="LossMargin"/> higher has a smaller Ψ and a smaller largest eigenvalue of the Hessian. The flat one is that of the
/// smallest Ψ.
/// </remarks>
internal sealed class Optima
{
    /// <summary>By how much the flat optimum's loss may exceed the global one, in nats.</summary>
    public const double LossMargin = 0.1;

    private const double GridTolerance = 1e-9;

    private Optima(IReadOnlyList<PointScore> minima, bool globalInside)
    {
        Minima = minima;
        GlobalInside = globalInside;
        if (globalInside)
        {
            Sharp = minima[0];
            Flat = minima
                .Skip(1)
                .Where(other => other.Loss.Value <= Sharp.Loss.Value + LossMargin
                    && other.Psi < Sharp.Psi
                    && other.Loss.Eigenvalues.Largest < Sharp.Loss.Eigenvalues.Largest)
                .MinBy(other => other.Psi);
        }
    }

    /// <summary>All local minima found inside the square, the lowest first.</summary>
    public IReadOnlyList<PointScore> Minima { get; }

    /// <summary>Whether the lowest local minimum is the lowest point of the square.</summary>
    public bool GlobalInside { get; }

    /// <summary>The global optimum, where it is inside.</summary>
    public PointScore? Sharp { get; }

    /// <summary>The flat optimum beside the sharp global one, or null where there is none.</summary>
    public PointScore? Flat { get; }

    /// <summary>Finds and scores the local minima.</summary>
    /// <param name="network">The network and its samples.</param>
    /// <param name="range">Half the square's side.</param>
    /// <param name="losses">L̂ on an even grid over the square.</param>
    public static Optima Find(SharedMlp network, double range, double[,] losses)
    {
        PointScore[] minima =
            [.. OptimumSearch.Find(network, range, losses).Select(found => PointScore.At(network, found.W1, found.W2))];
        return new Optima(minima, minima.Length > 0 && losses.Cast<double>().Min() >= minima[0].Loss.Value - GridTolerance);
    }
}
