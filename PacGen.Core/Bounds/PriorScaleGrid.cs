namespace PacGen.Core.Bounds;

/// <summary>
/// A prior's scale chosen by the sample, paid for by a union bound, as in Langford and Caruana (2001) and Dziugaite and Roy
/// (2017): the scales are λ_j = c·exp(−j/b), j = 1, 2, …, and scale j gets δ_j = 6δ/(π²j²); these sum to δ.
/// </summary>
/// <remarks>Any way of choosing j is valid, this one's included; use log 1/δ_j, that is δ_j, where a bound asks for δ.</remarks>
public sealed class PriorScaleGrid
{
    private static readonly double LogInverseFirstWeight = Math.Log(Math.PI * Math.PI / 6);

    /// <summary>
    /// The grid of scales below <paramref name="largest"/>, <paramref name="precision"/> of them for each factor e.
    /// </summary>
    /// <param name="largest">c, above 0; Dziugaite and Roy take 0.1 for a variance.</param>
    /// <param name="precision">b, above 0; they take 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive and finite.</exception>
    public PriorScaleGrid(double largest, double precision = 100)
    {
        Require.Positive(largest);
        Require.Positive(precision);
        Largest = largest;
        Precision = precision;
    }

    /// <summary>c: every scale is below it.</summary>
    public double Largest { get; }

    /// <summary>b: how many scales there are for each factor e.</summary>
    public double Precision { get; }

    /// <summary>λ_j = c·exp(−j/b).</summary>
    /// <param name="j">The place, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">j is below 1.</exception>
    public double Scale(int j)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(j, 1);
        return Largest * Math.Exp(-j / Precision);
    }

    /// <summary>δ_j = 6δ/(π²j²).</summary>
    /// <param name="j">The place, from 1.</param>
    /// <param name="delta">δ, in (0, 1): of the whole grid.</param>
    /// <exception cref="ArgumentOutOfRangeException">j is below 1, or δ is outside (0, 1).</exception>
    public static double Delta(int j, double delta) => Math.Exp(-LogInverseDelta(j, delta));

    /// <summary>log 1/δ_j = log 1/δ + log π²j²/6.</summary>
    /// <param name="j">The place, from 1.</param>
    /// <param name="delta">δ, in (0, 1): of the whole grid.</param>
    /// <exception cref="ArgumentOutOfRangeException">j is below 1, or δ is outside (0, 1).</exception>
    public static double LogInverseDelta(int j, double delta)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(j, 1);
        Require.Delta(delta);
        return LogInverseFirstWeight + (2 * Math.Log(j)) - Math.Log(delta);
    }

    /// <summary>
    /// The place whose scale is nearest, on the logarithmic scale, to the one given; 1 for all that are too large.
    /// </summary>
    /// <param name="scale">The scale wished for, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The scale is not positive and finite.</exception>
    public int Nearest(double scale)
    {
        Require.Positive(scale);
        return (int)Math.Clamp(Math.Round(Precision * (Math.Log(Largest) - Math.Log(scale))), 1, int.MaxValue - 1);
    }

    /// <summary>A place near the scale given from which neither neighbour makes KL(λ_j) + log 1/δ_j smaller.</summary>
    /// <param name="kl">KL(posterior‖prior) as a function of the prior's scale.</param>
    /// <param name="near">Where to begin: the scale at which KL alone is smallest.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="near"/> is not positive and finite.</exception>
    public int Best(Func<double, double> kl, double near)
    {
        ArgumentNullException.ThrowIfNull(kl);
        int best = Nearest(near);
        double value = kl(Scale(best)) + (2 * Math.Log(best));
        foreach (int step in new[] { -1, 1 })
        {
            while (best + step is >= 1 and < int.MaxValue)
            {
                double other = kl(Scale(best + step)) + (2 * Math.Log(best + step));
                if (!(other < value))
                {
                    break;
                }

                best += step;
                value = other;
            }
        }

        return best;
    }
}
