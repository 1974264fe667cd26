namespace PacGen.Core.Bounds;

/// <summary>The local Hessian Lipschitz condition (Definition 4): ρ over the neighbourhood |vᵢ − wᵢ| ≤ κᵢ = γ|wᵢ| + ε.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="Gamma">γ, κ's part that is relative to |w|.</param>
/// <param name="Epsilon">ε, κ's constant part.</param>
public sealed record LocalSmoothness(double Rho, double Gamma, double Epsilon)
{
    /// <summary>ρ, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public double Rho { get; init; } = Rho is >= 0 and < double.PositiveInfinity
        ? Rho
        : throw new ArgumentOutOfRangeException(nameof(Rho), Rho, "ρ, the Hessian's Lipschitz constant, must be at least 0 and finite.");

    /// <summary>γ, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public double Gamma { get; init; } = Gamma is >= 0 and < double.PositiveInfinity
        ? Gamma
        : throw new ArgumentOutOfRangeException(nameof(Gamma), Gamma, "γ must be at least 0 and finite.");

    /// <summary>ε, above 0, so that no neighbourhood is a point.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double Epsilon { get; init; } = Epsilon is > 0 and < double.PositiveInfinity
        ? Epsilon
        : throw new ArgumentOutOfRangeException(nameof(Epsilon), Epsilon, "ε must be above 0 and finite: with ε = 0 the neighbourhood of a weight 0 is a point.");

    /// <summary>κ_{γ,ε}(w) = γ|w| + ε.</summary>
    public double Kappa(double weight) => (Gamma * Math.Abs(weight)) + Epsilon;

    /// <summary>ρ√m, the factor of the third-order terms.</summary>
    internal double RhoRootM(long parameters) => Rho * Math.Sqrt(parameters);
}
