namespace PacGen.Core.Bounds;

/// <summary>
/// kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)), the divergence of two coins, and its inverses in p, which turn
/// kl(L̂‖L) ≤ B into a bound on L.
/// </summary>
/// <remarks>
/// With d = p − q and H(x) = x − ln(1 + x), kl(q‖p) = q·H(d/q) + (1 − q)·H(−d/(1 − q)): both terms are positive, so nothing
/// cancels when p is near q. The inverses solve for t = ln((1 − q)/(1 − p)), in which kl is convex with derivative d/p, so that
/// Newton's steps from above never overshoot; d and 1 − p both follow from t without loss of digits.
/// </remarks>
public static class BinaryKl
{
    /// <summary>Beyond this t, e⁻ᵗ is 0.</summary>
    private const double LargestExponent = 800;

    /// <summary>kl(q‖p), with relative error below 10⁻¹⁴; +∞ where p is 0 or 1 and q is not the same.</summary>
    /// <param name="q">The first coin's probability, in [0, 1].</param>
    /// <param name="p">The second's, in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">q or p is outside [0, 1] or NaN.</exception>
    public static double Divergence(double q, double p)
    {
        ThrowIfNoProbability(q, nameof(q));
        ThrowIfNoProbability(p, nameof(p));
        if (q == p)
        {
            return 0;
        }

        return p > q ? Above(q, 1 - q, p - q, p, 1 - p) : Above(1 - q, q, q - p, 1 - p, p);
    }

    /// <summary>
    /// sup{p ∈ [q, 1] : kl(q‖p) ≤ budget}: the largest risk that an empirical loss q leaves possible. p and, as far as a number
    /// near 1 can tell, 1 − p have a relative error below 10⁻¹².
    /// </summary>
    /// <param name="q">The empirical loss, in [0, 1].</param>
    /// <param name="budget">B ≥ 0; +∞ gives 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">q is outside [0, 1], the budget is negative, or one of them is
    /// NaN.</exception>
    public static double UpperInverse(double q, double budget)
    {
        ThrowIfNoProbability(q, nameof(q));
        ThrowIfNoBudget(budget);
        (double rise, double complement) = Solve(q, 1 - q, budget);
        return complement < 0.5 ? 1 - complement : q + rise;
    }

    /// <summary>inf{p ∈ [0, q] : kl(q‖p) ≤ budget}: the smallest risk that an empirical loss q leaves possible.</summary>
    /// <param name="q">The empirical loss, in [0, 1].</param>
    /// <param name="budget">B ≥ 0; +∞ gives 0: kl(q‖0) is finite for no q but 0, and +∞ is allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">q is outside [0, 1], the budget is negative, or one of them is
    /// NaN.</exception>
    public static double LowerInverse(double q, double budget)
    {
        ThrowIfNoProbability(q, nameof(q));
        ThrowIfNoBudget(budget);

        // kl(q‖p) = kl(1 − q‖1 − p): what falls short of 1 on the other side is p itself.
        return Solve(1 - q, q, budget).Complement;
    }

    /// <summary>kl for p above q, from q, 1 − q, d = p − q, p and 1 − p, each as exact as it can be had.</summary>
    private static double Above(double q, double complement, double d, double p, double remainder)
    {
        if (remainder == 0)
        {
            return double.PositiveInfinity;
        }

        double y = d / complement;
        double second = y <= 0.5 ? NearZero.LogOnePlusDeficit(-y) : -y - Math.Log(remainder / complement);
        return FirstTerm(q, d, p) + (complement * second);
    }

    /// <summary>q·H(d/q) for d > 0; d where q is 0.</summary>
    private static double FirstTerm(double q, double d, double p)
    {
        if (q == 0)
        {
            return d;
        }

        // d/q and p/q may overflow where q·H(d/q) = d − q ln(p/q) does not.
        double ratio = p / q;
        return d <= q / 2 ? q * NearZero.LogOnePlusDeficit(d / q)
            : d - (q * (double.IsInfinity(ratio) ? Math.Log(p) - Math.Log(q) : Math.Log(ratio)));
    }

    /// <summary>d and 1 − p of the p = q + d above q where kl(q‖p) is the budget; complement is 1 − q.</summary>
    private static (double Rise, double Complement) Solve(double q, double complement, double budget)
    {
        if (budget == 0 || complement == 0)
        {
            return (0, complement);
        }

        // kl ≤ (1 − q)·t.
        if (budget / complement > LargestExponent)
        {
            return (complement, 0);
        }

        // q = 0: kl(0‖p) = −ln(1 − p) = t.
        double t = q == 0 ? budget : Newton(q, complement, budget);
        return (-complement * NearZero.ExpMinusOne(-t), complement * Math.Exp(-t));
    }

    private static double Newton(double q, double complement, double budget)
    {
        // From above: by kl ≥ (1 − q)t + q ln q, and by kl ≥ d²/2p, that is d ≤ B + √(B² + 2qB).
        double t = (budget - (q * (q < 0.5 ? Math.Log(q) : NearZero.LogOnePlus(-complement)))) / complement;
        double y = (budget + (Math.Sqrt(budget) * Math.Sqrt(budget + (2 * q)))) / complement;
        if (y < 1)
        {
            t = Math.Min(t, -NearZero.LogOnePlus(-y));
        }

        // At most some tens of steps: far from the root kl is straight, near it each step at least halves the distance, then
        // squares it.
        for (int step = 0; step < 200; step++)
        {
            double d = -complement * NearZero.ExpMinusOne(-t), p = q + d;
            double excess = FirstTerm(q, d, p) + (complement * NearZero.ExpDeficit(t)) - budget;
            double next = t - (excess * (p / d));

            // Steps from above are downward; the first that is not, is rounding.
            if (!(next < t) || next <= 0)
            {
                break;
            }

            t = next;
        }

        return t;
    }

    private static void ThrowIfNoProbability(double value, string name)
    {
        if (!(value is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"{name} must lie in [0, 1]: it is the probability of a coin, or a loss scaled to [0, 1].");
        }
    }

    private static void ThrowIfNoBudget(double budget)
    {
        if (!(budget >= 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(budget), budget, "budget must be 0 or more: it bounds kl(q‖p), which is never negative.");
        }
    }
}
