namespace PacGen.Core.Statistics;

/// <summary>Kendall's rank correlation τ-b of two lists of numbers, with ties.</summary>
/// <remarks>
/// τ-b = (C − D)/√((n₀ − n₁)(n₀ − n₂)), where C and D count the pairs that the two lists order alike and differently, n₀ = n(n −
/// 1)/2 is the number of pairs, and n₁ and n₂ are the numbers of pairs with equal x and with equal y (M. G. Kendall, <em>The
/// treatment of ties in ranking problems</em>, Biometrika 33, 1945). Computed by W. R. Knight's method, in n log n steps (<em>A
/// computer method for calculating Kendall's tau with ungrouped data</em>, JASA 61, 1966).
/// </remarks>
public static class KendallTau
{
    /// <summary>τ-b of two lists.</summary>
    /// <param name="x">The first list; infinite values have their place in the order.</param>
    /// <param name="y">The second, of the same length.</param>
    /// <returns>τ-b in [−1, 1]; NaN where one list has no two different values.</returns>
    /// <exception cref="ArgumentException">The lists differ in length, or one holds NaN.</exception>
    public static double Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        double[] firsts = [.. x], seconds = [.. y];
        if (firsts.Length != seconds.Length)
        {
            throw new ArgumentException(
                $"Kendall's τ needs two lists of one length; these have {firsts.Length} and {seconds.Length} numbers.",
                nameof(y));
        }

        if (firsts.Concat(seconds).Any(double.IsNaN))
        {
            throw new ArgumentException("Kendall's τ has no place for NaN in an order; leave such pairs out.", nameof(x));
        }

        return Sorted(firsts, seconds);
    }

    /// <summary>τ-b of two arrays without NaN, which are put in another order.</summary>
    internal static double Sorted(double[] x, double[] y)
    {
        int n = x.Length;

        // By x, and by y where x is equal: then the pairs that are in the wrong order are the inversions of y.
        Array.Sort(x, y);
        for (int from = 0, to; from < n; from = to)
        {
            for (to = from + 1; to < n && x[to] == x[from]; to++)
            {
            }

            Array.Sort(y, from, to - from);
        }

        long pairs = Pairs(n), equalX = 0, equalBoth = 0;
        for (int from = 0, to; from < n; from = to)
        {
            for (to = from + 1; to < n && x[to] == x[from]; to++)
            {
            }

            equalX += Pairs(to - from);
            equalBoth += Ties(y, from, to);
        }

        long inversions = Sort(y, new double[n], 0, n);
        long equalY = Ties(y, 0, n);
        double product = (double)(pairs - equalX) * (pairs - equalY);
        return product == 0 ? double.NaN : (pairs - equalX - equalY + equalBoth - (2 * inversions)) / Math.Sqrt(product);
    }

    private static long Pairs(int n) => (long)n * (n - 1) / 2;

    /// <summary>The pairs of equal values in a part that is sorted.</summary>
    private static long Ties(double[] sorted, int from, int to)
    {
        long ties = 0;
        for (int start = from, end; start < to; start = end)
        {
            for (end = start + 1; end < to && sorted[end] == sorted[start]; end++)
            {
            }

            ties += Pairs(end - start);
        }

        return ties;
    }

    /// <summary>Sorts a part by merging, and counts the pairs that were in the wrong order.</summary>
    private static long Sort(double[] values, double[] room, int from, int to)
    {
        if (to - from < 2)
        {
            return 0;
        }

        int middle = from + ((to - from) / 2);
        long inversions = Sort(values, room, from, middle) + Sort(values, room, middle, to);
        int left = from, right = middle;
        for (int i = from; i < to; i++)
        {
            if (right == to || (left < middle && values[left] <= values[right]))
            {
                room[i] = values[left++];
            }
            else
            {
                inversions += middle - left;
                room[i] = values[right++];
            }
        }

        Array.Copy(room, from, values, from, to - from);
        return inversions;
    }
}
