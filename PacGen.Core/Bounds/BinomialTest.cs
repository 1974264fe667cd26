using MathNet.Numerics;

namespace PacGen.Core.Bounds;

/// <summary>
/// The exact test of one predictor on held-out examples (Clopper and Pearson 1934): of k errors on n independent examples, which
/// the predictor has not seen, p ≤ sup{p : P(Bin(n, p) ≤ k) ≥ δ} with probability at least 1 − δ. What a PAC-Bayes certificate
/// competes with.
/// </summary>
public static class BinomialTest
{
    /// <summary>The upper limit of the error rate.</summary>
    /// <param name="errors">k, 0 to n.</param>
    /// <param name="n">The examples.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static BoundResult UpperLimit(long errors, long n, double delta)
    {
        Require.SampleSize(n);
        Require.Delta(delta);
        if (errors < 0 || errors > n)
        {
            throw new ArgumentOutOfRangeException(nameof(errors), errors, $"errors must be between 0 and n = {n}.");
        }

        return new BoundResult(
            "Exact binomial test", Limit(errors, n, delta), BoundStatus.ConditionalBound,
            [new("errors", errors), new("n", n), new("error rate", (double)errors / n)],
            [Assumption.FixedPredictor, Assumption.IndependentSample]) { FailureProbability = delta };
    }

    /// <summary>P(Bin(n, p) ≤ k).</summary>
    /// <param name="errors">k.</param>
    /// <param name="n">n.</param>
    /// <param name="p">p, in [0, 1].</param>
    internal static double Tail(long errors, long n, double p) => errors >= n ? 1
        : p <= 0 ? 1
        : p >= 1 ? 0
        : SpecialFunctions.BetaRegularized(n - errors, errors + 1, 1 - p);

    private static double Limit(long errors, long n, double delta)
    {
        if (errors == n)
        {
            return 1;
        }

        if (errors == 0)
        {
            // (1 − p)ⁿ = δ.
            return -NearZero.ExpMinusOne(Math.Log(delta) / n);
        }

        // The tail falls in p, from 1 at 0 to 0 at 1; the upper end is taken, where it is below δ.
        double low = (double)errors / n, high = 1;
        low = Tail(errors, n, low) >= delta ? low : 0;
        for (int step = 0; step < 200 && high - low > 1e-15 * high; step++)
        {
            double middle = (low + high) / 2;
            (low, high) = Tail(errors, n, middle) >= delta ? (middle, high) : (low, middle);
        }

        return high;
    }
}
