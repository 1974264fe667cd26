namespace PacGen.Core.Bounds;

/// <summary>
/// The least of L̂ + ℳ + 𝒢 over a grid of η, where each ηⱼ has its own ℳ and KL, which cost a pass over the parameters.
/// </summary>
/// <param name="sample">L̂(w), n and δ.</param>
/// <param name="grid">The grid; <see cref="EtaGrid.Geometric"/> of n and δ where null.</param>
internal sealed class GridSearch(BoundSample sample, EtaGrid? grid)
{
    private readonly EtaGrid grid = grid ?? EtaGrid.Geometric(sample.Count, sample.Delta);
    private readonly bool given = grid is not null;
    private int place = -1;
    private (double Eta, double LogInverseDelta, double Sharpness, double Kl) best;
    private double least = double.PositiveInfinity;

    /// <summary>What is assumed of η: nothing for the grid that follows from n and δ.</summary>
    public IReadOnlyList<Assumption> Assumptions => given ? [Assumption.GridBeforeData] : [];

    /// <summary>The next ηⱼ that could be the best one.</summary>
    public bool Next(out double eta)
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
    public void Offer(double sharpness, double kl)
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
