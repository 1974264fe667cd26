namespace PacGen.Core.Bounds;

/// <summary>
/// Posteriors over finitely many predictors. ρ(h) ∝ π(h)·exp(−C·errors(h)) makes C·𝔼errors + KL(ρ‖π) smallest, where it is
/// −log Σ π(h)exp(−C·errors(h)) (Donsker and Varadhan): never above what π itself has, and below it by about
/// ½C²·Var(errors).
/// </summary>
public static class GibbsPosterior
{
    /// <summary>ρ.</summary>
    /// <param name="prior">π, which sums to 1.</param>
    /// <param name="errors">The errors, or summed losses, of each predictor.</param>
    /// <param name="c">C, 0 or more.</param>
    /// <exception cref="ArgumentException">There is not one number of errors for each predictor, or π is none.</exception>
    public static double[] Weights(ReadOnlySpan<double> prior, ReadOnlySpan<double> errors, double c)
    {
        if (prior.Length != errors.Length)
        {
            throw new ArgumentException($"{prior.Length} predictors have {errors.Length} numbers of errors.", nameof(errors));
        }

        RequireDistribution(prior, nameof(prior));
        double least = double.PositiveInfinity, sum = 0;
        for (int h = 0; h < prior.Length; h++)
        {
            least = prior[h] > 0 ? Math.Min(least, errors[h]) : least;
        }

        double[] weights = new double[prior.Length];
        for (int h = 0; h < weights.Length; h++)
        {
            weights[h] = prior[h] > 0 ? prior[h] * Math.Exp(-c * (errors[h] - least)) : 0;
            sum += weights[h];
        }

        return Array.ConvertAll(weights, weight => weight / sum);
    }

    /// <summary>KL(ρ‖π) = Σ ρ(h) log(ρ(h)/π(h)); +∞ where ρ has a predictor that π excludes.</summary>
    /// <param name="posterior">ρ.</param>
    /// <param name="prior">π.</param>
    /// <exception cref="ArgumentException">One of the two is no distribution, or they are of different lengths.</exception>
    public static double Kl(ReadOnlySpan<double> posterior, ReadOnlySpan<double> prior)
    {
        if (prior.Length != posterior.Length)
        {
            throw new ArgumentException(
                $"A posterior over {posterior.Length} predictors has a prior over {prior.Length}.", nameof(prior));
        }

        RequireDistribution(posterior, nameof(posterior));
        RequireDistribution(prior, nameof(prior));
        double sum = 0;
        for (int h = 0; h < prior.Length; h++)
        {
            sum += posterior[h] > 0 ? posterior[h] * Math.Log(posterior[h] / prior[h]) : 0;
        }

        return Math.Max(sum, 0);
    }

    private static void RequireDistribution(ReadOnlySpan<double> weights, string name)
    {
        double sum = 0;
        foreach (double weight in weights)
        {
            sum += weight >= 0 ? weight : double.NaN;
        }

        if (!(Math.Abs(sum - 1) <= 1e-9))
        {
            throw new ArgumentException($"A distribution's weights are 0 or more and sum to 1, but these sum to {sum}.", name);
        }
    }
}
