namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>
/// Values over an even grid of (w₁, w₂) on the square ±<see cref="Range"/>; [i, j] is at (Coordinate(i), Coordinate(j)).
/// </summary>
internal sealed class LossSurface
{
    private LossSurface(double range, int points)
    {
        Range = range;
        Points = points;
        Loss = new double[points, points];
        Psi = new double[points, points];
        Bound = new double[points, points];
    }

    /// <summary>Half the square's side.</summary>
    public double Range { get; }

    /// <summary>The points in each direction.</summary>
    public int Points { get; }

    /// <summary>L̂.</summary>
    public double[,] Loss { get; }

    /// <summary>Ψ (24).</summary>
    public double[,] Psi { get; }

    /// <summary>The right-hand side of (13), approximated.</summary>
    public double[,] Bound { get; }

    /// <summary>The coordinate of a grid line.</summary>
    public double Coordinate(int i) => Range * ((2.0 * i / (Points - 1)) - 1);

    /// <summary>L̂, Ψ and the bound at every point, by several threads; the values don't depend on their number.</summary>
    /// <param name="network">The network and its samples.</param>
    /// <param name="range">Half the square's side.</param>
    /// <param name="points">The points in each direction.</param>
    /// <param name="work">How many threads, who may stop them.</param>
    /// <param name="rowDone">Notified after each of the <paramref name="points"/> rows, by any thread.</param>
    /// <exception cref="OperationCanceledException">Somebody stopped it.</exception>
    public static LossSurface Score(SharedMlp network, double range, int points, ParallelOptions work, Action rowDone)
    {
        LossSurface surface = new(range, points);
        Parallel.For(0, points, work, i =>
        {
            for (int j = 0; j < points; j++)
            {
                PointScore score = PointScore.At(network, surface.Coordinate(i), surface.Coordinate(j));
                surface.Loss[i, j] = score.Loss.Value;
                surface.Psi[i, j] = score.Psi;
                surface.Bound[i, j] = score.Bound;
            }

            rowDone();
        });
        return surface;
    }

    /// <summary>L̂ alone, by the calling thread.</summary>
    public static double[,] Losses(SharedMlp network, double range, int points)
    {
        LossSurface surface = new(range, points);
        for (int i = 0; i < points; i++)
        {
            for (int j = 0; j < points; j++)
            {
                surface.Loss[i, j] = network.Loss(surface.Coordinate(i), surface.Coordinate(j));
            }
        }

        return surface.Loss;
    }
}
