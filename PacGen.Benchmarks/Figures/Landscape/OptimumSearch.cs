namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>Finds the local minima of L̂ in a square of (w₁, w₂): the low points of a grid, refined by Newton's method.</summary>
internal static class OptimumSearch
{
    /// <summary>The gradient's length at which a minimum counts as found.</summary>
    public const double Tolerance = 1e-9;

    private const double SameOptimum = 1e-3;
    private const int MostSteps = 200;

    /// <summary>The distinct local minima inside the square, the lowest first.</summary>
    /// <param name="network">The network and its samples.</param>
    /// <param name="range">The square is ±this in both directions.</param>
    /// <param name="losses">
    /// L̂ on an even grid over the square: losses[i, j] at w₁ = −range + i·step, w₂ = −range + j·step.
    /// </param>
    public static IReadOnlyList<(double W1, double W2, Jet Loss)> Find(SharedMlp network, double range, double[,] losses)
    {
        int points = losses.GetLength(0);
        double step = 2 * range / (points - 1);
        List<(double W1, double W2, Jet Loss)> found = [];
        for (int i = 1; i < points - 1; i++)
        {
            for (int j = 1; j < points - 1; j++)
            {
                if (IsLow(losses, i, j)
                    && Refine(network, -range + (i * step), -range + (j * step)) is { } minimum
                    && Math.Max(Math.Abs(minimum.W1), Math.Abs(minimum.W2)) < range
                    && !found.Exists(other => Math.Abs(other.W1 - minimum.W1) + Math.Abs(other.W2 - minimum.W2) < SameOptimum))
                {
                    found.Add(minimum);
                }
            }
        }

        found.Sort((a, b) => a.Loss.Value.CompareTo(b.Loss.Value));
        return found;
    }

    /// <summary>The minimum that Newton's method, made to descend, reaches; null where it reaches none.</summary>
    public static (double W1, double W2, Jet Loss)? Refine(SharedMlp network, double w1, double w2)
    {
        Jet loss = network.LossJet(w1, w2);
        for (int step = 0; step < MostSteps; step++)
        {
            if (loss.GradientNorm < Tolerance)
            {
                return loss.Eigenvalues.Least > 0 ? (w1, w2, loss) : null;
            }

            // H + shift·I is positive definite, so that the step descends.
            (double least, double largest) = loss.Eigenvalues;
            double shift = Math.Max(0, (1e-6 * Math.Max(1, Math.Abs(largest))) - least);
            double a = loss.D11 + shift, c = loss.D22 + shift, determinant = (a * c) - (loss.D12 * loss.D12);
            double s1 = -((c * loss.D1) - (loss.D12 * loss.D2)) / determinant, s2 = -(
                (a * loss.D2) - (loss.D12 * loss.D1)) / determinant;

            // No step longer than 1: the surface is curved beyond.
            double scale = Math.Min(1, 1 / Math.Sqrt((s1 * s1) + (s2 * s2))), slope = (s1 * loss.D1) + (s2 * loss.D2);
            Jet next;
            while (true)
            {
                next = network.LossJet(w1 + (scale * s1), w2 + (scale * s2));
                if (next.Value <= loss.Value + (1e-4 * scale * slope)
                    || next.GradientNorm < loss.GradientNorm && next.Value <= loss.Value + 1e-15)
                {
                    break;
                }

                scale /= 2;
                if (scale < 1e-12)
                {
                    return null;
                }
            }

            w1 += scale * s1;
            w2 += scale * s2;
            loss = next;
        }

        return null;
    }

    private static bool IsLow(double[,] losses, int i, int j)
    {
        for (int di = -1; di <= 1; di++)
        {
            for (int dj = -1; dj <= 1; dj++)
            {
                if ((di != 0 || dj != 0) && !(losses[i + di, j + dj] >= losses[i, j]))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
