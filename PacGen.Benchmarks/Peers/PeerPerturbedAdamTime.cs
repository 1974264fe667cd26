namespace PacGen.Benchmarks.Peers;

/// <summary>The best times of Algorithm 1's two elementwise halves around a gradient.</summary>
/// <param name="Perturb">Lines 6 to 9: ρ, κ, σ, the noise, w + u.</param>
/// <param name="Update">Lines 11 and 12 with Adam as OPT: the moments, w, ‖Δw‖.</param>
public readonly record struct PeerPerturbedAdamTime(PeerTime Perturb, PeerTime Update)
{
    /// <summary>Both halves together, milliseconds.</summary>
    public double Milliseconds => Perturb.Milliseconds + Update.Milliseconds;
}
