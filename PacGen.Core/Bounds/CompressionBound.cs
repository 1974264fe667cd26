using MathNet.Numerics;

namespace PacGen.Core.Bounds;

/// <summary>
/// Occam's bound for a predictor that is described by so many bits of a prefix-free code fixed before the sample was seen (Blumer
/// et al. 1987; Zhou et al. 2019; Lotfi et al. 2022 for networks whose weights are quantised): with probability at least 1 − δ,
/// for all predictors at once, L ≤ kl⁻¹(L̂, (bits·log 2 + log 1/δ)/n); of the 0-1 loss, L ≤ sup{p : P(Bin(n, p) ≤ k) ≥
/// δ·2^−bits}, k the errors (Langford 2005). It is for the quantised network itself, without randomness.
/// </summary>
/// <remarks>
/// By Kraft's inequality the 2^−bits of a prefix-free code sum to at most 1, so that each predictor may have δ·2^−bits, and each
/// one's test is that of a predictor fixed before the sample. <see cref="Compression.QuantizedVector"/> makes such a code.
/// </remarks>
public static class CompressionBound
{
    /// <summary>The bound.</summary>
    /// <param name="loss">L̂ of the described predictor, in [0, 1].</param>
    /// <param name="bits">The length of its description, 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static BoundResult Bound(double loss, double bits, long n, double delta)
    {
        Require.Loss(loss);
        Require.SampleSize(n);
        Require.Delta(delta);
        Check(bits);
        double budget = ((bits * Math.Log(2)) - Math.Log(delta)) / n;
        return new BoundResult(
            "Compression bound", BinaryKl.UpperInverse(loss, budget), BoundStatus.ConditionalBound,
            [new("L̂", loss), new("bits", bits), new("(bits·log 2 + log 1/δ)/n", budget)],
            [Assumption.PriorBeforeData, .. Assumption.OfSample])
        {
            FailureProbability = delta,
        };
    }

    /// <summary>
    /// The bound of the 0-1 loss by the exact binomial tail, which kl⁻¹ is above.
    /// </summary>
    /// <param name="errors">k: the errors of the described predictor on the sample, 0 to n.</param>
    /// <param name="bits">The length of its description, 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static BoundResult Exact(long errors, double bits, long n, double delta)
    {
        BoundResult test = BinomialTest.UpperLimit(errors, n, delta);
        Check(bits);
        double logShare = Math.Log(delta) - (bits * Math.Log(2));
        return test with
        {
            Name = "Compression bound, exact",
            Value = BinomialTest.Limit(errors, n, logShare),
            Terms = [.. test.Terms, new("bits", bits), new("log δ·2^−bits", logShare)],
            Assumptions = [Assumption.PriorBeforeData, .. Assumption.OfSample],
        };
    }

    /// <summary>
    /// The bits of a code for m weights that take K levels, m known: K (2⌊log₂K⌋ + 1), the levels, how many weights have each
    /// (log₂ C(m + K − 1, K − 1)), and which (log₂ m!/∏n_c!), rounded up. To it comes what describes anything else that was
    /// chosen by the sample.
    /// </summary>
    /// <param name="counts">How many weights have each level.</param>
    /// <param name="bitsOfLevel">The bits of a level, such as 16 or 32.</param>
    /// <exception cref="ArgumentException">There is no level, or a count is negative.</exception>
    public static double DescriptionLength(ReadOnlySpan<long> counts, int bitsOfLevel = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bitsOfLevel, 1);
        if (counts.IsEmpty)
        {
            throw new ArgumentException("A quantised network has at least one level.", nameof(counts));
        }

        double total = 0, which = 0;
        foreach (long count in counts)
        {
            if (count < 0)
            {
                throw new ArgumentException($"A level of {count} weights: a count is 0 or more.", nameof(counts));
            }

            total += count;
            which -= SpecialFunctions.GammaLn(count + 1d);
        }

        int levels = counts.Length;
        which += SpecialFunctions.GammaLn(total + 1);
        double howMany = SpecialFunctions.GammaLn(total + levels) - SpecialFunctions.GammaLn(total + 1)
            - SpecialFunctions.GammaLn(levels);
        return (2 * Math.Floor(Math.Log2(levels))) + 1 + ((double)levels * bitsOfLevel)
            + Whole(howMany) + Whole(which);

        // A logarithm of 1 may be rounded to a little above 0.
        static double Whole(double nats) => Math.Ceiling(Math.Max((nats / Math.Log(2)) - 1e-9, 0));
    }

    private static void Check(double bits)
    {
        if (!(bits >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "A description has 0 bits or more.");
        }
    }
}
