namespace PacGen.Core.Bounds;

/// <summary>
/// The least of L̂ + ℳ + 𝒢 over a grid of η, where each ηⱼ has its own ℳ and KL, which cost a pass over the parameters.
/// </summary>
internal sealed class GridSearch
{
    private readonly BoundSample sample;
    private readonly EtaGrid grid;
    private readonly bool given;

    private int place = -1;
    private (double Eta, double LogInverseDelta, double Sharpness, double Kl) best;
    private double least = double.PositiveInfinity;

    private GridSearch(BoundSample sample, EtaGrid? grid)
    {
        this.sample = sample;
        this.grid = grid ?? EtaGrid.Geometric(sample.Count, sample.Delta);
        given = grid is not null;
    }

    /// <summary>Searches. One call for each ηⱼ that could be the best, some ten.</summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="grid">The grid; <see cref="EtaGrid.Geometric"/> of n and δ where null.</param>
    /// <param name="network">What ℳ and KL are of.</param>
    /// <param name="sumsAt">ℳ and KL at an η.</param>
    public static GridSearch Over<TNetwork>(
        BoundSample sample, EtaGrid? grid, TNetwork network, Func<TNetwork, double, (double Sharpness, double Kl)> sumsAt)
        where TNetwork : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(sample);
        GridSearch search = new(sample, grid);
        while (search.Next(out double eta))
        {
            (double sharpness, double kl) = sumsAt(network, eta);
            search.Offer(sharpness, kl);
        }

        return search;
    }

    /// <summary>What is assumed of η: nothing for the grid that follows from n and δ.</summary>
    public IReadOnlyList<Assumption> Assumptions => given ? [Assumption.GridBeforeData] : [];

    /// <summary>The next ηⱼ that could be the best one.</summary>
    private bool Next(out double eta)
    {
        for (eta = 0; ++place < (grid.Count ?? int.MaxValue);)
        {
            eta = grid.Eta(place);

            // Where η/2n alone is too much; a grid without an end grows, one's own may not.
            if (place == 0 || eta / (2.0 * sample.Count) < least)
            {
                return true;
            }

            if (grid.Count is null)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>ℳ and KL at the ηⱼ that came last.</summary>
    private void Offer(double sharpness, double kl)
    {
        double eta = grid.Eta(place), logInverseDelta = grid.LogInverseDelta(place, sample.Delta);
        double value = sharpness + ((kl + logInverseDelta) / eta) + (eta / (2.0 * sample.Count));
        if (place == 0 || value < least)
        {
            (best, least) = ((eta, logInverseDelta, sharpness, kl), value);
        }
    }

    /// <summary>The bound at the best ηⱼ.</summary>
    public BoundResult Result(string name, BoundStatus status, IReadOnlyList<Assumption> assumptions) =>
        Summands.Result(name, sample, best.Eta, best.LogInverseDelta, ("ℳ", best.Sharpness), best.Kl, status, assumptions);
}

/// <summary>The weights of a network and the diagonal of its Hessian.</summary>
internal readonly ref struct Network<T>(ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature)
{
    public readonly ReadOnlySpan<T> Weights = weights, Curvature = curvature;
}
