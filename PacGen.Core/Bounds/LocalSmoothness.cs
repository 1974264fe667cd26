namespace PacGen.Core.Bounds;

/// <summary>The local Hessian Lipschitz condition (Definition 4): ρ over the neighbourhood |vᵢ − wᵢ| ≤ κᵢ = γ|wᵢ| + ε.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="Gamma">γ, κ's part that is relative to |w|.</param>
/// <param name="Epsilon">ε, κ's constant part.</param>
public sealed record LocalSmoothness(double Rho, double Gamma, double Epsilon)
{
    /// <summary>ρ, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public double Rho { get; init => field = Require.Rho(value); } = Require.Rho(Rho);

    /// <summary>γ, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public double Gamma { get; init => field = Relative(value); } = Relative(Gamma);

    /// <summary>ε, above 0, so that no neighbourhood is a point.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double Epsilon { get; init => field = Constant(value); } = Constant(Epsilon);

    /// <summary>κ_{γ,ε}(w) = γ|w| + ε.</summary>
    public double Kappa(double weight) => (Gamma * Math.Abs(weight)) + Epsilon;

    /// <summary>ρ√m, the factor of the third-order terms.</summary>
    internal double RhoRootM(long parameters) => Rho * Math.Sqrt(parameters);

    private static double Relative(double gamma) => gamma is >= 0 and < double.PositiveInfinity
        ? gamma
        : throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "γ must be at least 0 and finite.");

    private static double Constant(double epsilon) => epsilon is > 0 and < double.PositiveInfinity
        ? epsilon
        : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "ε must be above 0 and finite: with ε = 0 the neighbourhood of a weight 0 is a point.");
}
