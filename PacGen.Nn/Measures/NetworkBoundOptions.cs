using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>What <see cref="NetworkBounder"/> takes beside the network and the sample.</summary>
public sealed record NetworkBoundOptions
{
    /// <summary>δ, in (0, 1).</summary>
    public double Delta { get; init; } = 0.05;

    /// <summary>γ and ε of the neighbourhood κ = γ|w| + ε (Definition 4).</summary>
    public Neighborhood Neighborhood { get; init; } = new(gamma: 0.1, epsilon: 0.1);

    /// <summary>
    /// ρ of Definition 4, where it is known; without it <see cref="HessianLipschitzSampler"/> samples a lower estimate.
    /// </summary>
    public double? Rho { get; init; }

    /// <summary>τ, the variance of the prior N(0, τI) of the bound that is the value, chosen before the sample was
    /// seen.</summary>
    public double PriorVariance { get; init; } = 1;

    /// <summary>p_min of the cross-entropy −ln(p_min + (1 − p_min)p) / ln(1/p_min), in (0, 1).</summary>
    public double SmallestProbability { get; init; } = 1e-4;

    /// <summary>
    /// Up to so many parameters the Hessian's diagonal is computed exactly, a product each; beyond, estimated by
    /// <see cref="CurvatureDraws"/> products.
    /// </summary>
    public int LargestExact { get; init; } = 2000;

    /// <summary>Hutchinson's draws for the diagonal of a larger network.</summary>
    public int CurvatureDraws { get; init; } = 100;

    /// <summary>The seed of what is sampled.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Checked before hours of products, not behind them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(Delta is > 0 and < 1, nameof(Delta), Delta, "δ must lie in (0, 1).");
        Require(Rho is null or (>= 0 and < double.PositiveInfinity), nameof(Rho), Rho, "ρ must be finite and not negative.");
        Require(SmallestProbability is > 0 and < 1, nameof(SmallestProbability), SmallestProbability,
            "p_min must lie in (0, 1).");
        Require(PriorVariance is >= 1e-30 and <= 1e30, nameof(PriorVariance), PriorVariance,
            "τ, the prior's variance, must lie between 1e-30 and 1e30.");
        Require(CurvatureDraws >= 1, nameof(CurvatureDraws), CurvatureDraws, "There must be at least 1 draw.");
    }

    private static void Require(bool condition, string name, object? value, string message)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name, value, message);
        }
    }
}
