using System.Globalization;

namespace PacGen.Core.Bounds;

/// <summary>What a certificate would be if one thing more were known or free, and what that thing costs.</summary>
/// <param name="Name">What is known, or what is paid from here on.</param>
/// <param name="Value">The limit then.</param>
/// <param name="Cost">How much it is above the row before.</param>
public sealed record OracleComparison(string Name, double Value, double Cost)
{
    private const string Loss = "the loss on the sample itself", Chernoff = "kl⁻¹ in place of the exact tail";

    /// <summary>
    /// From the posterior's loss on the sample to its certificate (Maurer–Seeger after Monte-Carlo draws), one part after the
    /// other: the exact test of a classifier fixed before, on all examples and on the sample's, kl⁻¹, ξ(n), log K, KL, the draws.
    /// No prior, were it chosen by an oracle that knows the posterior, brings the inequality below the row where KL is 0.
    /// </summary>
    /// <remarks>
    /// The loss counts as one coin an example, errors between whole numbers by a straight line. None of the rows but the last
    /// is a bound: they ask what is not known.
    /// </remarks>
    /// <param name="loss">q̂, the draws' mean.</param>
    /// <param name="limit">q̄, its upper limit.</param>
    /// <param name="kl">KL.</param>
    /// <param name="choices">K, the priors that the choice was from.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="all">The examples of prior and sample together; n where there are no others.</param>
    /// <param name="delta">δ.</param>
    /// <param name="deltaPrime">δ′ of the draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static IReadOnlyList<OracleComparison> OfPosterior(
        double loss, double limit, double kl, int choices, long n, long all, double delta, double deltaPrime)
    {
        Require.Premises(loss, kl, n, delta);
        Require.Delta(deltaPrime);
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(all, n);
        double xi = Math.Log(MaurerSeeger.Xi(n)), logK = Math.Log(choices), logDelta = -Math.Log(delta);
        double Inverse(double nats) => BinaryKl.UpperInverse(loss, nats / n);
        return Rows(
            (Loss, loss),
            ($"an exact test of it, fixed before, on all {all} examples", Test(loss, all, delta + deltaPrime)),
            ($"the same on the {n} of the sample: the split", Test(loss, n, delta + deltaPrime)),
            ("δ in place of δ + δ′", Test(loss, n, delta)),
            (Chernoff, Inverse(logDelta)),
            ("ξ(n): the best prior that an oracle could choose, KL 0", Inverse(xi + logDelta)),
            ("log K", Inverse(logK + xi + logDelta)),
            ("KL", Inverse(kl + logK + xi + logDelta)),
            ("the draws' limit, q̄ for q̂: the certificate", MaurerSeeger.Bound(limit, kl + logK, n, delta).Value));
    }

    /// <summary>
    /// From the mean loss of a sequence of stages to its certificate (<see cref="SequentialBound"/>): the exact test of a
    /// classifier fixed before, Chernoff's limit, which Catoni's form is at the best C, the C that was fixed before, Σ KL.
    /// </summary>
    /// <param name="loss">L̂ of all stages.</param>
    /// <param name="kl">Σ KL.</param>
    /// <param name="n">The examples of all stages.</param>
    /// <param name="all">Those and the ones of the first training together.</param>
    /// <param name="delta">δ.</param>
    /// <param name="eta">η = nC as it was fixed.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static IReadOnlyList<OracleComparison> OfSequence(
        double loss, double kl, long n, long all, double delta, double eta)
    {
        Require.Premises(loss, kl, n, delta);
        ArgumentOutOfRangeException.ThrowIfLessThan(all, n);
        return Rows(
            (Loss, loss),
            ($"an exact test of it, fixed before, on all {all} examples", Test(loss, all, delta)),
            ($"the same on the {n} of the stages: the first training's share", Test(loss, n, delta)),
            (Chernoff + ", at the best C", BinaryKl.UpperInverse(loss, -Math.Log(delta) / n)),
            ("C fixed before", SequentialBound.Bound(loss, 0, n, delta, eta).Value),
            ("Σ KL: the certificate", SequentialBound.Bound(loss, kl, n, delta, eta).Value));
    }

    /// <summary>One line for people.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}: {Value:F4}, {Cost:+0.0000;−0.0000} of it here");

    private static OracleComparison[] Rows(params (string Name, double Value)[] rows) =>
        [.. rows.Select((row, i) => new OracleComparison(row.Name, row.Value, row.Value - (i == 0 ? 0 : rows[i - 1].Value)))];

    /// <summary>The exact binomial limit, between whole numbers of errors by a straight line.</summary>
    private static double Test(double loss, long n, double delta)
    {
        double errors = loss * n, logDelta = Math.Log(delta);
        long below = (long)Math.Floor(errors + 1e-9), above = Math.Min(below + 1, n);
        double low = BinomialTest.Limit(below, n, logDelta), part = Math.Max(errors - below, 0);
        return low + (part * (BinomialTest.Limit(above, n, logDelta) - low));
    }
}
