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
            "Exact binomial test", Limit(errors, n, Math.Log(delta)), BoundStatus.ConditionalBound,
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

    /// <summary>sup{p : log P(Bin(n, p) ≤ k) ≥ log δ}.</summary>
    /// <param name="errors">k.</param>
    /// <param name="n">n.</param>
    /// <param name="logDelta">log δ, below 0, however far.</param>
    internal static double Limit(long errors, long n, double logDelta)
    {
        if (errors == n)
        {
            return 1;
        }

        if (errors == 0)
        {
            // (1 − p)ⁿ = δ.
            return -NearZero.ExpMinusOne(logDelta / n);
        }

        // The tail falls in p, from 1 at 0 to 0 at 1; the upper end is taken, where it is below δ.
        double low = (double)errors / n, high = 1, delta = Math.Exp(logDelta);
        low = IsAbove(low) ? low : 0;
        for (int step = 0; step < 200 && high - low > 1e-15 * high; step++)
        {
            double middle = (low + high) / 2;
            (low, high) = IsAbove(middle) ? (middle, high) : (low, middle);
        }

        return high;

        bool IsAbove(double p) => logDelta > -600 ? Tail(errors, n, p) >= delta : LogTail(errors, n, p) >= logDelta;
    }

    /// <summary>log P(Bin(n, p) ≤ k) for p in (0, 1) above k/n, where each term is smaller than the next.</summary>
    private static double LogTail(long errors, long n, double p)
    {
        if (p >= 1)
        {
            return double.NegativeInfinity;
        }

        double sum = 0, term = 1;
        for (long j = errors; j >= 0 && term > 1e-18 * sum; j--)
        {
            sum += term;
            term *= j * (1 - p) / ((n - j + 1) * p);
        }

        return SpecialFunctions.GammaLn(n + 1d) - SpecialFunctions.GammaLn(errors + 1d)
            - SpecialFunctions.GammaLn(n - errors + 1d) + (errors * Math.Log(p))
            + ((n - errors) * NearZero.LogOnePlus(-p)) + Math.Log(sum);
    }
}
