using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// Two-dimensional inputs on a grid of 25 points with labels −1 and 1, each pair with a known probability: the risk of any
/// predictor is a sum of 50 terms, exact but for rounding.
/// </summary>
internal sealed class FiniteProblem
{
    public const int Cells = 50;

    private readonly double[] cumulative = new double[Cells];

    public FiniteProblem()
    {
        double total = 0;
        for (int cell = 0; cell < Cells; cell++)
        {
            (double x1, double x2, int y) = Of(cell);
            double margin = (2.5 * x1) - (1.5 * x2) + (2 * x1 * x2);
            Probability[cell] = (1 + (0.5 * x1) + (0.25 * x2 * x2)) / (1 + Math.Exp(-y * margin));
            total += Probability[cell];
        }

        double sum = 0;
        for (int cell = 0; cell < Cells; cell++)
        {
            Probability[cell] /= total;
            cumulative[cell] = sum += Probability[cell];
        }
    }

    /// <summary>The largest ‖x‖.</summary>
    public static double Radius { get; } = Math.Sqrt(2);

    /// <summary>P(x, y).</summary>
    public double[] Probability { get; } = new double[Cells];

    /// <summary>The pair (x, y) of a cell.</summary>
    public static (double X1, double X2, int Y) Of(int cell) =>
        ((cell / 2 % 5 / 2d) - 1, (cell / 10 / 2d) - 1, cell % 2 == 0 ? -1 : 1);

    /// <summary>What share of n independent draws each pair has.</summary>
    public double[] Sample(RandomStream random, int n)
    {
        double[] shares = new double[Cells];
        for (int i = 0; i < n; i++)
        {
            double u = random.NextUniform();
            int cell = Array.FindIndex(cumulative, c => u < c);
            shares[cell < 0 ? Cells - 1 : cell] += 1d / n;
        }

        return shares;
    }

    /// <summary>
    /// Σ weight·loss over the cells: the empirical loss under a sample's shares, the risk under the probabilities.
    /// </summary>
    public static double Mean(double[] weights, double[] losses)
    {
        double sum = 0;
        for (int cell = 0; cell < weights.Length; cell++)
        {
            sum += weights[cell] * losses[cell];
        }

        // Rounding may pass 1.
        return Math.Min(sum, 1);
    }

    /// <summary>One-sided: failures at most δ·trials, and four standard deviations.</summary>
    public static double Allowed(double delta, int trials) => (delta * trials) + (4 * Math.Sqrt(delta * (1 - delta) * trials));
}
